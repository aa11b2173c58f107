"""The ledger's limits: names beyond them are counted together, and what is there is bounded."""

from streams.contract.words import ALL, OTHER
from streams.lifecycle.ledger import Ledger
from streams.lifecycle.rules import QueueRules, Rules


def test_further_tenants_are_one_tenant_with_one_queue() -> None:
    """However many tenants and queues they bring; the tenants that were there keep theirs."""
    ledger = Ledger(Rules({}, max_tenants=2))
    for number in range(500):
        place = ledger.place(f"t{number}", f"q{number}", "voice")
        own = (f"t{number}", f"q{number}") if number < 2 else (OTHER, OTHER)
        assert place == (*own, "voice")
        ledger.select(f"t{number}", "voice").entry(ALL)
    assert len(ledger.entries) == 2 * 2 + 2
    assert ledger.place("t1", "q1", "voice") == ("t1", "q1", "voice")
    assert ledger.over_limit["tenants"] == 2 * 498


def test_further_queues_are_other_by_tenant_and_by_all_tenants_together() -> None:
    """The limit of a tenant is of names, that of all is of names by channel."""
    ledger = Ledger(Rules({}, max_queues=3, max_all_queues=5))
    places = {
        ledger.place(tenant, f"q{number}", channel)
        for tenant in ("a", "b")
        for number in range(50)
        for channel in ("voice", "chat")
    }
    others = {place for place in places if place[1] == OTHER}
    assert len(places - others) == 5
    assert len(others) == 4
    assert set(ledger.over_limit) == {"queues", "all_queues"}
    assert ledger.overflowed.total() == ledger.over_limit.total()


def test_what_is_configured_has_its_place_whatever_the_limits() -> None:
    """A limit is for names that nobody has written down."""
    keys = [(f"t{n}", f"q{n}", channel) for n in range(20) for channel in ("voice", "chat")]
    rules = Rules(dict.fromkeys(keys, QueueRules()), max_queues=1, max_all_queues=1, max_tenants=1)
    ledger = Ledger(rules)
    assert [ledger.place(*key) for key in keys] == keys
    assert ledger.place("t0", "more", "voice") == ("t0", OTHER, "voice")
    assert ledger.place("more", "q0", "voice") == (OTHER, OTHER, "voice")
    assert ledger.place("t0", "q0", "ticket") == ("t0", OTHER, "ticket")

"""Filters of the address: what they mean, and that every mistake is named."""

import pytest

from streams.board.query import BadQueryError, Filter, parse

BILLING = ("acme", "billing", "voice")


def test_nothing_asked_is_everything_in_the_default_window() -> None:
    """Empty values are what a form sends for "all"."""
    assert parse([]) == Filter(None, None, None, "30m")
    assert parse([("tenant", ""), ("queues", ","), ("channel", ""), ("window", "")]) == Filter()


def test_a_filter_holds_for_tenant_queue_and_channel() -> None:
    """All named conditions must hold; `_all` is left out where queues are named."""
    wanted = parse([("tenant", "acme"), ("queues", "billing,sales"), ("window", "5m")])
    assert wanted.matches(BILLING)
    assert wanted.window == "5m"
    assert not wanted.matches(("other", "billing", "voice"))
    assert not wanted.matches(("acme", "_all", "voice"))
    assert parse([("channel", "voice")]).matches(("acme", "_all", "voice"))
    assert not parse([("channel", "chat")]).matches(BILLING)


@pytest.mark.parametrize(
    ("wanted", "meant", "others"),
    [
        ("bill*", ["bill", "billing", "billing-2"], ["Billing", "new-billing"]),
        ("*ing", ["billing", "ing"], ["billing-2"]),
        ("bill*-*-north", ["bill--north", "billing-vip-north"], ["billing-north", "bill-north"]),
        ("sales,bill*", ["sales", "billing"], ["sales-2"]),
        ("a*a", ["aa", "aba"], ["a"]),
        ("*", ["_all", "billing"], []),
        ("b.ll*", ["b.lling"], ["billing"]),
        ("*a" * 60, ["a" * 120], ["a" * 119 + "b", "a" * 59]),
    ],
)
def test_a_star_stands_for_any_signs(wanted: str, meant: list[str], others: list[str]) -> None:
    """`bill*` is every queue that begins so; no pattern takes long, whatever it is made of."""
    found = parse([("queues", wanted)])
    assert [name for name in meant if not found.matches(("t", name, "voice"))] == []
    assert [name for name in others if found.matches(("t", name, "voice"))] == []


@pytest.mark.parametrize("language", ["en", "es", "de", "de-AT", "xx", ""])
def test_any_language_may_be_asked_for(language: str) -> None:
    """The page falls back to English; a link with a language it lacks is no mistake."""
    assert parse([("lang", language)]) == Filter()


@pytest.mark.parametrize(
    ("items", "named"),
    [
        ([("window", "7m")], ["window: '7m' is not one of"]),
        ([("channel", "fax"), ("window", "2h")], ["channel: 'fax'", "window: '2h'"]),
        ([("queue", "billing")], ["'queue': is not a parameter"]),
        ([("tenant", "a"), ("tenant", "b")], ["tenant: is given twice"]),
        ([("tenant", "a\nb")], ["tenant: has control characters"]),
        ([("tenant", "x" * 257)], ["tenant: longer than 256"]),
        ([("queues", ",".join("q" * 201))], ["queues: more than 200 names"]),
        ([("queues", "q" * 257)], ["queues: a name is longer than 256"]),
        ([("theme", "pink")], ["theme: 'pink'"]),
        ([("kiosk", "yes")], ["kiosk: 'yes'"]),
        ([("x" * 500, "")], ["'" + "x" * 40 + "…': is not a parameter"]),
    ],
)
def test_every_mistake_is_named(items: list[tuple[str, str]], named: list[str]) -> None:
    """All mistakes at once, each with its parameter; nothing long or raw is echoed."""
    with pytest.raises(BadQueryError) as caught:
        parse(items)
    assert len(caught.value.mistakes) == len(named)
    for mistake, start in zip(caught.value.mistakes, named, strict=True):
        assert mistake.startswith(start)

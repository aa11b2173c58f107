"""Intake: late events say so, an idle unit shows progress, visits balance at any instant."""

from collections import Counter
from random import Random
from typing import Any

import pytest

from streams.lifecycle import counters as c
from streams.lifecycle.changelog import INPUT, key_of
from streams.lifecycle.rules import Rules, rules_of
from streams.settings import Settings
from streams.windows import batches as batches_module
from streams.windows.cells import CellBatch, decode_batch
from streams.windows.intake import Intake, IntakeTurn
from streams.windows.queues import Queues
from streams.wire.decode import decode
from streams.wire.rejected import Rejected
from streams.wire.routing import topic_of
from tests.examples import examples
from tests.laws.test_live_equals_replay import lately
from tests.laws.test_replay_equals_oracle import configured
from tests.strategies import QUEUE_VARIANTS, encoded

START = 1_700_000_000_000
HOUR = 3_600_000
CALLS = "contact.calls"


def event(kind: str, at: int, **fields: Any) -> Any:
    """A voice contact's event; `at` in ms since START."""
    told = {
        "type": kind,
        "event_id": f"{kind}-{at}",
        "occurred_at": START + at,
        "source": "pbx",
        "channel": "voice",
        "contact_id": "c",
        "queue": "billing",
    } | fields
    return decode(encoded([told])[0])


def unit(partitions: int = 1) -> Intake:
    """A fresh unit with the contract's defaults."""
    made = Intake(Rules({}), 0, partitions)
    made.restored()
    return made


def batches(turned: IntakeTurn | None) -> list[CellBatch]:
    """What a turn sends, by partition of queues."""
    assert turned is not None
    return [decode_batch(data) for _, data in turned.cells]


def heartbeat(at: int) -> Any:
    """A source's sign of life."""
    return event("source.heartbeat", at)


def test_an_event_older_than_the_horizon_is_late() -> None:
    """Rejected by that name, counted, and without effect; the last open millisecond counts."""
    intake = unit()
    intake.accept(event("contact.enqueued", 0), CALLS)
    intake.turn(START + 4 * HOUR + 1_000, wall=0, following=False)
    late = intake.accept(event("contact.enqueued", 999, contact_id="d"), CALLS)
    assert isinstance(late, Rejected)
    assert (late.reason, late.field) == ("late", "occurred_at")
    assert intake.counts["late"] == 1
    assert intake.turn(START + 4 * HOUR + 1_000, wall=1, following=False) is not None
    assert intake.accept(event("contact.enqueued", 1_000, contact_id="e"), CALLS) is None


def test_what_the_process_counts_for_itself_is_in_no_cell() -> None:
    """Not a single one of its numbers, from the first on; its own tally has them."""
    intake = unit()
    intake.accept(event("contact.enqueued", 0), CALLS)
    intake.accept(event("contact.answered", 0, agent_id="anna"), CALLS)
    turned = intake.turn(START, wall=0, following=False)
    (batch,) = batches(turned)
    assert max(counter for update in batch.cells for counter in update.values) < c.LOCAL
    assert turned is not None
    assert turned.tally.booked == []
    turned = intake.turn(START + 15_000, wall=0, following=False)
    assert turned is not None
    booked = dict(turned.tally.booked)
    assert booked["default", "billing", "voice"][c.ANSWERED_WITHIN] == 1


def test_agents_who_fell_silent_are_counted_each_once() -> None:
    """As they are in the whole; panes of contacts, and other queues, add nothing."""
    intake = unit()
    intake.accept(event("contact.enqueued", 0), CALLS)
    for agent in ("anna", "ben"):
        said = {"agent_id": agent, "state": "available", "queues": ["billing", "sales"]}
        told = event("agent.state", 0, channel=None, contact_id=None, ttl_seconds=60, **said)
        assert intake.accept(told, "contact.agents") is None
    for at in (0, 59_000, 61_000, 90_000):
        intake.turn(START + at, wall=at, following=False)
        assert intake.counts["unknown_agents"] == 2 * (at > 60_000)


def test_closed_before_moves_after_the_cells() -> None:
    """An event that was in time is in the cells of a turn that closes its time."""
    intake = unit()
    assert intake.accept(event("contact.enqueued", 0), CALLS) is None
    (batch,) = batches(intake.turn(START + 9 * HOUR, wall=0, following=False))
    assert batch.closed_before == START + 5 * HOUR - 5_000
    offered = [u for u in batch.cells if u.values.get(c.OFFERED)]
    assert {(u.queue, u.pane) for u in offered} == {("billing", START), ("_all", START)}
    orphaned = [u for u in batch.cells if u.values.get(c.ORPHANED)]
    assert {u.pane for u in orphaned} == {START + 4 * HOUR}


def test_what_is_not_late_may_still_change_what_is_grace_older() -> None:
    """An entry just within the horizon makes a lap of a flow-out just beyond it, in its cell."""
    intake = unit()
    cells: dict[tuple[str, int], dict[int, int]] = {}

    def turn(now: int) -> None:
        (batch,) = batches(intake.turn(START + now, wall=0, following=False))
        cells.update({(u.queue, u.pane): u.values for u in batch.cells})

    intake.accept(event("contact.enqueued", 0), CALLS)
    turn(0)
    intake.accept(event("contact.flowed_out", 29_000, reason="key"), CALLS)
    turn(30_000 + 4 * HOUR)
    pane = "billing", START + 20_000
    assert cells[pane][c.FLOWED_OUT] == 1
    assert intake.closed_before == START + 30_000
    assert intake.accept(event("contact.resumed", 30_000), CALLS) is None
    intake.accept(event("contact.answered", 40_000), CALLS)
    turn(30_001 + 4 * HOUR)
    assert (cells[pane][c.FLOWED_OUT], cells[pane][c.THRESHOLD_DECIDED]) == (0, 1)
    answered = cells["billing", START + 40_000]
    assert (answered[c.ANSWERED], answered[c.ANSWERED_WAIT]) == (1, 40_000)


def test_a_counter_is_held_until_grace_is_over() -> None:
    """What a late closer changes within grace was not counted yet, whether restarted or not."""
    log: dict[bytes, bytes] = {}

    def turn(intake: Intake, now: int) -> Counter[int]:
        turned = intake.turn(START + now, wall=0, following=False)
        assert turned is not None
        for key, value in turned.state:
            if value is None:
                log.pop(key, None)
            else:
                log[key] = value
        return Counter(dict(turned.tally.booked).get(("default", "billing", "voice"), {}))

    steady = unit()
    steady.accept(event("contact.enqueued", 0), CALLS)
    steady.accept(event("contact.enqueued", 1_000, queue="support"), CALLS)
    assert turn(steady, 2_000) == {}
    restarted = unit()
    for key, value in log.items():
        restarted.restore(key, value)
    restarted.restored()
    for intake in (steady, restarted):
        intake.accept(event("contact.abandoned", 5_000), CALLS)
        assert turn(intake, 14_999) == {}
        booked = turn(intake, 15_000)
        assert (booked[c.OFFERED], booked[c.ABANDONED], booked[c.FLOWED_OUT]) == (1, 1, 0)


def test_an_idle_unit_repeats_its_progress_every_five_seconds() -> None:
    """To every partition of queues, so that an idle source is told from a dead one."""
    intake = unit(partitions=3)
    assert len(batches(intake.turn(START, wall=100_000, following=True))) == 3
    assert intake.turn(START + 4_999, wall=104_999, following=True) is None
    sent = batches(intake.turn(START + 5_000, wall=105_000, following=True))
    assert [(b.now, b.following, b.cells, b.oldest_updates) for b in sent] == [
        (START + 5_000, True, [], [])
    ] * 3


def test_time_never_runs_back() -> None:
    """An input that falls behind again does not take anything back."""
    intake = unit()
    intake.turn(START + 5_000, wall=0, following=False)
    intake.turn(START, wall=10_000, following=False)
    assert (intake.now, intake.closed_before) == (START + 5_000, START + 5_000 - 4 * HOUR)


def test_a_heartbeat_moves_its_sources_watermark_only() -> None:
    """Nothing else is known of it; the batch carries the least watermark."""
    intake = unit()
    intake.accept(event("contact.enqueued", 9_000), CALLS)
    intake.accept(event("source.heartbeat", 5_000, source="crm"), CALLS)
    (batch,) = batches(intake.turn(START, wall=0, following=False))
    assert batch.watermark == START + 5_000
    assert intake.last_seen() == {"pbx": START + 9_000, "crm": START + 5_000}
    intake.accept(event("source.heartbeat", 6_000, source="crm"), CALLS)
    turned = intake.turn(START, wall=1, following=False)
    assert turned is not None
    assert key_of(INPUT, CALLS).encode() in dict(turned.state)


def test_a_source_was_heard_of_last_at_its_latest_time_in_any_input() -> None:
    """Whichever input is looked at first."""
    intake = unit()
    for at, topic in ((9_000, CALLS), (5_000, "contact.agents"), (7_000, "contact.chats")):
        intake.accept(event("contact.enqueued", at), topic)
    assert intake.last_seen() == {"pbx": START + 9_000}


def test_the_oldest_waiting_is_told_when_it_changes() -> None:
    """With its queue's cells, and None when nobody waits any more."""
    intake = unit()
    intake.accept(event("contact.enqueued", 0), CALLS)
    (batch,) = batches(intake.turn(START, wall=0, following=False))

    def oldest(batch: CellBatch) -> dict[tuple[str, str, str, int], int | None]:
        return {(s.tenant, s.queue, s.channel, s.level): s.oldest for s in batch.oldest_updates}

    told = oldest(batch)
    places = [("default", queue, "voice", c.WAITING) for queue in ("billing", "_all")]
    assert told == dict.fromkeys(places, START)
    intake.accept(event("contact.abandoned", 2_000), CALLS)
    (batch,) = batches(intake.turn(START + 2_000, wall=0, following=False))
    assert oldest(batch) == dict.fromkeys(told)


def test_a_turn_of_many_cells_is_cut_and_its_time_comes_last(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A reader of the parts, one at a time, takes no time for passed before its cells are there."""
    intake, queues = unit(), Queues({})
    for batch in batches(intake.turn(START, wall=9_000, following=True)):
        queues.accept(batch)
    queues.advance(None)
    whole = batches_module.BATCH_BYTES
    monkeypatch.setattr(batches_module, "BATCH_BYTES", 5_000)
    for number in range(60):
        fields = {"contact_id": f"c{number}", "queue": f"q{number}"}
        intake.accept(event("contact.enqueued", 1_000, **fields), CALLS)
    turned = intake.turn(START + 20_000, wall=0, following=True)
    assert turned is not None
    assert len(turned.cells) > 2
    assert max(len(data) for _, data in turned.cells) <= 5_000 < whole
    *parts, last = batches(turned)
    for part in parts:
        queues.accept(part)
        queues.advance(None)
        assert (queues.as_of, part.following) == (START, False)
    queues.accept(last)
    queues.advance(None)
    assert queues.as_of == START + 20_000
    assert {f"q{number}" for number in range(60)} <= {queue for _, queue, _ in queues.queues}


@pytest.mark.parametrize("seed", range(examples(12)))
def test_visits_balance_after_every_turn(seed: int) -> None:
    """Who was offered is answered, gone, orphaned and not told of later, or waits."""
    chance = Random(seed)
    history = lately(seed, 25)
    chance.shuffle(history)
    settings: Settings = configured(QUEUE_VARIANTS[seed % len(QUEUE_VARIANTS)])
    intake = Intake(rules_of(settings), 0, 1)
    cells: dict[tuple[str, str, str, int], dict[int, int]] = {}
    now = min(told["occurred_at"] for told in history)
    for raw in encoded(history):
        decoded: Any = decode(raw)
        intake.accept(decoded, topic_of(decoded) or CALLS)
        if chance.random() < 0.4:
            now += chance.choice((0, 1_000, 60_000, 3_600_000))
            turned = intake.turn(now, wall=0, following=False)
            for batch in batches(turned) if turned else ():
                for update in batch.cells:
                    queue_key = (update.tenant, update.queue, update.channel, update.pane)
                    cells[queue_key] = update.values
            assert not unbalanced(cells)
    assert cells


def unbalanced(cells: dict[tuple[str, str, str, int], dict[int, int]]) -> dict[Any, int]:
    """By (tenant, queue, channel): visits too many or too few."""
    rest: dict[Any, int] = {}
    for (*queue_key, _), values in cells.items():
        closed = (c.ANSWERED, c.ABANDONED, c.FLOWED_OUT, c.ORPHANED, c.WAITING)
        known = values.get(c.OFFERED, 0) + values.get(c.ORPHANS_RECOVERED, 0)
        change = known - sum(values.get(n, 0) for n in closed)
        rest[tuple(queue_key)] = rest.get(tuple(queue_key), 0) + change
    return {queue_key: n for queue_key, n in rest.items() if n}

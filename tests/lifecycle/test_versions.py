"""State of other rules is folded on as it stands: nothing that was booked is booked again."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from streams.lifecycle import counters as c
from streams.lifecycle.rules import QueueRules, Rules
from streams.lifecycle.versions import is_among, mark_of
from streams.windows.cells import decode_batch
from streams.windows.intake import Intake, IntakeTurn
from streams.wire.decode import decode
from streams.wire.routing import topic_of
from tests.lifecycle.lives import fact
from tests.strategies import encoded

STATE = Path(__file__).parents[1] / "data" / "state" / "rules_0.json"
START = 1_700_000_000_000
HOUR = 3_600_000
BILLING = ("default", "billing", "voice")


class Unit:
    """An intake unit, its changelog, and the newest cells of `billing`."""

    def __init__(self, log: dict[bytes, bytes], grace_ms: int = 5_000) -> None:
        self.log = dict(log)
        self.cells: dict[tuple[str, int], dict[int, int]] = {}
        rules = QueueRules(wrapup=True, max_wait_ms=4 * HOUR)
        self.intake = Intake(Rules({BILLING: rules}, grace_ms=grace_ms), 0, 1)
        for key, value in log.items():
            self.intake.restore(key, value)
        self.intake.restored()
        for (_, queue, channel), panes in self.intake.cells.by_queue.items():
            if queue == "billing":
                self.cells |= {(channel, pane): dict(values) for pane, values in panes.items()}

    def tell(self, events: list[dict[str, Any]], now: int) -> IntakeTurn | None:
        """Take events and let time come to `now` (ms since START)."""
        for raw in encoded(events):
            event: Any = decode(raw)
            assert self.intake.accept(event, topic_of(event) or "") is None
        turned = self.intake.turn(START + now, wall=0, following=False)
        if turned is None:
            return None
        for key, value in turned.state:
            if value is None:
                self.log.pop(key, None)
            else:
                self.log[key] = value
        for _, data in turned.cells:
            for update in decode_batch(data).cells:
                if update.queue == "billing":
                    self.cells[update.channel, update.pane] = update.values
        return turned

    def total(self, counter: int, channel: str = "voice") -> int:
        """The sum over all panes; a level's height."""
        return sum(
            values.get(counter, 0) for (of, _), values in self.cells.items() if of == channel
        )


def stored() -> tuple[list[dict[str, Any]], dict[bytes, bytes]]:
    """What the unit of older rules had been told, and its changelog."""
    read = json.loads(STATE.read_text(encoding="utf-8"))
    log = {base64.b85decode(k): base64.b85decode(v) for k, v in read["changelog"].items()}
    return read["events"], log


def event(contact: str, kind: str, at: int, number: int, **fields: Any) -> dict[str, Any]:
    """A call's event; `at` in seconds since START."""
    return {
        "type": kind,
        "event_id": f"{contact}-{number}",
        "occurred_at": START + at * 1_000,
        "source": "pbx",
        "channel": "voice",
        "contact_id": contact,
        "queue": "billing",
    } | fields


def test_state_of_older_rules_goes_on_as_it_stands() -> None:
    """What it was told is known, and what follows is counted once, by the rules of today."""
    told, log = stored()
    unit = Unit(log)
    before = {key: dict(values) for key, values in unit.cells.items()}
    unit.tell(told, 60_000)
    assert unit.cells == before
    unit.tell(
        [
            event("waits", "contact.answered", 70, 1, agent_id="ben"),
            event("waits", "contact.ended", 80, 2),
            event("talks", "contact.ended", 90, 3),
            event("ended", "wrapup.ended", 50, 3, agent_id="ben"),
            event("long", "contact.answered", 95, 81, agent_id="anna"),
            event("long", "contact.ended", 100, 82),
        ],
        100_000,
    )
    unit.tell([], HOUR)
    assert (unit.total(c.OFFERED), unit.total(c.ANSWERED), unit.total(c.HANDLED)) == (4, 4, 4)
    assert (unit.total(c.WAITING), unit.total(c.HANDLING)) == (0, 0)
    assert unit.total(c.WRAPUPS_UNREPORTED) == 3
    assert (unit.total(c.WRAPUP), unit.total(c.WRAPUPS_REPORTED)) == (8_000, 1)
    # What was answered by the older rules has no count of measured answers; what came since has.
    assert unit.total(c.ANSWERED_MEASURED) == 2


def test_a_late_event_of_the_time_before_takes_effect_at_its_end() -> None:
    """It takes nothing back that other rules have booked, and no level falls below zero."""
    _, log = stored()
    unit = Unit(log)
    before = {key: dict(values) for key, values in unit.cells.items()}
    unit.tell([event("talks", "contact.ended", 15, 9)], 61_000)
    ends = START + 20_000  # the last that had been told of the call
    changed = {place for place, values in unit.cells.items() if before.get(place) != values}
    assert changed == {("voice", ends)}
    assert unit.total(c.HANDLING) == 0


@pytest.mark.parametrize("grace_ms", [0, 1_000, 30_000])
def test_another_grace_changes_nothing_that_is_booked(grace_ms: int) -> None:
    """A lap of 4 s stays what it was read as, late events or not; later the new grace holds."""
    first = Unit({})
    first.tell(
        [
            event("a", "contact.enqueued", 0, 0),
            event("a", "contact.flowed_out", 30, 1, reason="key"),
            event("a", "contact.resumed", 34, 2),
        ],
        40_000,
    )
    assert (first.total(c.OFFERED), first.total(c.FLOWED_OUT)) == (1, 0)
    second = Unit(first.log, grace_ms)
    late = event("a", "contact.offered", 20, 9, agent_id="anna")
    second.tell([late, event("a", "contact.answered", 50, 3, agent_id="anna")], 60_000)
    assert (second.total(c.OFFERED), second.total(c.ANSWERED_WAIT)) == (1, 50_000)
    assert (second.total(c.THRESHOLD_DECIDED), second.total(c.OVER_THRESHOLD)) == (1, 0)
    third = Unit(second.log, grace_ms)
    third.tell([event("a", "contact.enqueued", 0, 0), event("a", "contact.ended", 70, 4)], 80_000)
    assert (third.total(c.OFFERED), third.total(c.HANDLING), third.total(c.TALK)) == (1, 0, 0)


def test_a_deadline_that_waits_before_a_fact_is_not_lost() -> None:
    """The threshold lies before an answer from ahead of the unit's now, and other rules begin."""
    first = Unit({})
    answer = event("a", "contact.answered", 50, 1, agent_id="anna")
    first.tell([event("a", "contact.enqueued", 0, 0), answer], 10_000)
    second = Unit(first.log, 1_000)
    second.tell([event("a", "contact.ended", 60, 2)], 70_000)
    assert (second.total(c.THRESHOLD_DECIDED), second.total(c.OVER_THRESHOLD)) == (1, 0)


def test_what_is_in_the_base_is_not_folded_by_other_rules() -> None:
    """A wrap-up given up by other rules, and told after them, takes nothing back."""
    first = Unit({}, 0)
    call = [event("a", "contact.enqueued", 0, 0), event("a", "contact.answered", 1, 1)]
    first.tell([*call, event("a", "contact.ended", 10, 2)], 20_000)
    first.tell([], 4 * HOUR + 30_000)  # the cap has passed; the facts are in the base
    assert first.total(c.WRAPUPS_UNREPORTED) == 1
    second = Unit(first.log, 1_000)
    second.tell([event("a", "wrapup.ended", 4 * 3_600 + 20, 3)], 4 * HOUR + 40_000)
    assert second.total(c.WRAPUPS_UNREPORTED) == second.total(c.WRAPUPS_REPORTED) == 1
    assert (second.total(c.HANDLED), second.total(c.WRAPUP)) == (1, 900_000)


def test_nothing_of_older_rules_is_left_after_the_horizon() -> None:
    """Marks of what was told go when its time is closed, and the contact when it is forgotten."""
    _, log = stored()
    unit = Unit(log)
    unit.tell([event("ended", "wrapup.ended", 50, 3, agent_id="ben")], 61_000)
    assert any(entity.marks for _, entity in unit.intake.store.entities())
    for hour in range(1, 100):
        unit.tell([], hour * HOUR)
    assert not any(entity.marks for _, entity in unit.intake.store.entities())
    assert not [key for key in unit.log if key.startswith((b"c", b"k"))]


def test_an_identity_is_found_only_where_one_begins() -> None:
    """Marks are eight bytes each, one behind the other: bytes of two neighbours are none."""
    one = fact("enqueued", 0)
    mark, half = mark_of(one), b"half"
    assert is_among(mark, one)
    assert not is_among(half + mark + half, one)
    assert is_among(half + mark + half + mark, one)

"""One life at a time: events as (type, ms since START, fields), and what they contribute, dated.

Panes are one millisecond wide here, so every contribution shows the exact time it counts at.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import orjson

from streams.lifecycle.entity import fold
from streams.lifecycle.event_facts import FACTS, callback_fact
from streams.lifecycle.facts import in_order
from streams.lifecycle.ledger import Ledger
from streams.lifecycle.lifecycles import AGENT, CALLBACK, CONTACT, TICKET
from streams.lifecycle.rules import QueueRules, Rules
from streams.wire.decode import decode
from streams.wire.rejected import Rejected

START = 1_700_000_000_000
SECOND, MINUTE, HOUR, DAY = 1_000, 60_000, 3_600_000, 86_400_000
#: Later than any deadline there is.
FAR = 400 * DAY

Told = tuple[str, int] | tuple[str, int, dict[str, Any]]


@dataclass(frozen=True)
class Life:
    """What a fold led to."""

    state: Any
    ledger: Ledger
    channel: str

    def dated(self, counter: int, queue: str = "billing", channel: str = "") -> dict[int, int]:
        """{ms since START: amount} of one counter; a level's changes for a level."""
        entry = self.ledger.entries.get(("default", queue, channel or self.channel))
        panes = entry.panes.items() if entry else ()
        return {at - START: n for at, cell in sorted(panes) if (n := cell.get(counter, 0))}

    def total(self, counter: int, queue: str = "billing") -> int:
        """The sum over all time."""
        return sum(self.dated(counter, queue).values())

    @property
    def anomalies(self) -> dict[str, int]:
        """What was counted as unexpected."""
        return {kind: n for kind, n in self.ledger.anomalies.items() if n}

    @property
    def contributions(self) -> dict[tuple[str, int, int], int]:
        """Everything: (queue, ms since START, counter) to amount."""
        return {
            (entry.queue, at - START, counter): n
            for entry in self.ledger.entries.values()
            for at, cell in entry.panes.items()
            for counter, n in cell.items()
            if n
        }


def fact(
    kind: str,
    /,
    at: int,
    number: int = 0,
    channel: str = "voice",
    of_request: bool = False,
    **fields: Any,
) -> Any:
    """The fact of an event as it comes from the wire; `kind` without a dot is a contact's.

    `of_request`: the one for a request to be called back.
    """
    if "." not in kind:
        kind = f"ticket.{kind}" if channel == "ticket" else f"contact.{kind}"
    event = {
        "type": kind,
        "event_id": f"e{number}",
        "occurred_at": START + at,
        "source": "acd",
        "channel": channel,
        "contact_id": "c",
        "queue": "billing",
    } | fields
    decoded = decode(orjson.dumps(event))
    assert not isinstance(decoded, Rejected), decoded
    make = callback_fact if of_request else FACTS[type(decoded)]
    return make(decoded)


def facts(events: Iterable[Told], channel: str = "voice", **common: Any) -> list[Any]:
    """Facts in the order of the list, ids by place."""
    made = []
    for number, (kind, at, *more) in enumerate(events):
        fields = {"channel": channel} | common | (more[0] if more else {})
        made.append(fact(kind, at, number, **fields))
    return made


def ledger(rules: QueueRules | None, channel: str, width: int = 1) -> Ledger:
    """A ledger whose queue `billing` goes by `rules`; others by the defaults."""
    queues = {} if rules is None else {("default", "billing", channel): rules}
    return Ledger(Rules(queues), width)


def _life(life: Any, told: list[Any], now: int | None, rules: Any, channel: str) -> Life:
    ordered, _, _ = in_order(told)
    limit = ordered[-1].at if now is None else START + now
    book = ledger(rules, channel)
    state = fold(life, ordered, limit, book.select("default", channel))
    return Life(state, book, channel)


def contact(
    *events: Told, now: int | None = None, rules: QueueRules | None = None, channel: str = "voice"
) -> Life:
    """A contact's life; `now` (ms since START) is the last event's time unless given."""
    return _life(CONTACT, facts(events, channel), now, rules, channel)


def ticket(*events: Told, now: int | None = None, rules: QueueRules | None = None) -> Life:
    """A ticket's life; `now` and `rules` as a contact's."""
    return _life(TICKET, facts(events, "ticket"), now, rules, "ticket")


def callback(*events: Told, now: int | None = None, days: int = 7) -> Life:
    """The life of a request to be called back; `now` as a contact's, `days` it is remembered."""
    told = facts(events, "voice", of_request=True)
    ordered, _, _ = in_order(told)
    limit = ordered[-1].at if now is None else START + now
    book = Ledger(Rules({}, callback_memory_days=days), 1)
    state = fold(CALLBACK, ordered, limit, book.select("default", ""))
    return Life(state, book, "voice")


def agent(
    *snapshots: tuple[int, dict[str, Any]], now: int | None = None, rules: QueueRules | None = None
) -> Life:
    """An agent's life, told as (ms, fields of agent.state); `rules` of billing's calls."""
    told = [
        fact("agent.state", at, number, **({"agent_id": "anna", "queues": ["billing"]} | fields))
        for number, (at, fields) in enumerate(snapshots)
    ]
    return _life(AGENT, told, now, rules, "voice")

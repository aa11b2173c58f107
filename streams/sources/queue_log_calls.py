"""Lines of a queue log about calls, to the events of their stays in queues, in the ideal order.

In: lines by rank. Out: events as the contract writes them, and to `busy` who is on a call, from
when to when. What a line says of a stay that no line began is dated back by the seconds it tells.
Invariants: of one contact no two stays are open at once, and its events are ordered by (time, seq);
an event's id is made of call, time and what happened, so files read together or apart tell the same
events.
What is remembered: `queue_log_stays.py`.
"""

from bisect import bisect_left
from collections.abc import Callable
from typing import Any, Final

from streams.sources.complaints import Complaints
from streams.sources.customers import customer_hash
from streams.sources.json_records import Record
from streams.sources.queue_log_events import BLOCKED, ENDED, LEFT, RANG
from streams.sources.queue_log_lines import Line, QueueLogs, short
from streams.sources.queue_log_stays import Stay, Stays, near

#: Asterisk that goes down in order writes ends for all, so long before its next start.
_GOING_DOWN_SECONDS: Final = 2
_AT_ONCE_SECONDS: Final = 1
#: Events dated back come after those that lines of that second tell.
_DATED_BACK: Final = 1 << 24

Busy = Callable[[int, str, str, int], None]
"""Called with second, agent, queue, and +1 where the agent gets a call, -1 where it is over."""


class Calls:
    """`events` for each line, in the order of their ranks."""

    def __init__(
        self,
        logs: QueueLogs,
        common: Record,
        customer_key: bytes | None,
        said: Complaints,
        busy: Busy,
        starts: list[int],
        longest_rings: dict[str, int],
    ) -> None:
        self._logs, self._common, self._key, self._said = logs, common, customer_key, said
        self._busy, self._starts, self._longest_rings = busy, starts, longest_rings
        self._stays = Stays()
        self._second, self._seq = -1, 0
        self._ids: dict[str, int] = {}
        self._made: list[Record] = []
        self._rank, self._line = 0, Line(0, "", "", "", "", ())

    def events(self, rank: int, line: Line) -> list[Record] | str:
        """The events of one line, or why it has none."""
        if line.second != self._second:
            self._second, self._seq = line.second, 0
            self._ids.clear()
        self._rank, self._line, self._made = rank, line, []
        event = line.event
        if event == "QUEUESTART":
            self._started()
            return self._made
        if not line.call or not line.queue:
            return f"{event} without a call or a queue"
        if event not in ("ENTERQUEUE", *LEFT, *BLOCKED) and not line.agent:
            return f"{event} without an agent"
        match event:
            case "ENTERQUEUE":
                why = self._entered()
            case "CONNECT":
                why = self._connected()
            case _ if event in LEFT:
                why = self._left(*LEFT[event])
            case _ if event in ENDED:
                why = self._ended(*ENDED[event])
            case _ if event in BLOCKED:
                why = self._tell("contact.blocked", line.call, reason=BLOCKED[event])
            case _:
                why = self._rang()
        return why or self._made

    # -- what a line says --------------------------------------------------------------------------

    def _entered(self) -> str:
        line = self._line
        stay = self._stays.open.get(line.call)
        if stay is not None:
            self._make_way(stay)
        self._enter(line.second)
        return ""

    def _connected(self) -> str:
        line = self._line
        stay = self._stay()
        if stay is None:
            held = line.seconds(0)
            began = None if held is None else line.second - held
            stay = self._under_another_id(began) or self._enter(began)
        elif stay.agent == line.agent:
            return "an answer said twice"
        self._answer(stay, line.second)
        return ""

    def _left(self, reason: str, place: int) -> str:
        line, stay = self._line, self._stay()
        wait = line.seconds(place)
        began = None if wait is None else line.second - wait
        waits = stay is not None and stay.answered < 0
        if not waits or (began is not None and not near(stay.entered, began)):  # type: ignore[union-attr]
            if self._stays.is_over(line.call, line.queue, "", began):
                return "an end said twice, or after the next entry"
            if stay is not None and not waits:
                return f"{line.event} of a call that an agent has"
        if stay is None:
            stay = self._enter(began)
        if line.event == "ABANDON":
            if self._goes_down():
                reason = "error"
            elif any(
                later.event == "ENTERQUEUE"
                for later in self._logs.later(self._rank, _AT_ONCE_SECONDS)
            ):
                reason = "transfer"  # moved by somebody: he is in the next queue at once
        self._leave(stay, reason)
        return ""

    def _ended(self, transferred: bool, place: int) -> str:
        line, stay = self._line, self._stay()
        held, talk = line.seconds(place), line.seconds(place + 1)
        answered = None if talk is None else line.second - talk
        if stay is None or stay.agent != line.agent:
            if self._stays.is_over(line.call, line.queue, line.agent, answered):
                return "an end said twice, or after the next entry"
            asked = self._handed_over() if line.event == "ATTENDEDTRANSFER" else None
            if asked is not None:
                stay = asked
            elif stay is not None and stay.answered >= 0:
                return f"{line.event} of a call that another agent has"
            else:
                if stay is None:
                    known = answered is not None and held is not None
                    stay = self._enter(answered - held if known else None)  # type: ignore[operator]
                if answered is not None:
                    self._answer(stay, max(answered, stay.entered))
        self._finish(stay, transferred or self._handed_on())
        return ""

    def _rang(self) -> str:
        line, stay = self._line, self._stay()
        outcome = RANG[line.event]
        if line.event == "RINGNOANSWER" and self._refused():
            outcome = "rejected"
        elif line.event == "RINGCANCELED" and self._goes_down():
            outcome = "rescinded"
        contact = line.call if stay is None else stay.contact
        return self._tell("offer.failed", contact, agent_id=line.agent, outcome=outcome)

    def _started(self) -> None:
        for stay in list(self._stays.open.values()):
            if stay.answered >= 0:
                self._finish(stay, transferred=False)
            else:
                self._leave(stay, "error")

    # -- what that means ---------------------------------------------------------------------------

    def _stay(self) -> Stay | None:
        """The open one that the line is about."""
        return self._stays.of(self._line.call, self._line.queue)

    def _handed_over(self) -> Stay | None:
        """The agent's own conversation, of a line that has the id of the call he made to ask."""
        line = self._line
        stay, asking = self._stays.talking(line.agent, line.queue), self._stays.open.get(line.call)
        if stay is not None and asking is not None:
            self._stays.asked_for(asking, stay.call)
        return stay

    def _under_another_id(self, began: int | None) -> Stay | None:
        """The stay of an agent who asked for this caller: the only one that began to wait then."""
        line = self._line
        asking = self._stays.only_one_since(line.queue, began)
        if asking is not None:
            if line.call in self._stays.open:
                self._make_way(self._stays.open[line.call])
            self._said.note("answered under another call's id: its agent had asked in that queue")
            self._stays.asked_for(asking, line.call)
        return asking

    def _enter(self, began: int | None) -> Stay:
        """A stay is open; where nobody says since when, no entry is told."""
        line = self._line
        if line.call in self._stays.open:
            self._make_way(self._stays.open[line.call])
        at = line.second if began is None else began
        contact, parent = line.call, None
        if at < line.second and at <= self._stays.last_end.get(line.call, -1):
            # Dated back into its own past: a contact of its own, for one has one stay at a time.
            contact, parent = self._new_name(f"{line.call}:{line.second}"), line.call
        stay = Stay(line.call, contact, line.queue, at)
        self._stays.add(stay)
        if began is not None:
            customer = self._customer() if line.event == "ENTERQUEUE" else None
            self._tell(
                "contact.enqueued", contact, at, customer_ref=customer, parent_contact_id=parent
            )
        return stay

    def _answer(self, stay: Stay, at: int) -> None:
        agent = self._line.agent
        if stay.answered >= 0:  # the conversation goes on with another agent
            self._busy(at, stay.agent, stay.queue, -1)
        self._tell("contact.answered", stay.contact, at, stay.queue, agent_id=agent)
        self._stays.answer(stay, agent, at)
        self._busy(at, agent, stay.queue, 1)

    def _make_way(self, stay: Stay) -> None:
        """The call enters another queue, or the same again: what it leaves ends first."""
        if stay.answered >= 0:
            self._finish(stay, transferred=True)
            return
        for later in self._logs.later(self._rank, _AT_ONCE_SECONDS):
            if later.event in LEFT and later.queue == stay.queue:
                reason, place = LEFT[later.event]
                wait = later.seconds(place)
                if wait is None or near(later.second - wait, stay.entered):
                    self._leave(stay, reason or "transfer")
                    return
        self._said.note("entered a queue before its stay in another was said to end")
        self._leave(stay, "other")

    def _leave(self, stay: Stay, reason: str) -> None:
        if reason:
            self._tell("contact.flowed_out", stay.contact, queue=stay.queue, reason=reason)
        else:
            self._tell("contact.abandoned", stay.contact, queue=stay.queue)
        self._close(stay)

    def _finish(self, stay: Stay, transferred: bool) -> None:
        kind = "contact.transferred" if transferred else "contact.ended"
        agent = stay.agent or self._line.agent or None
        self._tell(kind, stay.contact, queue=stay.queue, agent_id=agent)
        if stay.answered >= 0:
            self._busy(self._line.second, stay.agent, stay.queue, -1)
        self._close(stay)

    def _close(self, stay: Stay) -> None:
        self._stays.close(stay, self._line.second, self._line.call)

    # -- what lines around it say ------------------------------------------------------------------

    def _goes_down(self) -> bool:
        """Whether Asterisk starts next: it was Asterisk that ended this."""
        place = bisect_left(self._starts, self._line.second)
        return place < len(self._starts) and (
            self._starts[place] <= self._line.second + _GOING_DOWN_SECONDS
        )

    def _handed_on(self) -> bool:
        line = self._line
        return any(
            later.event in ENDED
            and ENDED[later.event][0]
            and (later.queue, later.agent) == (line.queue, line.agent)
            for later in self._logs.later(self._rank, _AT_ONCE_SECONDS)
        )

    def _refused(self) -> bool:
        """Whether the phone stopped ringing before its queue's time was up."""
        rang = self._line.number(0)
        if rang is None or rang >= self._longest_rings.get(self._line.queue, 0) > 0:
            return False
        return not any(
            later.event == "EXITWITHTIMEOUT" and later.second == self._line.second
            for later in self._logs.later(self._rank, 0)
        )

    # -- the events --------------------------------------------------------------------------------

    def _customer(self) -> str | None:
        line = self._line
        number = line.data[1] if len(line.data) > 1 else ""
        return customer_hash(number, self._key, self._said) if number else None

    def _tell(
        self, kind: str, contact: str, at: int | None = None, queue: str = "", **more: Any
    ) -> str:
        line = self._line
        at = line.second if at is None else at
        verb = kind.split(".")[1]
        event: Record = self._common | {
            "type": kind,
            "event_id": self._new_name(f"{contact}:{at}:{verb}"),
            "occurred_at": at * 1000,
            "seq": self._seq + (_DATED_BACK if at < line.second else 0),
            "channel": "voice",
            "contact_id": contact,
            "queue": queue or line.queue,
        }
        event |= {field: value for field, value in more.items() if value is not None}
        self._seq += 1
        self._made.append(event)
        return ""

    def _new_name(self, name: str) -> str:
        """An id made of the name, that no other event or contact of this second has."""
        times = self._ids[name] = self._ids.get(name, 0) + 1
        return short(name if times == 1 else f"{name}:{times}")

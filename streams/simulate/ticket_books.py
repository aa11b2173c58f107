"""What really happened to the tickets of one simulated queue, beyond counts of events.

In: calls from the desk at the instant something happens. Out: figures of complaints alone, cohorts
of openings and resolutions, ages of open tickets, promises, in the words of the records. Invariant:
as in `truth.py`: nothing here looks at an event or at the engine. Tickets stay in their queue here,
whose days are UTC's.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Mapping
from typing import Any

from streams.simulate.promise_books import Broken, PromiseBooks

DAY_MS = 86_400_000
#: In so long a ticket is to be resolved.
DECIDED_MS = 7 * DAY_MS
#: Count or sum of the queue's books: its name among complaints.
COUNTS = {
    "tickets_opened": "opened",
    "tickets_resolved": "resolved",
    "tickets_resolved_again": "resolved_again",
    "tickets_reopened": "reopened",
    "tickets_assigned": "assigned",
    "tickets_worked": "worked",
    "first_responses": "first_responses",
    "next_responses": "next_responses",
    "resolution_net_count": "resolution_net_count",
    "resolved_without_reply": "resolved_without_reply",
}
SUMS = (
    *("first_response", "next_response", "resolution", "resolution_cycle", "resolution_net"),
    *("assign", "work"),
)
COHORTS = (
    *("resolved_same_day", "left_same_day", "resolution_decided", "resolved_within"),
    *("reopen_decided", "reopened_within"),
)
HOUR_MS = 3_600_000
AGES = {
    "1h": HOUR_MS,
    "8h": 8 * HOUR_MS,
    "24h": DAY_MS,
    "3d": 3 * DAY_MS,
    "7d": 7 * DAY_MS,
    "30d": 30 * DAY_MS,
}


class TicketBooks:
    """Tickets by their reference: when they were opened, and what is not decided yet. ms.

    `repeat_days`: within how many days a resolution can be taken back.
    """

    __slots__ = (
        *("_back_ms", "_cohorts", "_complaints", "_kinds", "_open", "_resolved_at", "_unresolved"),
        "promises",
    )

    def __init__(
        self, sla: Mapping[str, Mapping[str, int]], repeat_days: int, broken: Broken
    ) -> None:
        self._back_ms = repeat_days * DAY_MS
        self._complaints: Counter[str] = Counter()
        self._kinds: dict[str, bool] = {}
        """Whether a ticket is a complaint, by what is known by now."""
        self._open: dict[str, int] = {}
        self._unresolved: dict[str, int] = {}
        self._resolved_at: dict[str, int] = {}
        """Resolutions that may still be taken back."""
        self._cohorts: dict[bool, Counter[str]] = {False: Counter(), True: Counter()}
        self.promises = PromiseBooks(sla, self._kinds, broken)

    def kind(self, ref: str, complaint: bool, at_ms: int) -> None:
        """The ticket is a complaint from now on, or is not."""
        self.promises.look(ref, at_ms)
        self._kinds[ref] = complaint

    def note(self, ref: str, name: str, amount: int) -> None:
        """A count or sum (ms) of the queue's books, once more where it is of a complaint."""
        if self._kinds[ref]:
            self._complaints[name] += amount

    def opened(self, ref: str, at_ms: int) -> None:
        """A ticket is open, and to be resolved."""
        self._open[ref] = self._unresolved[ref] = at_ms

    def resolved(self, ref: str, at_ms: int) -> None:
        """A person resolves it, for the first time or again."""
        del self._open[ref]
        self._resolved_at[ref] = at_ms
        opened_ms = self._unresolved.pop(ref, None)
        if opened_ms is not None:
            self._decide(ref, "resolution_decided")
            self._decide(ref, "resolved_same_day", opened_ms // DAY_MS == at_ms // DAY_MS)
            self._decide(ref, "resolved_within", at_ms - opened_ms <= DECIDED_MS)

    def reopened(self, ref: str, opened_ms: int, at_ms: int) -> None:
        """It is open again."""
        self._open[ref] = opened_ms
        self._decide(ref, "reopen_decided")
        self._decide(ref, "reopened_within", at_ms - self._resolved_at.pop(ref) <= self._back_ms)

    def _decide(self, ref: str, name: str, counts: bool = True) -> None:
        self._cohorts[self._kinds[ref]][name] += counts

    def as_json(self, at_ms: int) -> dict[str, Any]:
        """The part `ticket` of a record, as far as it is known here.

        What is not decided by an event is, once its days lie before `at_ms`.
        """
        ours = {complaint: Counter(told) for complaint, told in self._cohorts.items()}
        for name, lasts_ms, waiting in (
            ("resolution_decided", DECIDED_MS, self._unresolved),
            ("reopen_decided", self._back_ms, self._resolved_at),
        ):
            for ref, since in waiting.items():
                ours[self._kinds[ref]][name] += since + lasts_ms < at_ms
        complaints: dict[str, Any] = {
            theirs: self._complaints[name] for name, theirs in COUNTS.items()
        }
        complaints |= {f"{name}_seconds": self._complaints[name] / 1000 for name in SUMS}
        complaints["cohorts"] = {name: ours[True][name] for name in COHORTS}
        # No bot has tickets here, and none is merged or deleted.
        complaints |= {"bot_resolved": 0, "left": 0}
        promises, complaints["sla"] = self.promises.as_json(at_ms)
        return {
            "sla": promises,
            "sla_never_due": 0,
            "cohorts": {name: ours[True][name] + ours[False][name] for name in COHORTS},
            "complaints": complaints,
        }

    def live(self, at_ms: int) -> dict[str, Any]:
        """Open tickets by age, how many of them are complaints, and what is promised of them."""
        ages = dict.fromkeys((*AGES, "over"), 0)
        names, borders = tuple(ages), tuple(AGES.values())
        for opened_ms in self._open.values():
            ages[names[bisect_left(borders, at_ms - opened_ms)]] += 1
        return {
            "backlog_age": ages,
            "complaints_open": sum(self._kinds[ref] for ref in self._open),
            **self.promises.live(at_ms),
        }


def added(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    """Two parts `ticket` together; seconds to 3 decimals."""
    return {
        name: added(value, other[name])
        if isinstance(value, dict)
        else round(value + other[name], 3)
        for name, value in one.items()
    }

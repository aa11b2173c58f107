"""The oracle's cohorts of one ticket: what its opening and its resolutions are decided as.

In: calls by `tickets` and `ticket`. Out: counts, each booked once at the deciding event or at its
deadline; and the age group that the open ticket is in, which changes at each border.
"""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

HOUR_MS, DAY_MS = 3_600_000, 86_400_000
BORDERS = {
    "1h": HOUR_MS,
    "8h": 8 * HOUR_MS,
    "24h": DAY_MS,
    "3d": 3 * DAY_MS,
    "7d": 7 * DAY_MS,
    "30d": 30 * DAY_MS,
}


def local_day(at: int, zone: str) -> str:
    """The date of an instant."""
    return datetime.fromtimestamp(at // 1_000, UTC).astimezone(ZoneInfo(zone)).date().isoformat()


class Cohorts:
    """What of one ticket is still to be decided."""

    def __init__(self, ticket: Any) -> None:
        self.ticket = ticket
        self.age = "1h"
        self.opened_in: str | None = None
        """The queue of the opening; None: its opening is in no cohort."""
        self.opening_decided_at: int | None = None
        self.reopening_decided_at: int | None = None

    def opened(self, at: int) -> None:
        """Its opening was counted; one that was resolved or left before is in no cohort."""
        ticket = self.ticket
        if ticket.has("resolved") or ticket.left:
            return
        self.opened_in = ticket.queue
        deadline = ticket.began_at + ticket.rules(ticket.began_at)["resolution_ms"]
        if at <= deadline:
            self.opening_decided_at = deadline

    def on_its_day(self, at: int) -> bool:
        """Whether it is the local day of the opening, where that was."""
        zone = self.ticket.rules(self.ticket.began_at, self.opened_in)["time_zone"]
        return local_day(at, zone) == local_day(self.ticket.began_at, zone)

    def resolved(self, at: int, first: bool) -> None:
        """A person resolved it."""
        if first and self.opened_in is not None and self.on_its_day(at):
            self.ticket.count(at, "resolved_same_day", queue=self.opened_in)
        if self.opening_decided_at is not None:
            self.ticket.count(at, "resolved_within", queue=self.opened_in)
            self.ticket.count(at, "resolution_decided", queue=self.opened_in)
        self.opening_decided_at = None
        self.reopening_decided_at = at + self.ticket.rules(at)["repeat_ms"]

    def left(self, at: int) -> None:
        """It left the figures: what is not decided never is."""
        unresolved = not self.ticket.has("resolved")
        if unresolved and self.opened_in is not None and self.on_its_day(at):
            self.ticket.count(at, "left_same_day", queue=self.opened_in)
        self.opening_decided_at = self.reopening_decided_at = None

    def reopened(self, at: int) -> None:
        if self.reopening_decided_at is not None:
            self.ticket.count(at, "reopened_within")
            self.ticket.count(at, "reopen_decided")
        self.reopening_decided_at = None

    def grow_old(self, at: int) -> None:
        """The group of its age: a border counts once its millisecond is over."""
        passed = [at > self.ticket.began_at + border for border in BORDERS.values()]
        self.age = (*BORDERS, "over")[sum(passed)]

    def deadlines(self) -> Iterator[tuple[int, Callable[[int], None]]]:
        if self.opening_decided_at is not None:
            yield self.opening_decided_at, self._unresolved
        if self.reopening_decided_at is not None:
            yield self.reopening_decided_at, self._not_reopened
        if self.ticket.status is not None and self.age in BORDERS:
            yield self.ticket.began_at + BORDERS[self.age], self._older

    def _unresolved(self, at: int) -> None:
        self.opening_decided_at = None
        bots_word = any(what == "resolved by a bot" for what, _ in self.ticket.since("reopened"))
        if not (bots_word and self.ticket.status is None):
            self.ticket.count(at, "resolution_decided", queue=self.opened_in)

    def _not_reopened(self, at: int) -> None:
        self.reopening_decided_at = None
        self.ticket.count(at, "reopen_decided")

    def _older(self, at: int) -> None:
        self.ticket.stand(at, -1)
        self.age = (*BORDERS, "over")[list(BORDERS).index(self.age) + 1]
        self.ticket.stand(at, 1)

"""What a browser asks for: the filters of the address bar, checked.

In: the query parameters. Out: a `Filter`, or `BadQueryError` with every mistake named.
The same rules serve the pages, the events and the JSON, so that a link means one thing.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from streams.contract.limits import MAX_NAME
from streams.contract.words import CHANNELS, WINDOWS, QueueKey

DEFAULT_WINDOW = "30m"
MAX_QUEUES = 200
# `theme` and `kiosk` are for the page alone, but checked here: a typo should not pass
CHOICES = {
    "channel": CHANNELS,
    "window": WINDOWS,
    "theme": ("dark", "light"),
    "kiosk": ("1", "0"),
}
FREE = ("tenant", "queues", "lang")  # the page reads a language it does not know in English
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


class BadQueryError(Exception):
    """Query parameters that mean nothing; `mistakes` has one line each, the parameter first."""

    def __init__(self, mistakes: list[str]) -> None:
        super().__init__("; ".join(mistakes))
        self.mistakes = mistakes


@dataclass(frozen=True, slots=True)
class Filter:
    """Which records a browser wants, and with which window. None = all.

    `queues` are names; in one, each `*` stands for any signs or none.
    """

    tenant: str | None = None
    queues: frozenset[str] | None = None
    channel: str | None = None
    window: str = DEFAULT_WINDOW

    def matches(self, key: QueueKey) -> bool:
        """Whether a record is wanted. The `_all` records are, unless queues are named."""
        tenant, queue, channel = key
        return (
            (self.tenant is None or tenant == self.tenant)
            and (self.channel is None or channel == self.channel)
            and (self.queues is None or queue in self.queues or self._starred(queue))
        )

    def _starred(self, queue: str) -> bool:
        return any("*" in name and _means(name, queue) for name in self.queues or ())


def _means(pattern: str, name: str) -> bool:
    """Whether a pattern with `*` means a name.

    No regular expression: `a*a*a*…` would take one for ever; this takes each part's first place.
    """
    first, *middle, last = pattern.split("*")
    if len(name) < len(first) + len(last) or not name.startswith(first) or not name.endswith(last):
        return False
    at, end = len(first), len(name) - len(last)
    for part in middle:
        found = name.find(part, at, end)
        if found < 0:
            return False
        at = found + len(part)
    return True


def parse(items: Iterable[tuple[str, str]]) -> Filter:
    """The filter of these parameters. Raises BadQueryError."""
    found: dict[str, str] = {}
    mistakes: list[str] = []
    for name, value in items:
        if name not in CHOICES and name not in FREE:
            mistakes.append(f"{shown(name)}: is not a parameter of the board")
        elif name in found:
            mistakes.append(f"{name}: is given twice")
        else:
            found[name] = value
            mistakes.extend(_mistakes(name, value))
    if mistakes:
        raise BadQueryError(mistakes)
    queues = [name for name in found.get("queues", "").split(",") if name]
    return Filter(
        tenant=found.get("tenant") or None,
        queues=frozenset(queues) or None,
        channel=found.get("channel") or None,
        window=found.get("window") or DEFAULT_WINDOW,
    )


def _mistakes(name: str, value: str) -> Iterable[str]:
    if _CONTROL.search(value):
        yield f"{name}: has control characters"
    elif name in CHOICES:
        # an empty value is what a form sends for "all"
        if value and value not in CHOICES[name]:
            yield f"{name}: {shown(value)} is not one of {', '.join(CHOICES[name])}"
    elif name == "queues":
        parts = value.split(",")
        if len(parts) > MAX_QUEUES:
            yield f"queues: more than {MAX_QUEUES} names"
        if any(len(part) > MAX_NAME for part in parts):
            yield f"queues: a name is longer than {MAX_NAME} characters"
    elif len(value) > MAX_NAME:
        yield f"{name}: longer than {MAX_NAME} characters"


def shown(value: str) -> str:
    """A value as it may be repeated to its sender: short, and without control characters."""
    clean = _CONTROL.sub("?", value)
    return f"'{clean[:40]}…'" if len(clean) > 40 else f"'{clean}'"

"""Stage 3: the rules that a unit's visits were counted by, kept with its state.

In: the rules of the configuration, and those of the changelog. Out: both in one, through time.
A queue whose settings were edited without a time would have late events take back what other rules
had booked. So what a unit has lived through keeps its rules, and an edit holds from then on.
"""

from dataclasses import replace

import msgspec

from streams.lifecycle.rules import DEFAULTS, Policies, QueuePolicy
from streams.lifecycle.store import Place, Write

_ENCODE = msgspec.msgpack.Encoder().encode
_DECODE = msgspec.msgpack.Decoder(QueuePolicy).decode


class Rules:
    """What each queue's visits went by so far. Times in ms."""

    def __init__(self) -> None:
        self._lived: dict[Place, QueuePolicy] = {}
        self._owed: dict[Place, QueuePolicy] = {}

    def restore(self, path: str, value: bytes) -> None:
        """One changelog record: tenant, queue and channel, joined by NUL, and their rules."""
        tenant, queue, channel = path.split("\0")
        self._lived[tenant, queue, channel] = _DECODE(value)

    def settle(self, policies: Policies, now: int) -> list[Place]:
        """Put what was lived through before the rules of `policies`, which hold after `now`.

        Returns the places whose rules are other ones from here on. A `now` below 0: nothing was.
        """
        changed = []
        for place in sorted({*policies.queues, *self._lived}):
            told = policies.of(*place)
            if now >= 0:
                lived = self._lived.get(place, DEFAULTS[place[2]])
                told, differs = _joined(lived, told, now)
                policies.queues[place] = told
                if differs:
                    changed.append(place)
            if told != self._lived.get(place):
                self._owed[place] = told
        return changed

    def collect(self) -> list[Write]:
        """The changelog's writes of what is not stored yet."""
        owed, self._owed = self._owed, {}
        self._lived |= owed
        return [("r\0{}\0{}\0{}".format(*place).encode(), _ENCODE(owed[place])) for place in owed]


def _joined(lived: QueuePolicy, told: QueuePolicy, now: int) -> tuple[QueuePolicy, bool]:
    """The rules lived by up to `now` and those told after it, and whether they differ there."""
    last, following = replace(lived.at(now), later=()), replace(told.at(now + 1), later=())
    differs = last != following
    later = [version for version in lived.later if version[0] <= now]
    if differs:
        later.append((now + 1, following))
    later += [version for version in told.later if version[0] > now + 1]
    return replace(lived, later=tuple(later)), differs

"""Layer 3: the rules that a unit's visits were counted by, kept with its state.

In: the rules of the configuration, and those of the changelog. Out: both in one, through time.
A queue whose settings were edited without a time would have late events take back what other rules
had booked. So what a unit has lived through keeps its rules, and an edit holds from then on.
"""

from dataclasses import replace

import msgspec

from streams.contract.words import QueueKey
from streams.lifecycle.changelog import RULES, Write, key_of
from streams.lifecycle.rules import DEFAULTS, QueueRules, Rules

_ENCODE = msgspec.msgpack.Encoder().encode
_DECODE = msgspec.msgpack.Decoder(QueueRules).decode


class KeptRules:
    """What each queue's visits went by so far. Times in ms."""

    def __init__(self) -> None:
        #: The places whose calendars are not those that deadlines were worked out by.
        self.other_calendars: set[QueueKey] = set()
        self._stored: dict[QueueKey, QueueRules] = {}
        self._unsaved: dict[QueueKey, QueueRules] = {}

    def restore(self, queue_key: QueueKey, value: bytes) -> None:
        """One changelog record: the rules of a queue."""
        self._stored[queue_key] = _DECODE(value)

    def merge_configured(self, rules: Rules, now: int) -> list[QueueKey]:
        """Put what was lived through before the rules of `rules`, which hold after `now`.

        Returns the places whose rules are other ones from here on. A `now` below 0: nothing was.
        """
        changed = []
        for queue_key in sorted({*rules.queues, *self._stored}):
            configured = rules.of(*queue_key)
            if now >= 0:
                stored = self._stored.get(queue_key, DEFAULTS[queue_key[2]])
                configured, differs = _joined(stored, configured, now)
                rules.queues[queue_key] = configured
                if differs:
                    changed.append(queue_key)
                if configured.calendars() != stored.calendars():
                    self.other_calendars.add(queue_key)
            if configured != self._stored.get(queue_key):
                self._unsaved[queue_key] = configured
        return changed

    def collect(self) -> list[Write]:
        """The changelog's writes of what is not stored yet."""
        unsaved, self._unsaved = self._unsaved, {}
        self._stored |= unsaved
        return [
            (key_of(RULES, *queue_key).encode(), _ENCODE(rules))
            for queue_key, rules in unsaved.items()
        ]


def _joined(stored: QueueRules, configured: QueueRules, now: int) -> tuple[QueueRules, bool]:
    """The rules lived by up to `now` and those told after it, and whether they differ there."""
    last, following = replace(stored.at(now), later=()), replace(configured.at(now + 1), later=())
    differs = last != following
    later = [version for version in stored.later if version[0] <= now]
    if differs:
        later.append((now + 1, following))
    later += [version for version in configured.later if version[0] > now + 1]
    return replace(stored, later=tuple(later)), differs

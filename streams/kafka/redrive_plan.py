"""Which dead letters will be sent again, and why others not: before anything is sent.

In: the letters, or what a person has made of them in a file. Out: counts to ask for, what to send,
and a line for each kind of letter that is left. Nothing a worker would reject again is in it,
unless `anyway`; and no letter that has been sent, and no topic but the inputs, ever.
"""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from streams.errors import StreamsError
from streams.kafka.deadletter_file import Edited, together
from streams.kafka.deadletter_log import DeadLetter, DeadLetterLog
from streams.kafka.redrive import Sending, fault_of
from streams.settings import Settings


class FromLog:
    """Letters as they were, to where they came from; `reason` None = all."""

    def __init__(
        self, log: DeadLetterLog, reason: str | None, settings: Settings, anyway: bool
    ) -> None:
        self._log, self._reason, self._anyway = log, reason, anyway
        self._topics = settings.topics
        self.counts: Counter[tuple[str, str]] = Counter()
        """(topic, reason) → letters to be sent."""
        self.left: list[str] = []
        """What is left and why, a line each."""
        faults: Counter[str] = Counter()
        nowhere = 0
        for letter in self._waiting():
            if letter.topic not in self._topics.inputs:
                nowhere += 1
            elif fault := self._fault(letter):
                faults[fault] += 1
            else:
                self.counts[(letter.topic, letter.reason)] += 1
        if nowhere:
            self.left.append(f"{nowhere} dead letters name none of our input topics: left out")
        if faults:
            reasons = ", ".join(f"{name} {count}" for name, count in sorted(faults.items()))
            self.left.append(
                f"{faults.total()} dead letters would be rejected again ({reasons}): left out."
                " Mend them in a file (streams deadletters export FILE), or send them as they are"
                " with --anyway"
            )

    def sendings(self) -> Iterator[Sending]:
        """What is to be sent."""
        for letter in self._waiting():
            if letter.topic in self._topics.inputs and not self._fault(letter):
                partition = letter.origin["partition"]
                wanted = partition if isinstance(partition, int) else None
                yield Sending(letter.place, letter.topic, letter.key, letter.value, wanted)

    def _waiting(self) -> Iterator[DeadLetter]:
        for letter in self._log:
            if self._reason in (None, letter.reason) and letter.place not in self._log.sent:
                yield letter

    def _fault(self, letter: DeadLetter) -> str | None:
        if self._anyway:
            return None
        fault = fault_of(self._topics.canonical(letter.topic), letter.key, letter.value)
        return fault.reason if fault else None


class FromFile:
    """Letters as the lines of `file` say. Raises StreamsError with all that keeps any of them from
    being sent."""

    def __init__(
        self,
        log: DeadLetterLog,
        edited: list[Edited],
        file: Path,
        settings: Settings,
        anyway: bool,
    ) -> None:
        self.counts: Counter[tuple[str, str]] = Counter()
        self.left: list[str] = []
        self._sendings: list[Sending] = []
        waiting = {it.sending.place: it for it in edited if it.sending.place not in log.sent}
        if len(waiting) < len(edited):
            count = len(edited) - len(waiting)
            self.left.append(f"{count} letters of the file have been sent again already: left out")
        strange, faults = dict(waiting), []
        for letter in log if waiting else ():
            it = waiting.get(letter.place)
            # The origin too: the same place is another letter in another Kafka.
            if it is None or it.origin != letter.origin:
                continue
            del strange[letter.place]
            self._sendings.append(it.sending)
            self.counts[(it.sending.topic, letter.reason)] += 1
            if not anyway and (fault := _fault(it, settings)):
                faults.append((it.line, fault))
        faults += [
            (it.line, f"letter: there is none at this place (any more) in {settings.bootstrap}")
            for it in strange.values()
        ]
        if faults:
            way = "" if strange else ", delete them, or send them as they are with --anyway"
            lines = [f"{file}:{number}: {fault}" for number, fault in sorted(faults)]
            raise StreamsError(together(lines, f"nothing was sent; mend these lines{way}"))

    def sendings(self) -> Iterator[Sending]:
        """What is to be sent."""
        return iter(self._sendings)


def _fault(it: Edited, settings: Settings) -> str | None:
    sending = it.sending
    fault = fault_of(settings.topics.canonical(sending.topic), sending.key, sending.value)
    if fault is None:
        return None
    field = {"wrong_key": "key", "wrong_topic": "topic"}.get(fault.reason, "value")
    if field == "value" and fault.field:
        field = f"value, {fault.field}"
    return f"{field}: {fault.detail} ({fault.reason})"

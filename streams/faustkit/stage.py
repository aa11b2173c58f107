"""What a stage of the pipeline must offer to be run by a unit, and what the unit hands it.

In: raw records of one partition number. Out: a `Turn`, everything to be written in one transaction.
A stage is pure and synchronous: no clock, no I/O; time arrives as arguments, in integer ms.
Invariant: what `turn` returned is either written whole, with the input positions, or the stage is
thrown away and rebuilt from what was written before.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

Header = tuple[str, bytes]
Output = tuple[str, int | None, bytes | None, bytes | None, list[Header]]


class Record(Protocol):
    """One Kafka record, as aiokafka hands it over; timestamp in ms."""

    @property
    def topic(self) -> str: ...
    @property
    def partition(self) -> int: ...
    @property
    def offset(self) -> int: ...
    @property
    def timestamp(self) -> int: ...
    @property
    def key(self) -> bytes | None: ...
    @property
    def value(self) -> bytes | None: ...
    @property
    def headers(self) -> Sequence[Header]: ...


@dataclass(slots=True)
class InputClock:
    """How far one input of the unit has been read.

    `caught_up_ms`: wall time of the fetch that showed nothing beyond what the stage has; else None.
    `unread`: there are, or may be, records the stage has not been given.
    `fetched`: a fetch of this assignment has answered.
    """

    caught_up_ms: int | None = None
    unread: bool = True
    fetched: bool = False


@dataclass(slots=True)
class Turn:
    """Everything one transaction writes beside the positions.

    `state`: changelog writes, None being a tombstone. `outputs`: (topic, partition, key, value,
    headers); partition None means by key, murmur2, as every Kafka client's default does.
    """

    state: list[tuple[bytes, bytes | None]] = field(default_factory=list)
    outputs: list[Output] = field(default_factory=list)


class Stage(Protocol):
    """Everything that belongs to one partition number of one stage."""

    @property
    def inputs(self) -> tuple[str, ...]:
        """The topics this stage reads."""

    def restore(self, key: bytes, value: bytes) -> None:
        """Take the newest value of one changelog key."""

    def restored(self) -> None:
        """Everything has been restored; called once, with or without any restore before."""

    def accept(self, topic: str, records: Sequence[Record]) -> None:
        """Apply records beyond the position, in order of offset, a few hundred at a time."""

    def turn(self, clocks: Mapping[str, InputClock], wall_ms: int) -> Turn:
        """End one transaction: advance time, collect every write. Also called on each tick."""

    def committed(self) -> None:
        """What the last turn returned is durable."""

    def closed(self) -> None:
        """The unit is released or discarded; nothing will be called any more."""


StageFactory = Callable[[str, int], Stage]


@dataclass(frozen=True, slots=True)
class StageSpec:
    """One stage of the application: its inputs and changelog (all with equal partition counts).

    `linger_seconds`: how long records may wait for others before a transaction; None: the option.
    A stage whose results go out on its ticks only sets the tick: its turns then coincide with it.
    `held_back`: inputs of which a backlog waits until the others have been read as far; `inbox.py`.
    """

    name: str
    inputs: tuple[str, ...]
    changelog: str
    factory: StageFactory
    linger_seconds: float | None = None
    held_back: tuple[str, ...] = ()


@dataclass(slots=True, eq=False)
class Batch:
    """The records of one partition that one fetch brought, or a part of them.

    `start` is the offset the fetch began at, `next` the one the following fetch begins at: offsets
    between them that have no record here are transaction markers or were compacted away. `epoch` is
    the assignment it belongs to; `records` may be empty when only markers were passed.
    """

    topic: str
    partition: int
    start: int
    next: int
    epoch: int
    records: Sequence[Record]

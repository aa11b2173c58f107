"""What a unit takes in a turn: each record once, in its topic's order, held back ones last."""

from collections import defaultdict

from hypothesis import given
from hypothesis import strategies as st

from streams.faustkit.inbox import Inbox
from streams.faustkit.stage import Batch
from tests.faustkit.memory import MemoryEvent, MemoryRecord

LARGE, OTHER, SMALL = "large", "other", "small"
TOPICS = (LARGE, OTHER, SMALL)

#: Record times of a topic; batches are cut where a step says so.
TIMES = st.lists(st.integers(0, 60), max_size=25)


def log_of(topic: str, times: list[int]) -> list[MemoryRecord]:
    """A topic's records at successive offsets."""
    return [MemoryRecord(topic, 0, offset, timestamp=at) for offset, at in enumerate(times)]


def batch_of(records: list[MemoryRecord]) -> Batch:
    """One fetched batch."""
    first, last = records[0].offset, records[-1].offset
    return Batch(records[0].topic, 0, first, last + 1, 1, records)


@given(
    logs=st.fixed_dictionaries(dict.fromkeys(TOPICS, TIMES)),
    steps=st.lists(st.tuples(st.sampled_from(TOPICS), st.integers(1, 8), st.integers(1, 9))),
    in_order=st.booleans(),
)
def test_each_record_is_taken_once_and_what_is_held_back_after_all_before_it(
    logs: dict[str, list[int]], steps: list[tuple[str, int, int]], in_order: bool
) -> None:
    """Whatever the fetches bring when: nothing is lost, and nothing is held back to the end."""
    stored = {
        topic: log_of(topic, sorted(times) if in_order else times) for topic, times in logs.items()
    }
    inbox = Inbox(TOPICS, (SMALL,))
    taken: defaultdict[str, list[MemoryRecord]] = defaultdict(list)
    events, acked = [], []
    fetched = dict.fromkeys(TOPICS, 0)
    everything = [(topic, 25, 100) for topic in (SMALL, OTHER, LARGE)] + [(LARGE, 1, 100)] * 2
    for topic, size, limit in [*steps, *everything]:
        start = fetched[topic]
        if records := stored[topic][start : start + size]:
            fetched[topic] += len(records)
            events.append(MemoryEvent(batch_of(records)))
            inbox.put(events[-1])
        unread = [name for name in TOPICS if inbox.next[name] < len(stored[name])]
        ready = inbox.is_ready(unread)
        pieces = inbox.take(limit, unread)
        assert ready == bool(pieces)
        for piece in pieces:
            batch = piece.batch
            assert batch.start == len(taken[batch.topic])
            taken[batch.topic] += batch.records  # type: ignore[arg-type]
            assert batch.next == len(taken[batch.topic])
            acked += [piece.event] if piece.event is not None else []
        left = [record for name in (LARGE, OTHER) for record in stored[name][len(taken[name]) :]]
        if in_order and taken[SMALL] and left:
            oldest = min(record.timestamp for record in left)
            assert taken[SMALL][-1].timestamp <= oldest
    assert all(taken[topic] == stored[topic] for topic in TOPICS)
    assert {id(event) for event in acked} == {id(event) for event in events}
    assert len(acked) == len(events)
    assert inbox.records == inbox.held(SMALL) == 0


def test_a_topic_of_which_nothing_is_known_holds_the_others_back() -> None:
    """Before the first answer of the broker there may be anything in it."""
    inbox = Inbox(TOPICS, (SMALL,))
    inbox.put(MemoryEvent(batch_of(log_of(SMALL, [1, 2, 3]))))
    assert not inbox.is_ready([LARGE, OTHER])
    assert inbox.take(100, [LARGE, OTHER]) == []
    assert inbox.held(SMALL) == 3
    assert [len(piece.batch.records) for piece in inbox.take(100, [])] == [3]


def test_markers_alone_are_taken_at_once() -> None:
    """A batch without records only moves the position."""
    inbox = Inbox(TOPICS, (SMALL,))
    inbox.put(MemoryEvent(Batch(SMALL, 0, 0, 2, 1, [])))
    [piece] = inbox.take(100, [LARGE])
    assert (piece.batch.next, piece.event is not None) == (2, True)

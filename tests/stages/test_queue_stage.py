"""When records go out: a change at the next tick, mere time within ten seconds."""

import orjson

from streams.faustkit.stage import InputClock, Output, Turn
from streams.lifecycle.counters import OFFERED
from streams.windows.cells import CellBatch, CellUpdate, encode_batch
from tests.stages.stages import START, Stages, call

INTERVALS = "contact.intervals"
PLACE = ["default", "billing", "voice"]
NOON = START - START % 900_000


def test_a_change_is_published_at_the_next_tick_under_its_key() -> None:
    """The KPI record and the open interval's newest revision."""
    stages = Stages()
    found = stages.tick(stages.take(call("contact.enqueued", START)))
    records = {tuple(key): value for key, value in found["contact.kpis"]}
    assert records[tuple(PLACE)]["live"]["waiting"] == 1
    intervals = {tuple(key): value for key, value in found["contact.intervals"]}
    assert intervals[(*PLACE, NOON)]["figures"]["offered"] == 1
    assert intervals[(*PLACE, NOON)]["final"] is False


def test_without_a_change_a_queue_is_published_again_within_ten_ticks() -> None:
    """Time alone moves windows and integrals."""
    stages = Stages()
    stages.tick(stages.take(call("contact.enqueued", START)))
    seen = []
    for _ in range(10):
        stages.wall += 1_000
        for key, value in stages.tick(stages.take()).get("contact.kpis", []):
            if key == PLACE:
                seen.append(value["as_of"])
    assert seen
    assert seen[-1] > START


def test_revisions_only_grow() -> None:
    """A reader keeps the newest."""
    stages = Stages()
    revisions = []
    for number in range(5):
        stages.wall += 1_000
        turn = stages.take(call("contact.enqueued", stages.wall, contact=f"c{number}"))
        revisions += [v["revision"] for k, v in stages.tick(turn)["contact.kpis"] if k == PLACE]
    assert revisions == sorted(set(revisions))
    assert len(revisions) == 5


def test_revisions_go_on_after_a_restart() -> None:
    """Also after ticks in which only time had changed: their revision is stored with them."""
    stages = Stages()
    stages.tick(stages.take(call("contact.enqueued", START)))
    changelog: dict[bytes, bytes | None] = {}
    newest = 0
    cells = stages.settings.topics.cells
    for _ in range(12):
        stages.wall += 1_000
        clock = InputClock(stages.wall, unread=False, fetched=True)
        turn = stages.queues.turn({cells: clock}, stages.wall)
        changelog |= dict(turn.state)
        for topic, _, _, value, _ in turn.outputs:
            if topic == stages.settings.topics.kpis:
                newest = max(newest, orjson.loads(value or b"")["revision"])
    again = Stages()
    for key, value in changelog.items():
        if value is not None:
            again.queues.restore(key, value)
    assert again.queues.unit.revision >= newest > 1


def test_an_interval_is_published_at_its_end_though_nothing_happened() -> None:
    """An idle queue has zeros, not a hole."""
    stages = Stages()
    stages.tick(stages.take())
    stages.wall = NOON + 900_000 + 1_000
    published = {}
    for _ in range(10):
        stages.wall += 1_000
        for key, value in stages.tick(stages.take()).get("contact.intervals", []):
            published[tuple(key)] = value
    assert published[(*PLACE, NOON)]["figures"]["offered"] == 0


def test_an_interval_becomes_final_though_time_stands() -> None:
    """A source that closes what is long over is enough: by event time nothing else may follow."""
    stages = Stages()
    later = NOON + 36_000_000
    offered = CellUpdate("default", "billing", "voice", NOON, {OFFERED: 1})
    found = []
    for closed, cells in ((NOON, [offered]), (later - 3_600_000, [])):
        word = CellBatch(0, 1, later, closed, None, False, cells, [])
        cell: Output = (stages.settings.topics.cells, 0, b"0", encode_batch(word), [])
        found.append([stages.tick(Turn([], [cell])), *(stages.tick(Turn([], [])) for _ in "123")])
    finals = [
        {tuple(key): value["final"] for said in one for key, value in said.get(INTERVALS, [])}
        for one in found
    ]
    assert [final[(*PLACE, NOON)] for final in finals] == [False, True]


def test_history_has_whole_minutes_with_the_level_at_their_ends() -> None:
    """One caller waits from the middle of one minute to the middle of the next but one."""
    stages = Stages()
    minute = START - START % 60_000
    stages.wall = minute + 30_000
    stages.tick(stages.take(call("contact.enqueued", stages.wall)))
    stages.wall = minute + 150_000
    stages.tick(stages.take(call("contact.answered", stages.wall)))
    rows = {}
    for _ in range(40):
        stages.wall += 1_000
        for key, value in stages.tick(stages.take()).get("contact.history", []):
            if key == PLACE:
                rows = {row["at"]: row for row in value["minutes"]}
    assert [rows[minute + n * 60_000]["waiting"] for n in (-1, 0, 1, 2)] == [0, 1, 1, 0]
    assert [rows[minute + n * 60_000]["offered"] for n in (0, 1)] == [1, 0]
    assert rows[minute + 120_000]["answered"] == 1


def test_garbage_in_the_cells_is_a_dead_letter() -> None:
    """The queues' stage goes on."""
    stages = Stages()
    good = stages.take(call("contact.enqueued", START))
    bad = type(call("contact.enqueued", START))(b"garbage", topic="contact.cells")
    stages.queues.accept("contact.cells", [bad])
    found = stages.tick(good)
    assert found["contact.deadletters"] == [(b"c1", b"garbage")]
    assert PLACE in [key for key, _ in found["contact.kpis"]]

"""Asterisk's queue log: each line is used, passed over or not understood; what its table says."""

import hashlib
import hmac
import random
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.contract.events import Event
from streams.errors import ConfigError
from streams.kpis.replay import Replay
from streams.settings import Settings
from streams.sources import formats, queue_log
from streams.sources.complaints import Complaints
from streams.wire.rejected import Rejected

START = 1_772_442_000


def log(*lines: str) -> str:
    """A log's text; each line's time is given in seconds from START."""
    parted = (line.split("|", 1) for line in lines)
    return "".join(f"{START + int(second)}|{rest}\n" for second, rest in parted)


class Told:
    """What was made of files: events, complaints, notes."""

    def __init__(self, *files: Path, mapping: Path | None = None, key: bytes | None = None) -> None:
        said, self.replay = Complaints(), Replay(Settings())
        self.events: list[Event] = []
        for name, number, found in queue_log.read(list(files), mapping, key, said):
            if isinstance(found, Rejected):
                said.add(name, number, found)
            else:
                self.events.append(found)
                self.replay.add(found, name, number)
        self.said = list(said.lines())
        self.figures = {record.queue: record.windows["all"] for record in self.replay.records()}

    def of(self, contact: str) -> list[str]:
        """Types of the contact's events, with reason or outcome, and seconds from START."""
        mine = (event for event in self.events if event.contact_id == contact)
        return [brief(event) for event in sorted(mine, key=place)]

    def agents(self, agent: str) -> list[tuple[int, str, tuple[str, ...], int]]:
        """Seconds from START, state, queues and calls of the agent's snapshots."""
        mine: list[Any] = [event for event in self.events if event.agent_id == agent]
        return [
            (e.occurred_at // 1000 - START, e.state, e.queues, e.handling.get("voice", 0))
            for e in sorted(mine, key=place)
            if e.TYPE == "agent.state"
        ]


def place(event: Event) -> tuple[int, int]:
    """Where an event stands among its contact's."""
    return event.occurred_at, event.seq


def brief(event: Any) -> str:
    """`answered 5`, `flowed_out timeout 20`."""
    word = getattr(event, "reason", None) or getattr(event, "outcome", None)
    parts = (event.TYPE.split(".")[1], word, str(event.occurred_at // 1000 - START))
    return " ".join(part for part in parts if part)


def told(tmp_path: Path, *lines: str, **options: Any) -> Told:
    """What is made of one file."""
    file = tmp_path / "queue_log"
    file.write_text(log(*lines))
    return Told(file, **options)


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ("21|c|q|a|CONNECT|21|x|4 81|c|q|a|COMPLETECALLER|21|60|1", "answered 21, ended 81"),
        ("9|c|q|a|CONNECT|9|x|1 30|c|q|a|BLINDTRANSFER|4711|out|9|21|1",
         "answered 9, transferred 30"),
        ("9|c|q|a|CONNECT|9|x|1 30|c|q|a|TRANSFER|4711|out|9|21", "answered 9, transferred 30"),
        (("9|c|q|a|CONNECT|9|x|1 30|c|q|a|COMPLETEAGENT|9|21|1 "
          "30|c|q|a|ATTENDEDTRANSFER|BRIDGE|u|9|21|1"), "answered 9, transferred 30"),
        ("33|c|q|a|COMPLETEAGENT|3|30|1", "answered 3, ended 33"),
        ("40|c|q|NONE|ABANDON|1|2|40", "abandoned 40"),
        ("40|c|q|NONE|ABANDON|1|2|40 42|NONE|NONE|NONE|QUEUESTART|", "flowed_out error 40"),
        ("40|c|q|NONE|ABANDON|1|2|40 43|NONE|NONE|NONE|QUEUESTART|", "abandoned 40"),
        ("5|c|q|a|RINGNOANSWER|5000 20|c|q|NONE|EXITWITHTIMEOUT|1|1|20",
         "failed timeout 5, flowed_out timeout 20"),
        ("20|c|q|NONE|EXITEMPTY|1|1|20", "flowed_out no_agents 20"),
        ("20|c|q|NONE|LEAVEEMPTY|1|1|20", "flowed_out no_agents 20"),
        ("20|c|q|NONE|EXITWITHKEY|1|1|1|20", "flowed_out key 20"),
        ("20|c|q|NONE|WITHDRAW|1|1|20|moved", "flowed_out other 20"),
        ("10|c|q|a|RINGCANCELED|3000 10|c|q|NONE|ABANDON|1|1|10",
         "failed customer_left 10, abandoned 10"),
        ("10|c|q|a|AGENTDUMP| 12|c|q|a|CONNECT|12|x|1", "failed rejected 10, answered 12"),
        ("5|NONE|NONE|NONE|QUEUESTART|", "flowed_out error 5"),
        ("2|c|q|a|CONNECT|2|x|1 9|NONE|NONE|NONE|QUEUESTART|", "answered 2, ended 9"),
        (("2|c|q|a|CONNECT|2|x|1 2|c|q|b|CONNECT|2|x|1 9|c|q|a|COMPLETEAGENT|2|7|1 "
          "20|c|q|b|COMPLETEAGENT|2|18|1"), "answered 2, answered 2, ended 20"),
    ],
)  # fmt: skip
def test_a_call_that_entered_goes_on_as_its_lines_say(
    tmp_path: Path, lines: str, expected: str
) -> None:
    """One entry, then what the table of the module says of each line."""
    found = told(tmp_path, "0|c|q|NONE|ENTERQUEUE||5550|1", *lines.split(" "))
    assert ", ".join(found.of("c")) == f"enqueued 0, {expected}"


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("100|c|q|a|CONNECT|30|x|4", "enqueued 70, answered 100"),
        ("100|c|q|a|COMPLETEAGENT|10|60|1", "enqueued 30, answered 40, ended 100"),
        ("100|c|q|a|BLINDTRANSFER|1|x|10|60|1", "enqueued 30, answered 40, transferred 100"),
        ("100|c|q|NONE|ABANDON|1|1|40", "enqueued 60, abandoned 100"),
        ("100|c|q|NONE|EXITWITHTIMEOUT|1|1|40", "enqueued 60, flowed_out timeout 100"),
        ("100|c|q|NONE|JOINEMPTY|", "blocked no_agents 100"),
        ("100|c|q|NONE|FULL|", "blocked full 100"),
        ("100|c|q|NONE|CLOSED|", "blocked closed 100"),
        ("100|c|q|a|CONNECT|", "answered 100"),
        ("100|c|q|NONE|ABANDON|", "abandoned 100"),
    ],
)
def test_what_no_line_began_is_dated_back(tmp_path: Path, line: str, expected: str) -> None:
    """By the seconds that the line tells; where it tells none, no entry is made up."""
    assert ", ".join(told(tmp_path, line).of("c")) == expected


def test_a_call_that_comes_back_leaves_first(tmp_path: Path) -> None:
    """Whatever is written first: the next entry, or how the stay before ended."""
    found = told(
        tmp_path,
        "0|c|one|NONE|ENTERQUEUE||5550|1",
        "20|c|two|NONE|ENTERQUEUE||5550|1",
        "20|c|one|NONE|EXITWITHTIMEOUT|1|1|20",
        "30|c|two|a|CONNECT|10|x|1",
        "50|c|two|NONE|ENTERQUEUE||5550|1",
        "50|c|two|a|BLINDTRANSFER|2|xfer|10|20|1",
        "60|c|two|NONE|ABANDON|1|1|10",
        "60|c|three|NONE|ENTERQUEUE||5550|1",
        "70|c|four|NONE|ENTERQUEUE||5550|1",
    )
    assert found.of("c") == [
        "enqueued 0", "flowed_out timeout 20", "enqueued 20", "answered 30", "transferred 50",
        "enqueued 50", "flowed_out transfer 60", "enqueued 60", "flowed_out other 70",
        "enqueued 70",
    ]  # fmt: skip
    assert "passed over: an end said twice, or after the next entry: 2 rows" in found.said
    assert "entered a queue before its stay in another was said to end: 1 rows" in found.said


def test_an_attended_transfer_is_the_agents_own_call(tmp_path: Path) -> None:
    """It is logged under the call he made to ask; whom he asked answers under the caller's id."""
    found = told(
        tmp_path,
        "0|caller|sales|NONE|ENTERQUEUE||5550|1",
        "10|caller|sales|a|CONNECT|10|x|5",
        "100|asking|tech|NONE|ENTERQUEUE||203|1",
        "101|asking|sales|a|ATTENDEDTRANSFER|APP|Queue|10|91|1",
        "107|caller|tech|b|CONNECT|7|y|6",
        "300|caller|tech|b|COMPLETEAGENT|7|193|1",
    )
    assert found.of("caller") == ["enqueued 0", "answered 10", "transferred 101"]
    assert found.of("asking") == ["enqueued 100", "answered 107", "ended 300"]
    assert (found.figures["tech"].offered, found.figures["tech"].answered) == (1, 1)
    assert found.figures["tech"].talk_seconds == 193
    assert not found.replay.anomalies()


def test_whom_an_agent_asked_may_answer_under_the_callers_id(tmp_path: Path) -> None:
    """Also where no transfer was logged: the stay that began as long before as the answer says."""
    lines = [
        "0|caller|sales|NONE|ENTERQUEUE||5550|1",
        "10|caller|sales|a|CONNECT|10|x|5",
        "100|asking|tech|NONE|ENTERQUEUE||203|1",
        "107|caller|tech|b|CONNECT|7|y|6",
        "300|caller|tech|b|COMPLETEAGENT|7|193|1",
    ]
    found = told(tmp_path, *lines)
    assert found.of("caller") == ["enqueued 0", "answered 10", "transferred 107"]
    assert found.of("asking") == ["enqueued 100", "answered 107", "ended 300"]
    # Of two who began to wait then nobody knows which it was.
    found = told(tmp_path, *lines, "100|other|tech|NONE|ENTERQUEUE||5551|2")
    assert found.figures["tech"].offered == 3
    assert found.figures["tech"].answered == 1


def test_an_end_is_of_its_agents_conversation(tmp_path: Path) -> None:
    """A caller moved while he talked: the agent he left is told to end when he hangs up at last."""
    found = told(
        tmp_path,
        "0|c|q|NONE|ENTERQUEUE||5550|1",
        "16|c|q|eva|CONNECT|16|x|1",
        "19|c|q|NONE|ENTERQUEUE||5550|1",
        "28|c|q|anna|CONNECT|9|x|1",
        "39|c|q|anna|COMPLETEAGENT|9|11|3",
        "39|c|q|eva|COMPLETECALLER|16|23|2",
    )
    assert found.of("c") == [
        "enqueued 0", "answered 16", "transferred 19", "enqueued 19", "answered 28", "ended 39"
    ]  # fmt: skip
    assert found.agents("eva") == [(16, "available", ("q",), 1), (19, "available", ("q",), 0)]


def test_members_are_whole_snapshots(tmp_path: Path) -> None:
    """Paused in one of two queues leaves that out, in both is a break; a restart ends nothing."""
    found = told(
        tmp_path,
        "0|MANAGER|one|a|ADDMEMBER|",
        "1|CLI|two|a|ADDMEMBER|",
        "2|NONE|one|a|PAUSE|lunch",
        "3|NONE|NONE|a|PAUSEALL|lunch",
        "4|NONE|NONE|NONE|QUEUESTART|",
        "5|NONE|NONE|a|UNPAUSEALL|",
        "6|NONE|two|a|REMOVEMEMBER|",
        "7|NONE|one|a|REMOVEMEMBER|",
        "8|REALTIME|one|a|ADDMEMBER|PAUSED",
        "8|c|one|NONE|FULL|",
        "8|d|two|NONE|FULL|",
    )
    assert found.agents("a") == [
        (0, "available", ("one",), 0),
        (1, "available", ("one", "two"), 0),
        (2, "available", ("two",), 0),
        (3, "break", ("one", "two"), 0),
        (5, "available", ("one", "two"), 0),
        (6, "available", ("one",), 0),
        (7, "offline", (), 0),
        (8, "break", ("one",), 0),
    ]
    staffed = {queue: found.figures[queue].staffed_agent_seconds for queue in ("one", "two")}
    assert staffed == {"one": 2 + 2, "two": 2 + 1}


def test_who_is_called_for_a_queue_is_its_member(tmp_path: Path) -> None:
    """Static members have no line; they are counted. Who was taken out does not come back so."""
    found = told(
        tmp_path,
        "0|c|q|NONE|ENTERQUEUE||5550|1",
        "1|NONE|q|b|ADDMEMBER|",
        "2|c|q|a|CONNECT|2|x|1",
        "3|NONE|q|b|REMOVEMEMBER|",
        "3|d|q|b|RINGNOANSWER|1000",
        "9|c|q|a|COMPLETECALLER|2|7|1",
    )
    assert found.agents("a") == [(2, "available", ("q",), 1), (9, "available", ("q",), 0)]
    assert found.agents("b")[-1] == (3, "offline", (), 0)
    assert found.said[-1].startswith("1 members were never added (static ones, or before the")


def test_names_of_members_are_joined_by_a_mapping(tmp_path: Path) -> None:
    """ADDMEMBER has the interface, CONNECT the name; what no file joins is said."""
    lines = (
        "0|NONE|q|Local/101@agents/n|ADDMEMBER|",
        "1|c|q|Anna Bach|CONNECT|1|x|1",
        "31|c|q|Anna Bach|COMPLETECALLER|1|30|1",
        "100|NONE|q|Local/101@agents/n|REMOVEMEMBER|",
    )
    file = tmp_path / "members.toml"
    file.write_text(
        'source = "pbx-b"\ntenant = "acme"\n[members]\n"Local/101@agents/n" = "Anna Bach"\n'
    )
    apart, joined = told(tmp_path, *lines), told(tmp_path, *lines, mapping=file)
    assert apart.said[-1].startswith("1 members were added and never called, 1 were called and")
    assert joined.said == ["4 lines: 4 used, 0 passed over, 0 not understood"]
    assert joined.figures["q"].staffed_agent_seconds == 100
    assert joined.figures["q"].handling_agent_seconds == 30
    assert {(event.source, event.tenant) for event in joined.events} == {("pbx-b", "acme")}


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("member = 1", "member: expected one of source, tenant, members"),
        ("members = 1", "members: expected interface = name"),
        ("source = 1", "source: expected text"),
        ("=", "is not TOML"),
    ],
)
def test_a_wrong_mapping_is_named(tmp_path: Path, text: str, problem: str) -> None:
    """Before a line is read."""
    file = tmp_path / "m.toml"
    file.write_text(text)
    with pytest.raises(ConfigError, match=problem):
        told(tmp_path, "0|NONE|NONE|NONE|QUEUESTART|", mapping=file)


def test_a_queue_is_spelled_as_it_is_configured(tmp_path: Path) -> None:
    """The dialplan's spelling is that of entries; only A to Z are one in both cases."""
    found = told(
        tmp_path,
        "0|c|NACHTS|NONE|ENTERQUEUE||5550|1",
        "0|d|STÖRUNG|NONE|ENTERQUEUE||5550|1",
        "1|e|Störung|NONE|ENTERQUEUE||5550|1",
        "2|c|nachts|a|CONNECT|2|x|1",
        "9|c|nachts|a|COMPLETECALLER|2|7|1",
    )
    assert found.figures.keys() == {"_all", "nachts", "STÖRUNG", "Störung"}
    assert found.of("c") == ["enqueued 0", "answered 2", "ended 9"]


def test_a_phone_that_stopped_early_refused(tmp_path: Path) -> None:
    """Rang shorter than the queue's longest ring; but not where the caller's time was up."""
    found = told(
        tmp_path,
        "0|c|q|NONE|ENTERQUEUE||5550|1",
        "1|c|q|a|RINGNOANSWER|0",
        "9|c|q|b|RINGNOANSWER|8000",
        "12|c|q|c|RINGNOANSWER|3000",
        "12|c|q|NONE|EXITWITHTIMEOUT|1|1|12",
    )
    assert found.of("c")[1:4] == ["failed rejected 1", "failed timeout 9", "failed timeout 12"]


def test_numbers_of_callers_are_hashed_or_not_read(tmp_path: Path) -> None:
    """No number is in what is told, nor in what is said."""
    line = "0|c|q|NONE|ENTERQUEUE||+4930555|1"
    bare, hashed = told(tmp_path, line), told(tmp_path, line, key=b"secret")
    assert bare.events[0].customer_ref is None
    assert bare.said[0].startswith("customers not read, for customer_key_file names no key")
    expected = hmac.new(b"secret", b"+4930555", hashlib.sha256).hexdigest()
    assert hashed.events[0].customer_ref == expected


def test_what_is_not_understood_is_named_with_its_place(tmp_path: Path) -> None:
    """Custom events, missing fields, other bytes, wrong times, a line that is cut: all counted."""
    file = tmp_path / "queue_log"
    lines = [
        b"1772442000|c|q|NONE|ENTERQUEUE||5550|1",
        b"1772442001|c|q|NONE|SURVEY|5|",
        b"1772442001|c|q",
        b"1772442002|c|q\xff|NONE|ABANDON|1|1|2",
        b"77|c|q|NONE|ABANDON|1|1|2",
        b"1772442003|c|_all|NONE|ABANDON|1|1|3",
        b"1772442003|c|" + b"q" * 257 + b"|NONE|ABANDON|1|1|3",
        b"1772442003|c|q\0|NONE|ABANDON|1|1|3",
        b"1772442003|c|q|4930555|",
        b"1772442003|NONE|q|NONE|DID|4930555",
        b"1772442003|NONE|q|NONE|CONNECT|1",
        b"",
        b"1772442004|c|q|a|CONN",
    ]
    file.write_bytes(b"\n".join(lines))
    found = Told(file)
    assert found.of("c") == ["enqueued 0"]
    said = "\n".join(found.said)
    for line, what in (
        (2, "unknown_type (event): no event of Asterisk's queues: SURVEY"),
        (3, "schema: expected epoch|call|queue|agent|event and its data"),
        (4, "schema: expected UTF-8"),
        (5, "schema (epoch): expected seconds since 1970, from 1990 to 2100"),
        (6, "schema (queue): this name is reserved"),
        (7, "schema (queue): expected at most 256 characters"),
        (8, "schema: must not contain a NUL character"),
        (13, "unknown_type (event): no event of Asterisk's queues: CONN"),
    ):
        assert f"{file}:{line}: {what}" in said
    assert "4930555" not in said
    assert "passed over: CONNECT without a call or a queue: 1 rows" in said
    assert found.said[-1] == "12 lines: 1 used, 2 passed over, 9 not understood"


def test_rotated_files_come_in_any_order(tmp_path: Path) -> None:
    """Also with a second that both have lines of, one file twice, and a copy of a part."""
    lines = log(
        "0|c|q|NONE|ENTERQUEUE||5550|1", "5|c|q|a|CONNECT|5|x|1",
        "9|c|q|a|COMPLETECALLER|5|4|1", "9|c|r|NONE|ENTERQUEUE||5550|1",
        "9|NONE|NONE|NONE|CONFIGRELOAD|", "9|d|q|NONE|JOINEMPTY|", "9|d|q|NONE|JOINEMPTY|",
        "9|c|r|NONE|EXITWITHKEY|1|1|1|0", "20|e|q|NONE|ABANDON|1|1|7",
    ).splitlines(keepends=True)  # fmt: skip
    whole, older, newer, part = (tmp_path / name for name in ("log", "z.0", "a.1", "part"))
    whole.write_text("".join(lines))
    older.write_text("".join(lines[:4]))
    newer.write_text("".join(lines[4:]))
    part.write_text("".join(lines[2:7]))
    expected = Told(whole).events
    for files in ((older, newer), (newer, older), (older, newer, newer), (part, whole)):
        assert Told(*files).events == expected


def test_files_read_apart_tell_the_same_events(tmp_path: Path) -> None:
    """A call that lasts over the rotation has in both the same ids, at the same times."""
    lines = log(
        "0|c|q|NONE|ENTERQUEUE||5550|1", "5|c|q|a|CONNECT|5|x|1", "9|c|q|a|COMPLETECALLER|5|4|1"
    ).splitlines(keepends=True)
    whole, rest = tmp_path / "whole", tmp_path / "rest"
    whole.write_text("".join(lines))
    rest.write_text(lines[2])
    ids = [
        {(e.event_id, e.occurred_at) for e in Told(file).events if e.contact_id}
        for file in (whole, rest)
    ]
    assert ids[0] == ids[1]


def test_a_call_in_fifty_queues_with_long_names(tmp_path: Path) -> None:
    """Each stay is one; names of 256 characters are whole, and ids stay within theirs."""
    call, lines = "c" * 256, []
    for number in range(50):
        queue = f"{number:02}".ljust(256, "q")
        agent = f"{number:02}".ljust(256, "ä")
        lines += [
            f"{number}|{call}|{queue}|NONE|ENTERQUEUE||5550|1",
            f"{number}|{call}|{queue}|{agent}|CONNECT|0|x|0",
            f"{number}|{call}|{queue}|{agent}|COMPLETEAGENT|0|0|1",
        ]
    found = told(tmp_path, *lines)
    assert found.figures["_all"].offered == found.figures["_all"].handled == 50
    assert len(found.figures) == 51
    # Of so many comings of one contact that nobody knows the customer of, some are given up.
    assert set(found.replay.anomalies()) == {"customer_trimmed"}
    assert len({event.event_id for event in found.events}) == len(found.events)


_EVENTS = st.sampled_from(
    ["ENTERQUEUE", "CONNECT", "COMPLETECALLER", "COMPLETEAGENT", "BLINDTRANSFER", "ABANDON",
     "ATTENDEDTRANSFER", "EXITWITHTIMEOUT", "EXITWITHKEY", "RINGNOANSWER", "ADDMEMBER", "PAUSE",
     "REMOVEMEMBER", "PAUSEALL", "UNPAUSEALL", "QUEUESTART", "DID", "SURVEY", "FULL", "WITHDRAW"]
)  # fmt: skip
_LINES = st.lists(
    st.tuples(
        st.integers(0, 12),
        st.sampled_from(["c", "d", "NONE"]),
        st.sampled_from(["q", "Q", "r", "NONE"]),
        st.sampled_from(["a", "b", "NONE"]),
        _EVENTS,
        st.lists(st.sampled_from(["0", "1", "3", "7", "x", ""]), max_size=5),
    ),
    max_size=24,
)


def one_stay_at_a_time(events: list[Event]) -> None:
    """Fails where a contact enters while it is in a queue, or leaves one in which it is not."""
    contacts: defaultdict[str, list[Any]] = defaultdict(list)
    for event in events:
        if event.contact_id is not None and event.TYPE not in ("offer.failed", "contact.blocked"):
            contacts[event.contact_id].append(event)
    for mine in contacts.values():
        phase = ""
        for event in sorted(mine, key=place):
            match event.TYPE:
                case "contact.enqueued":
                    assert phase != "waiting", brief(event)
                    assert phase != "talking", brief(event)
                    phase = "waiting"
                case "contact.answered":  # or again, by another agent; or of an entry nobody tells
                    phase = "talking"
                case "contact.abandoned" | "contact.flowed_out":
                    assert phase != "talking", brief(event)
                    phase = ""
                case _:
                    phase = ""


@given(_LINES, st.randoms(use_true_random=False))
def test_no_log_whatever_is_an_exception(
    tmp_path_factory: pytest.TempPathFactory, lines: list[Any], chance: random.Random
) -> None:
    """All lines are counted; a contact has one stay at a time; shuffled seconds change nothing."""
    texts = [
        f"{START + second}|{call}|{queue}|{agent}|{event}|{'|'.join(data)}\n"
        for second, call, queue, agent, event, data in sorted(lines, key=lambda line: line[0])
    ]
    folder = tmp_path_factory.mktemp("logs")
    file, other = folder / "queue_log", folder / "shuffled"
    file.write_text("".join(texts))
    found = Told(file)
    one_stay_at_a_time(found.events)
    ids = [(event.agent_id if event.contact_id is None else "", event.event_id)
           for event in found.events]  # fmt: skip
    assert len(set(ids)) == len(ids)
    counts = next(text for text in found.said if " lines: " in text).replace(",", "").split()
    read, used, over, unknown = (int(counts[at]) for at in (0, 2, 4, 7))
    assert read == len(texts) == used + over + unknown
    # Seconds in another order, each with its lines in theirs, and all of it twice.
    seconds = sorted({text.split("|")[0] for text in texts})
    chance.shuffle(seconds)
    shuffled = [text for second in seconds for text in texts if text.startswith(second)]
    other.write_text("".join(shuffled))
    assert Told(other, file).events == found.events


def test_the_format_is_one_of_those_that_are_read(tmp_path: Path) -> None:
    """By name, from standard input's kind of reader to gzip, like every format."""
    file = tmp_path / "queue_log"
    file.write_text(log("0|c|q|NONE|FULL|"))
    found = list(formats.read("queue-log", [file], None, Settings(), Complaints()))
    assert [(number, type(event).__name__) for _, number, event in found] == [(1, "ContactBlocked")]

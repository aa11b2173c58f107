"""A recorded Asterisk: what its queue log gives, stay by stay, against what was true of each."""

import gzip
import itertools
import json
import random
from collections import Counter, defaultdict
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from streams.contract.figures import Figures
from streams.contract.records import KpiRecord
from streams.kpis.replay import Replay
from streams.settings import Settings
from streams.sources import queue_log
from streams.sources.complaints import Complaints
from streams.wire.rejected import Rejected

DATA = Path(__file__).parents[1] / "data" / "asterisk"
LOGS = [DATA / "queue_log.gz", DATA / "queue_log.0.gz"]
DOCUMENT = Path(queue_log.__file__).with_name("QUEUE_LOG.md")


@cache
def truth() -> Any:
    """The recording's truth."""
    return json.loads(gzip.decompress((DATA / "truth.json.gz").read_bytes()))


def true_stays() -> list[dict[str, Any]]:
    """Those that got in, in time order."""
    return [
        stay for stay in truth()["visits"] if stay["outcome"] not in ("blocked", "no_such_queue")
    ]


class Reading(NamedTuple):
    """What a log gave: its events, the replay's records and anomalies, and what was said."""

    events: list[Any]
    records: list[KpiRecord]
    anomalies: dict[str, tuple[int, str, int]]
    said: list[str]


def fresh(mapping: Path | None = None, logs: list[Path] = LOGS) -> Reading:
    """A log read from its first line."""
    said, replay, events = Complaints(), Replay(Settings()), []
    for name, number, found in queue_log.read(logs, mapping, None, said):
        if isinstance(found, Rejected):
            said.add(name, number, found)
        else:
            events.append(found)
            replay.add(found, name, number)
    return Reading(events, replay.records(), replay.anomalies(), list(said.lines()))


@cache
def told() -> Reading:
    """The same of the recording as it is, for those that only look at it."""
    return fresh()


def told_stays() -> dict[tuple[str, str], list[dict[str, Any]]]:
    """{(call, queue): its stays in time order}, of the log, in the words of the truth."""
    people = {m[key]: who for who, m in truth()["members"].items() for key in ("interface", "name")}
    stays: defaultdict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
    last: dict[str, dict[str, Any]] = {}
    for event in told().events:
        stay, at = last.get(event.contact_id, {}), event.occurred_at
        match event.TYPE:
            case "contact.enqueued":
                last[event.contact_id] = {"entered_at": at}
                stays[event.contact_id, event.queue].append(last[event.contact_id])
            case "contact.answered":
                agent = people[event.agent_id]
                stay |= {"outcome": "answered", "answered_at": at, "agent": agent}
            case "contact.ended" | "contact.transferred":
                stay |= {"ended_at": at, "transferred": event.TYPE == "contact.transferred"}
            case "contact.abandoned":
                stay |= {"outcome": "abandoned", "left_at": at}
            case "contact.flowed_out":
                stay |= {"outcome": "flowed_out", "left_at": at, "reason": event.reason}
    return stays


def pairs() -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """Each true stay with the log's; there are equally many in each queue of each call."""
    stays = told_stays()
    found = [(stay, stays[stay["uid"], stay["queue"]].pop(0)) for stay in true_stays()]
    assert not any(stays.values())
    return found


def test_every_stay_is_told_as_it_was() -> None:
    """Its outcome, the reason it flowed out for, the agent; the wait to the clock's second."""
    for true, found in pairs():
        for field in ("outcome", "reason", "agent"):
            assert found.get(field) == true.get(field), true
        end = "answered_at" if true["outcome"] == "answered" else "left_at"
        wait = true[end] - true["entered_at"]
        assert abs(found[end] - found["entered_at"] - wait) < 1000, true


def beyond_the_log() -> Counter[str]:
    """What the log has otherwise, by the kinds of QUEUE_LOG.md; fails on what is of no kind."""
    kinds: Counter[str] = Counter()
    desks = {who for who, m in truth()["members"].items() if "@desk" in m["interface"]}
    for true, found in pairs():
        if true["outcome"] != "answered":
            continue
        talk = true["ended_at"] - true["answered_at"]
        is_longer = found["ended_at"] - found["answered_at"] - talk
        if true["agent"] in desks and true["transferred"] and not found["transferred"]:
            assert is_longer > 1000
            kinds[
                "transfer by a phone behind a Local channel: talk goes on to the caller's end"
            ] += 1
        elif true["transferred"] and not found["transferred"]:
            assert true["ended_by"].startswith("attended_transfer")
            assert abs(is_longer) < 1000
            kinds["attended transfer logged as `COMPLETEAGENT` alone"] += 1
        elif true["ended_by"] == "cut" and abs(is_longer) >= 1000:
            assert is_longer < 5000
            kinds["talk at a `kill -9`: it goes on to the next start"] += 1
        else:
            assert found["transferred"] == true["transferred"], true
            assert abs(is_longer) < 1000, true
    refused = Counter(stay["queue"] for stay in truth()["visits"] if stay["outcome"] == "blocked")
    for record in told().records:
        if record.queue != "_all":
            kinds["refused by Asterisk itself (`maxlen`, `joinempty`)"] += (
                refused[record.queue] - record.windows["all"].blocked
            )
    beaten = truth()["figures"]["_all"]["offers"]["rescinded"]
    kinds["phone of a ring-all that another one beat"] += beaten
    return kinds


def test_the_document_names_all_that_the_log_does_not_tell() -> None:
    """Each kind with its count in the recording, and there is no other kind."""
    document = DOCUMENT.read_text(encoding="utf-8")
    for kind, count in beyond_the_log().items():
        assert f"| {kind} | {count} |" in document


def laps() -> Counter[str]:
    """By queue: who left it unanswered and was in it again at once, so perhaps never left."""
    calls: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    for stay in true_stays():
        calls[stay["uid"]].append(stay)
    return Counter(
        stay["queue"]
        for stays in calls.values()
        for stay, following in itertools.pairwise(stays)
        if stay["outcome"] == "flowed_out"
        and stay["queue"] == following["queue"]
        and following["entered_at"] - stay["left_at"] < 5000
    )


def test_figures_of_every_queue_are_the_true_ones() -> None:
    """Offered, answered, abandoned, flowed out by reason, handled, through the core."""
    assert told().anomalies.keys() <= {"lap", "said_again"}
    figures: dict[str, Figures] = {r.queue: r.windows["all"] for r in told().records}
    true = truth()["figures"]
    assert figures.keys() == true.keys()
    for queue, found in figures.items():
        for name in ("answered", "abandoned", "handled"):
            assert getattr(found, name) == true[queue][name], (queue, name)
        joined = true[queue]["offered"] - found.offered
        assert joined == (laps().total() if queue == "_all" else laps()[queue])
        assert true[queue]["flowed_out"] - found.flowed_out == joined
        if not joined:
            reasons = {reason: n for reason, n in found.flowed_out_reasons.items() if n}
            assert reasons == true[queue]["flowed_out_reasons"]


@pytest.mark.parametrize("order", ["newest first", "any"])
def test_lines_in_another_order_give_the_same_figures(tmp_path: Path, order: str) -> None:
    """As a database hands them out: newest first, or in no order at all, each line twice."""
    older_first = (gzip.decompress(log.read_bytes()) for log in reversed(LOGS))
    lines = [line for text in older_first for line in text.splitlines(keepends=True)]
    if order == "any":
        lines *= 2
        random.Random(7).shuffle(lines)
    else:
        lines.reverse()
    file = tmp_path / "queue_log"
    file.write_bytes(b"".join(lines))
    expected, found = told().records, fresh(logs=[file]).records
    for true, given in zip(expected, found, strict=True):
        for name in ("offered", "answered", "abandoned", "flowed_out_reasons", "handled",
                     "transferred", "closed_wait_seconds", "talk_seconds"):  # fmt: skip
            of = (getattr(record.windows["all"], name) for record in (given, true))
            assert next(of) == next(of), (true.queue, name)


def test_all_lines_are_accounted_for() -> None:
    """Read = used + passed over + not understood, and the unknown ones have their place."""
    said = told().said
    assert "4,575 lines: 4,247 used, 326 passed over, 2 not understood" in said
    assert said[0] == (
        f"{LOGS[1]}:1036: unknown_type (event): no event of Asterisk's queues: SURVEY;"
        f" also {LOGS[1]}:1039"
    )


def test_occupancy_needs_to_know_who_is_who(tmp_path: Path) -> None:
    """With members' names joined, agents' time is the true one, but for talk told too long."""
    mapping = tmp_path / "members.toml"
    members = (f"{json.dumps(m['interface'])} = {json.dumps(m['name'])}" for m in
               truth()["members"].values())  # fmt: skip
    mapping.write_text("[members]\n" + "\n".join(members))
    mapped = fresh(mapping)
    found = next(r.windows["all"] for r in mapped.records if r.queue == "_all")
    true = truth()["figures"]["_all"]
    longer = found.talk_seconds - true["talk_ms"] / 1000
    busy = found.handling_agent_seconds - true["handling_agent_ms"] / 1000
    assert busy == pytest.approx(longer, abs=1)
    assert found.staffed_agent_seconds == pytest.approx(true["staffed_agent_ms"] / 1000, rel=0.01)
    assert not [text for text in mapped.said if "[members]" in text]

"""A Kafka behind TLS, with a login or with certificates: everything works as on an open one, and a
refusal is one message that says what to do. A real broker, and the commands as a user runs them."""

import re
import signal
import threading
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import orjson
import pytest
from kafka import KafkaConsumer, KafkaProducer, TopicPartition

from streams.kafka.diagnosis import why_unreachable
from tests.broker.secured_world import (
    SPELLINGS,
    WRONG,
    Done,
    Secured,
    finish,
    run,
    settings,
    start,
)
from tests.broker.toy_world import wait_until

WAYS = ("by_login", "by_certificate")
PATIENCE = 120
CALLS = """\
call_id,queue,entered_at,outcome,answered_at,ended_at,agent
1001,billing,2026-03-02T09:00:00Z,answered,2026-03-02T09:00:12Z,2026-03-02T09:04:40Z,anna
1002,billing,2026-03-02T09:00:30Z,abandoned,,2026-03-02T09:01:05Z,
1003,billing,2026-03-02T09:01:00Z,answered,2026-03-02T09:01:45Z,2026-03-02T09:03:10Z,ben
1004,sales,2026-03-02T09:05:00Z,abandoned,,2026-03-02T09:05:15Z,
"""
# Worked out by hand: answered after 12 and 45 s, talked for 268 and 85 s. The call of sales moves
# time on: a window ends with the last full ten seconds.
BILLING = {
    "offered": 3, "answered": 2, "abandoned": 1, "handled": 2,
    "wait_mean_seconds": 28.5, "handle_mean_seconds": 176.5,
}  # fmt: skip


@pytest.fixture(scope="module")
def secured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Secured]:
    """One broker for all of these tests."""
    made = Secured(tmp_path_factory.mktemp("secured"))
    made.kafka.start()
    yield made
    made.kafka.stop(patience_seconds=0)


class Running:
    """A command that goes on until it is told to end, and what it has said so far."""

    def __init__(self, env: dict[str, str], *arguments: str) -> None:
        self.process = start(env, *arguments)
        self.said = ""
        self._readers = [
            threading.Thread(target=self._read, args=(pipe,))
            for pipe in (self.process.stdout, self.process.stderr)
        ]
        for reader in self._readers:
            reader.start()

    def _read(self, pipe: Any) -> None:
        for line in pipe:
            self.said += line

    def page(self, path: str) -> bytes:
        """What it serves there; empty while it does not."""
        found = re.search(r"http://[^/\s]+:\d+", self.said)
        if found is None:
            return b""
        try:
            with urllib.request.urlopen(f"{found[0]}{path}", timeout=5) as answer:
                return bytes(answer.read())
        except OSError:
            return b""

    def ended(self) -> Done:
        """Tell it to end and wait for that."""
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(PATIENCE)
        for reader in self._readers:
            reader.join()
        assert not [word for word in SPELLINGS if word in self.said]
        return Done(code, self.said, "")


@contextmanager
def running(env: dict[str, str], *arguments: str) -> Iterator[Running]:
    """The command for as long as the block; what happens in there, it does not outlive it."""
    made = Running(env, *arguments)
    try:
        yield made
    finally:
        made.process.kill()


def records_in(secured: Secured, topic: str) -> int:
    """How many records a topic holds, asked at the open door."""
    consumer = KafkaConsumer(bootstrap_servers=secured.kafka.bootstrap)
    try:
        places = [TopicPartition(topic, n) for n in consumer.partitions_for_topic(topic)]
        return sum(consumer.end_offsets(places).values())
    finally:
        consumer.close()


def rows(done: Done) -> dict[tuple[str, str], Any]:
    """The records a command printed, by queue and channel."""
    assert done.code == 0, done.err
    found = [orjson.loads(line) for line in done.out.splitlines()]
    return {(row["queue"], row["channel"]): row for row in found}


@pytest.mark.parametrize("way", WAYS)
def test_every_command_works_behind_a_guarded_door(secured: Secured, way: str) -> None:
    """Topics, a file, the worker, KPIs, intervals, wallboard, dead letters, simulation: with
    passwords in files, the figures are those worked out by hand."""
    env = getattr(secured, way)() | {
        "STREAMS_TOPIC_PREFIX": f"{way}.",
        "STREAMS_APP_ID": way,
        "STREAMS_METRICS_PORT": "0",
        "STREAMS_BOARD_PORT": "0",
    }
    names = settings(env).topics
    calls = secured.file("calls.csv", CALLS)
    assert "created" in run(env, "topics", "create").out
    assert run(env, "topics", "check").code == 0
    assert run(env, "publish", "--format", "call-log", calls).code == 0
    producer = KafkaProducer(bootstrap_servers=secured.kafka.bootstrap)
    producer.send(names.calls, b"no event", key=b"k").get(30)
    producer.close()

    with running(env, "worker", "--clock", "event") as worker:
        wait_until(lambda: worker.page("/readyz") == b"ready\n", PATIENCE, "the worker is ready")
        wait_until(lambda: counted(env) == (BILLING, BILLING), PATIENCE, "the calls are counted")
        with running(env, "board") as board:
            wait_until(lambda: b'"offered":3' in board.page("/api/kpis"), PATIENCE, "on the wall")
            assert board.ended().code == 0
        letters = run(env, "deadletters", "list", "--json")
        assert [orjson.loads(line)["reason"] for line in letters.out.splitlines()] == ["not_json"]
        sent = run(env, "deadletters", "redrive", "--anyway", "--yes")
        assert "1 dead letters sent again" in sent.out
        assert worker.ended().code == 0, worker.said

    with running(env, "simulate", "--backlog-minutes", "2") as simulation:
        wait_until(lambda: "now live" in simulation.said, PATIENCE, "its backlog is sent")
        before = records_in(secured, names.agents)
        wait_until(lambda: records_in(secured, names.agents) > before, PATIENCE, "it goes on live")
        assert simulation.ended().code == 0, simulation.said


def counted(env: dict[str, str]) -> tuple[dict[str, Any], ...]:
    """The figures of billing in BILLING: those of the last hour, and those of the interval."""
    nothing: dict[str, Any] = {"windows": {"60m": {}}, "figures": {}}
    kpis, intervals = (
        rows(run(env, *command)).get(("billing", "voice"), nothing)
        for command in (("kpis", "--once", "--json"), ("intervals", "--json"))
    )
    return tuple(
        {name: found.get(name) for name in BILLING}
        for found in (kpis["windows"]["60m"], intervals["figures"])
    )


REFUSALS: dict[str, tuple[Callable[[Secured], dict[str, str]], str]] = {
    "wrong password": (
        lambda it: it.by_login(sasl_password_file=it.file("wrong", WRONG)),
        (
            "refuses the login of streams by SCRAM-SHA-512: check sasl_username and the password"
            " (sasl_password_file, or STREAMS_SASL_PASSWORD)"
        ),
    ),
    "untrusted certificate": (
        lambda it: it.by_login(ssl_cafile=str(it.stranger)),
        (
            "shows a certificate that cannot be trusted (unable to get local issuer certificate):"
            " name the authority that signed it in ssl_cafile"
        ),
    ),
}


@pytest.mark.parametrize("kind", REFUSALS)
def test_a_refusal_is_one_message_that_says_what_to_do(secured: Secured, kind: str) -> None:
    """Every command that asks Kafka: exit 1, one line with the address and the fix, no more."""
    refused, words = REFUSALS[kind]
    env = refused(secured) | {"STREAMS_METRICS_PORT": "0"}
    calls = secured.file("calls.csv", CALLS)
    commands = (
        ("topics", "create"),
        ("worker",),
        ("publish", "--format", "call-log", calls),
        ("kpis", "--once"),
        ("deadletters", "list"),
        ("simulate",),
    )
    # All at once: most of them wait a while, for a broker may be about to start.
    for command, process in [(command, start(env, *command)) for command in commands]:
        done = finish(process)
        expected = f"streams: Kafka at {secured.kafka.address('LOGIN')} {words}\n"
        assert (done.code, done.out, done.err) == (1, "", expected), command


def test_the_wallboard_says_why_it_has_no_figures(secured: Secured) -> None:
    """It goes on, as it does without any Kafka, and its log has the same words, once."""
    refused, words = REFUSALS["wrong password"]
    with running(refused(secured), "board", "--port", "0") as board:
        wait_until(lambda: words in board.said, PATIENCE, "a word about it")
        assert board.page("/")
        done = board.ended()
    assert done.code == 0
    assert done.out.count("WARNING") == 1
    assert "Traceback" not in done.out


@pytest.mark.parametrize(
    ("way", "changes", "words"),
    [
        ("by_login", {}, None),
        ("by_certificate", {}, None),
        ("by_login", {"sasl_mechanism": "PLAIN"}, None),
        ("by_login", {"sasl_mechanism": "SCRAM-SHA-256"}, "set another sasl_mechanism"),
        ("by_login", {"sasl_username": "nobody"}, "refuses the login of nobody"),
        ("by_login", {"bootstrap": "localhost"}, "or set ssl_check_hostname = false"),
        ("by_login", {"bootstrap": "localhost", "ssl_check_hostname": "false"}, None),
        ("by_login", {"bootstrap": "open"}, "set the security_protocol of that port"),
        (
            "by_login",
            {"security_protocol": "SASL_PLAINTEXT", "ssl_cafile": ""},
            "set the security_protocol of that port (now SASL_PLAINTEXT)",
        ),
        (
            "by_certificate",
            {"ssl_certfile": "", "ssl_keyfile": ""},
            "set ssl_certfile and ssl_keyfile if it asks for a certificate",
        ),
    ],
)
def test_what_stands_in_the_way_is_found_out(
    secured: Secured, way: str, changes: dict[str, str], words: str | None
) -> None:
    """Each mistake about a guarded door has its own words; without one there are none."""
    port = secured.kafka.address("LOGIN").partition(":")[2]
    doors = {"localhost": f"localhost:{port}", "open": secured.kafka.bootstrap}
    told = {name: doors.get(value, value) for name, value in changes.items()}
    found = why_unreachable(settings(getattr(secured, way)(**told)))
    assert words is None or words in (found or "")
    assert (found is None) == (words is None), found


def test_one_open_address_is_enough(secured: Secured) -> None:
    """A second address that nobody listens at is no hindrance."""
    both = f"127.0.0.1:1,{secured.kafka.address('LOGIN')}"
    assert why_unreachable(settings(secured.by_login(bootstrap=both))) is None


def test_debug_lines_do_not_show_the_password(secured: Secured) -> None:
    """PLAIN sends the password as it is, and the clients would write down what they send."""
    env = secured.by_login(sasl_mechanism="PLAIN") | {
        "STREAMS_LOG_LEVEL": "debug",
        "STREAMS_METRICS_PORT": "0",
    }
    calls = secured.file("calls.csv", CALLS)
    assert run(env, "topics", "create").code == 0
    assert " DEBUG " not in run(env, "publish", "--format", "call-log", calls).err
    with running(env, "worker", "--clock", "event") as worker:
        wait_until(lambda: worker.page("/readyz") == b"ready\n", PATIENCE, "ready")
        assert " DEBUG aiokafka" not in worker.ended().out

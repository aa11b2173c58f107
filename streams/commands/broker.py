"""`streams broker`: a local Apache Kafka in the foreground, for people without one.

The first line on standard output is the bootstrap address, printed once Kafka answers.
SIGINT and SIGTERM stop all nodes and end with 0. A node that ends by itself is said in one line:
the others go on, and `--restart` starts it again. With less than a majority it ends with 1.
"""

import argparse
import signal
import sys
import threading
from pathlib import Path

from streams.errors import BrokerError, StreamsError, UsageError
from streams.kafka.local_kafka import KAFKA_VERSION, LocalKafka
from streams.settings import Settings

__all__ = ["EXAMPLE", "HELP", "LocalKafka", "add_arguments", "run"]

HELP = "a local Apache Kafka, in the foreground"
EXAMPLE = "streams broker\nstreams broker --nodes 3 --restart --dir /var/tmp/three --port 9192"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds this command's options."""
    parser.add_argument(
        "--nodes", type=int, choices=(1, 3), default=1, help="how many brokers (default 1)"
    )
    parser.add_argument(
        "--dir",
        type=Path,
        metavar="D",
        default=Path(".streams/kafka"),
        help="where data stays between runs (default .streams/kafka)",
    )
    parser.add_argument(
        "--restart", action="store_true", help="start a node again that ends by itself"
    )
    parser.add_argument(
        "--port",
        type=_port,
        metavar="P",
        default=9092,
        help="first port, on loopback; twice as many as nodes are used; 0 = free ones, printed"
        " (default 9092)",
    )


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > 65_530:
        raise argparse.ArgumentTypeError("needs a port from 0 to 65530")
    return int(text)


def run(args: argparse.Namespace, settings: Settings) -> int:
    """Runs until a signal, or until too few nodes are left; raises BrokerError then."""
    del settings  # a new broker has its own address
    if args.bootstrap is not None:
        raise UsageError("--bootstrap does not go with broker: --port says where it listens")
    asked = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: asked.set())
    kafka = LocalKafka(args.nodes, args.dir, args.port)
    _say(f"starting Apache Kafka {KAFKA_VERSION} in {kafka.directory}")
    try:
        kafka.start(stop=asked)
    except OSError as problem:
        raise StreamsError(
            f"--dir {kafka.directory}: cannot be a folder of ours ({problem.strerror})"
        ) from problem
    try:
        if not asked.is_set():
            print(kafka.bootstrap, flush=True)
            _say("ready; Ctrl-C stops it")
        while not asked.wait(0.5):
            for node, reason in kafka.lost().items():
                if args.restart:
                    _say(reason)
                    _restart(kafka, node, asked)
                else:
                    _go_on(kafka, reason)
    finally:
        kafka.stop()
    return 0


def _restart(kafka: LocalKafka, node: int, asked: threading.Event) -> None:
    """Tries it once: a node that cannot start is lost."""
    _say(f"starting node {node} again")
    try:
        kafka.start_node(node, asked)
    except BrokerError as problem:
        kafka.kill_node(node)
        _go_on(kafka, str(problem))
    else:
        if not asked.is_set():
            _say(f"node {node} is back")


def _go_on(kafka: LocalKafka, reason: str) -> None:
    """Says what is lost and what is left; raises BrokerError where that is no majority."""
    if kafka.nodes == 1:
        raise BrokerError(reason)
    left, needed = len(kafka.running), kafka.nodes // 2 + 1
    if left < needed:
        raise BrokerError(
            f"{reason}\n{left} of {kafka.nodes} nodes left, Kafka needs {needed}: ending"
        )
    _say(f"{reason}\n{left} of {kafka.nodes} nodes go on without it")


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)

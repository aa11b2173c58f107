"""`streams broker`: a local Apache Kafka in the foreground, for people without one.

The first line on standard output is the bootstrap address, printed once Kafka answers.
SIGINT and SIGTERM stop all nodes and end with 0; a node that ends by itself ends it with 1.
"""

import argparse
import signal
import sys
import threading
from pathlib import Path

from streams.kafka.local_kafka import KAFKA_VERSION, LocalKafka
from streams.settings import Settings

__all__ = ["EXAMPLE", "HELP", "LocalKafka", "add_arguments", "run"]

HELP = "a local Apache Kafka, in the foreground"
EXAMPLE = "streams broker\nstreams broker --nodes 3 --dir /var/tmp/three --port 9192"


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
    """Runs until a signal, or until a node ends; raises BrokerError then."""
    del settings  # a new broker has its own address
    asked = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: asked.set())
    kafka = LocalKafka(args.nodes, args.dir, args.port)
    print(f"starting Apache Kafka {KAFKA_VERSION} in {kafka.directory}", file=sys.stderr)
    kafka.start(stop=asked)
    try:
        if not asked.is_set():
            print(kafka.bootstrap, flush=True)
            print("ready; Ctrl-C stops it", file=sys.stderr)
        while not asked.wait(0.5):
            kafka.check()
    finally:
        kafka.stop()
    return 0

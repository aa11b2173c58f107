"""The figures as any consumer reads them: the newest record of each queue, then each new one.

    python consume_kpis.py [--bootstrap HOST:PORT] [--topic NAME]

Needs kafka-python alone. Ctrl-C ends it (exit 130); without a Kafka or the topic it ends with 1.
"""

import argparse
import json
import os
import sys
from typing import Any

from kafka import KafkaConsumer, TopicPartition
from kafka.errors import KafkaError


def follow(bootstrap: str, topic: str) -> None:
    """Prints a line a record, for ever; the topic is compacted, so it begins with the newest."""
    # Results are written in transactions: read_committed leaves out those that were given up.
    consumer = KafkaConsumer(
        bootstrap_servers=bootstrap.split(","), group_id=None, isolation_level="read_committed"
    )
    partitions = [TopicPartition(topic, n) for n in consumer.partitions_for_topic(topic) or ()]
    if not partitions:
        raise SystemExit(f"Kafka at {bootstrap} has no topic {topic}")
    consumer.assign(partitions)
    consumer.seek_to_beginning(*partitions)
    while True:
        for records in consumer.poll(timeout_ms=500).values():
            for record in records:
                if record.value is not None:
                    print(line(json.loads(record.value)), flush=True)


def line(record: dict[str, Any]) -> str:
    """Queue, channel, who waits, and the service level of the last 5 minutes."""
    formula = record["definitions"]["default_formula"]
    level = record["windows"]["5m"]["service_level"].get(formula)
    shown = "–" if level is None else f"{level:.1%}"  # None: nothing to divide by
    waiting = record["live"]["waiting"]
    return f"{record['queue']} ({record['channel']}): {waiting} waiting, service level {shown}"


def main() -> int:
    """Follows until Ctrl-C."""
    parser = argparse.ArgumentParser(description="Print each KPI record as it comes.")
    parser.add_argument("--bootstrap", default="127.0.0.1:9092", metavar="HOST:PORT[,…]")
    parser.add_argument("--topic", default="contact.kpis", metavar="NAME")
    args = parser.parse_args()
    try:
        follow(args.bootstrap, args.topic)
    except KafkaError as problem:
        print(f"Kafka at {args.bootstrap}: {type(problem).__name__}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # whoever reads the lines has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""`streams topics`: creates the topics, or reports every difference from the plan."""

import argparse
import sys

from streams.commands.questions import agreed
from streams.errors import StreamsError, UsageError
from streams.kafka.topics import alter_topics, check_topics, create_topics, topic_plan
from streams.kafka.topics_reset import derived_topics, reset_topics
from streams.settings import Settings

HELP = "create the topics, check them, or recount from the inputs"
EXAMPLE = "streams topics create\nstreams topics check --bootstrap kafka-1:9092"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds this command's options."""
    parser.add_argument(
        "action",
        choices=("create", "check", "reset"),
        help="create them, compare them, or empty all but inputs and dead letters: workers then"
        " recount what the inputs still hold",
    )
    parser.add_argument("--yes", action="store_true", help="reset: do not ask")
    parser.add_argument(
        "--alter", action="store_true", help="create: also set what differs in existing topics"
    )
    parser.add_argument("--partitions", type=int, help="of every topic (default 4)")
    parser.add_argument("--replication-factor", type=int, help="copies of each (default 1)")


def _reset(settings: Settings, yes: bool) -> bool:
    to_empty = ", ".join(derived_topics(settings))
    if not yes:
        if not sys.stdin.isatty():
            raise StreamsError(f"not at a terminal: say --yes to empty {to_empty}")
        print(f"to be emptied: {to_empty}")
        print("intervals older than the inputs are gone then: streams intervals --out FILE.csv")
        if not agreed("empty them?"):
            return False
    reset_topics(settings)
    print(f"emptied {to_empty}")
    return True


def run(args: argparse.Namespace, settings: Settings) -> int:
    """Exit 0 when all topics are as planned afterwards, else 1 with the differences on stderr."""
    if args.yes and args.action != "reset":
        raise UsageError(f"--yes does not go with {args.action}")
    if args.alter and args.action != "create":
        raise UsageError(f"--alter does not go with {args.action}")
    if args.action == "reset" and not _reset(settings, args.yes):
        print("nothing was done")
        return 1
    if args.action == "create":
        for name in create_topics(settings):
            print(f"created {name}")
        if args.alter:
            for change in alter_topics(settings):
                print(f"set {change}")
    differences = check_topics(settings)
    for difference in differences:
        print(difference, file=sys.stderr)
    if not differences:
        print(f"all {len(topic_plan(settings))} topics are as they should be")
    return 1 if differences else 0

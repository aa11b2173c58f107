"""The command line: finds the command's module, builds the settings, turns errors into one message.

A command is a module of `streams.commands` with HELP, EXAMPLE, `add_arguments(parser)` and
`run(args, settings) -> exit code`; imported only when asked for, so that --help is quick.
Exit codes: see EXIT_CODES.
"""

import argparse
import importlib
import logging
import os
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from streams import __version__, settings
from streams.errors import ConfigError, StreamsError, UsageError
from streams.logs import log_to_stderr

log = logging.getLogger("streams")

# One line each, in the order a newcomer meets them. A test compares them with the modules' HELP.
COMMANDS = {
    "demo": "everything on this machine: Kafka, worker, simulated centre, wallboard",
    "broker": "a local Apache Kafka, in the foreground",
    "topics": "create the topics, check them, or recount from the inputs",
    "worker": "the stream processor; any number of them, up to the partitions",
    "simulate": "a seeded contact centre, to Kafka or to a file",
    "publish": "files of events into the topics, in time order",
    "replay": "files of events through the same core, without Kafka",
    "mapping": "proposes how the columns of a call log are read",
    "kpis": "the live KPIs, as a table or as JSON",
    "intervals": "the newest revision of each 15-minute interval",
    "agents": "single agents today, where the settings want them",
    "board": "the wallboard web page",
    "anomalies": "events that found an unexpected state, a sample",
    "deadletters": "list rejected events, or send them again",
}

GETTING_STARTED = """\
the way, a terminal each:
  streams broker                    a local Kafka (or set STREAMS_BOOTSTRAP to yours)
  streams topics create             the topics
  streams worker                    counts, and serves /metrics
  streams simulate                  a centre with calls, chats, tickets and agents
  streams kpis --follow             the numbers

example: streams demo               all of it in one"""


EXIT_CODES = """\
exit codes: 0 done, or ended by Ctrl-C where that is the end (demo, broker, worker, simulate,
board); 1 failed, the last line says why; 2 wrong use; 70 a worker that stopped rather than
risk a wrong number: start it again; 130 interrupted before its end"""


class Parser(argparse.ArgumentParser):
    """Wrong use says where help is."""

    def error(self, message: str) -> NoReturn:
        """Exit 2: what is wrong, and where help is."""
        # What argparse says for a type that has no words of its own: here, all of them are numbers.
        message = re.sub(r"invalid \w+ value: ", "needs a number, not ", message)
        self.exit(2, f"{self.prog}: {message}\ntry: {self.prog} --help\n")


def _common() -> argparse.ArgumentParser:
    common = argparse.ArgumentParser(add_help=False)
    group = common.add_argument_group("common options")
    group.add_argument("--config", metavar="FILE", help="settings (STREAMS_CONFIG; default none)")
    group.add_argument(
        "--bootstrap",
        metavar="HOST:PORT[,…]",
        help="where Kafka is (STREAMS_BOOTSTRAP; default 127.0.0.1:9092)",
    )
    group.add_argument(
        "--log-level",
        choices=("debug", "info", "warning", "error"),
        help="least important line to log (STREAMS_LOG_LEVEL; default info)",
    )
    return common


def _overview() -> Parser:
    width = max(map(len, COMMANDS)) + 2
    lines = "\n".join(f"  {name:<{width}}{text}" for name, text in COMMANDS.items())
    parser = Parser(
        prog="streams",
        usage="streams COMMAND [options]",
        description="Contact-centre events in Kafka, turned into exact live KPIs.",
        epilog=f"commands:\n{lines}\n\n{GETTING_STARTED}\n\n{EXIT_CODES}\n\n"
        "help for one: streams COMMAND --help",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"streams {__version__}")
    parser.add_argument("command", metavar="COMMAND", choices=COMMANDS, help=argparse.SUPPRESS)
    return parser


def run(arguments: Sequence[str]) -> int:
    """Runs one command and returns its exit code; errors of the project are raised."""
    if not arguments:
        _overview().print_help(sys.stderr)
        return 2
    # Only the command's name is looked at here, what follows is the command's own.
    name = _overview().parse_args(arguments[:1]).command
    tool = importlib.import_module(f"streams.commands.{name}")
    example = "\n  ".join(str(tool.EXAMPLE).strip().splitlines())
    parser = Parser(
        prog=f"streams {name}",
        description=tool.HELP,
        epilog=f"{EXIT_CODES}\n\nexample:\n  {example}",
        parents=[_common()],
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    tool.add_arguments(parser)
    args = parser.parse_args(arguments[1:])
    config = args.config or os.environ.get("STREAMS_CONFIG")
    typed = {it.dest: it.option_strings[0] for it in parser._actions if it.option_strings}
    configured = settings.load(Path(config) if config else None, os.environ, vars(args), typed)
    log_to_stderr(configured.log_level)
    for calendar in configured.losing_a_minute():
        log.warning(
            "hours of a calendar end at 23:59: the last minute is closed; 24:00 ends the day",
            extra={"calendar": calendar},
        )
    # The clients report each try to reach a broker; we say it once, in our own words. A worker goes
    # on for months: there, what its client has met is worth a line.
    for client in ("kafka",) if name == "worker" else ("kafka", "aiokafka", "asyncio"):
        logging.getLogger(client).setLevel(
            logging.CRITICAL if configured.log_level != "debug" else logging.INFO
        )
    try:
        return int(tool.run(args, configured))
    except Exception as problem:
        if type(problem).__module__.startswith(("kafka.", "aiokafka.")):
            from streams.kafka.diagnosis import broker_problem

            raise broker_problem(problem, configured) from problem
        raise


def main(arguments: Sequence[str] | None = None) -> int:
    """The console script."""
    try:
        try:
            return run(sys.argv[1:] if arguments is None else arguments)
        finally:
            # Here, not at the interpreter's end: a reader that is gone is then still caught below.
            sys.stdout.flush()
    except StreamsError as problem:
        log.debug("command failed", exc_info=True)
        print(f"streams: {problem}", file=sys.stderr)
        wrong_use = isinstance(problem, ConfigError) and problem.wrong_use
        return 2 if wrong_use or isinstance(problem, UsageError) else 1
    except BrokenPipeError:
        # The reader of our output has enough (`| head`): nothing to say, nowhere to flush to.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())

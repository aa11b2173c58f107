"""`streams board`: serves the wallboard until it is told to stop."""

import argparse
import asyncio
import logging
import os
import signal
from pathlib import Path

from aiohttp import encode_basic_auth, web

from streams.board.access import is_loopback
from streams.board.feed import KafkaFeed
from streams.board.server import Board, Options, runner_of
from streams.board.store import Store
from streams.errors import ConfigError, StreamsError
from streams.kafka.connect import kafka_python_options
from streams.kafka.diagnosis import broker_problem
from streams.kpis.definitions import Definitions
from streams.settings import Settings

logger = logging.getLogger(__name__)

HELP = "the wallboard web page"
EXAMPLE = """\
streams board --port 8088
then open http://127.0.0.1:8088/?window=30m&kiosk=1"""
MIN_TOKEN = 16


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `streams board`."""
    parser.add_argument(
        "--port",
        dest="board_port",
        metavar="PORT",
        help="port to listen on, 0 = a free one (STREAMS_BOARD_PORT; default 8088)",
    )
    parser.add_argument(
        "--host",
        dest="board_host",
        metavar="ADDRESS",
        help="address to listen on (STREAMS_BOARD_HOST; default 127.0.0.1)",
    )
    parser.add_argument(
        "--alertmanager",
        dest="board_alertmanager",
        metavar="URL",
        help="shows the alerts that fire there (STREAMS_BOARD_ALERTMANAGER); a login is"
        " STREAMS_BOARD_ALERTMANAGER_USER and ..._PASSWORD_FILE",
    )
    parser.add_argument(
        "--token-file",
        metavar="FILE",
        help="ask every browser for the token in this file; open /#token=… once to give it",
    )
    parser.add_argument(
        "--allowed-host",
        action="append",
        default=[],
        metavar="NAME",
        help="a further name the board answers to, as browsers spell it; may be repeated",
    )
    parser.add_argument(
        "--worker",
        action="append",
        default=[],
        metavar="URL",
        help="a worker whose /readyz is shown (http://127.0.0.1:9464); may be repeated",
    )
    parser.add_argument(
        "--stale-after",
        type=float,
        default=30.0,
        metavar="SECONDS",
        help="figures older than this are greyed out (default 30)",
    )


def run(args: argparse.Namespace, settings: Settings) -> int:
    """Serve until SIGINT or SIGTERM. Raises ConfigError for wrong options."""
    options = _options(args, settings)
    store = Store(zones=Definitions(settings).zones)
    topics = settings.topics
    feed = KafkaFeed(
        store,
        kafka_python_options(settings),
        topics.kpis,
        topics.history,
        topics.intervals,
        lambda problem: broker_problem(problem, settings),
    )
    return asyncio.run(_serve(Board(store, options), feed, settings.board_port))


def _options(args: argparse.Namespace, settings: Settings) -> Options:
    mistakes = []
    token = None
    if args.token_file:
        try:
            token = Path(args.token_file).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            why = error.strerror if isinstance(error, OSError) else "it is no text"
            mistakes.append(f"--token-file: {args.token_file} cannot be read ({why})")
        else:
            if len(token) < MIN_TOKEN:
                mistakes.append(f"--token-file: needs a token of {MIN_TOKEN} characters or more")
    mistakes += [
        f"--worker: needs an address, for example http://127.0.0.1:9464, not {address}"
        for address in args.worker
        if not address.startswith(("http://", "https://"))
    ]
    if not 1 <= args.stale_after <= 86_400:
        mistakes.append("--stale-after: needs 1 to 86400 seconds")
    if mistakes:
        raise ConfigError(mistakes)
    if token is None and not is_loopback(settings.board_host):
        logger.warning("the board is open to everyone on the network: --token-file closes it")
    return Options(
        host=settings.board_host,
        allowed_hosts=tuple(args.allowed_host),
        token=token,
        workers=tuple(args.worker),
        alertmanager=settings.board_alertmanager,
        alertmanager_login=_login(settings),
        stale_seconds=args.stale_after,
    )


def _login(settings: Settings) -> str | None:
    user, password = settings.board_alertmanager_user, settings.board_alertmanager_password
    return encode_basic_auth(user, password.reveal()) if user and password else None


async def _serve(board: Board, feed: KafkaFeed, port: int) -> int:
    ending = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, ending.set)
    # browsers hold their event stream open without end: it is not waited for at the end
    runner = runner_of(board, shutdown_seconds=0.5)
    await runner.setup()
    try:
        site = web.TCPSite(runner, board.options.host, port)
        try:
            await site.start()
        except OSError as error:
            reason = os.strerror(error.errno or 0)
            raise StreamsError(
                f"cannot listen on {board.options.host} port {port} ({reason}):"
                " choose another with --port (STREAMS_BOARD_PORT; 0 = a free one),"
                " or another address with --host"
            ) from error
        host = board.options.host
        shown = f"[{host}]" if ":" in host else host
        print(f"wallboard: http://{shown}:{runner.addresses[0][1]}/", flush=True)
        feed.start()
        await ending.wait()
    finally:
        await runner.cleanup()
        if feed.ident is not None:
            await asyncio.to_thread(feed.stop)
    return 0

"""The Faust app as the units need it, and one agent for each input topic.

In: settings. Out: a `faust.App` whose transport is `units://`, to be run by `streams worker` or by
`faust -A streams.app worker -l info --without-web`. Faust keeps group membership, assignment,
agents, timers and the command line; its tables, recovery and exactly_once are not used.
"""

import asyncio
import gc
import logging
import signal
from collections.abc import AsyncIterable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, NoReturn, Protocol

import faust
from faust.transport.drivers import TRANSPORTS
from faust.types.auth import CredentialsT
from yarl import URL

from streams.faustkit.clients import IDLE_CONNECTION_MS, Clients, KafkaClients
from streams.faustkit.options import Options
from streams.faustkit.shutdown import End, end_process
from streams.faustkit.stage import StageSpec
from streams.faustkit.units import Units
from streams.faustkit.watchdog import Watchdog

TRANSPORTS.aliases["units"] = "streams.faustkit.transport:Transport"

log = logging.getLogger(__name__)

LEAVE_SECONDS = 1.0
#: New containers before the garbage collector runs; runs before it looks at older ones.
COLLECT_AFTER = (20_000, 20, 100)
# The inputs are polled by our own pace; this only keeps an idle member from being thrown out.
MAX_POLL_INTERVAL_SECONDS = 7 * 24 * 3600.0


class AppSettings(Protocol):
    """What `build_app` reads of the product's settings."""

    @property
    def app_id(self) -> str: ...
    @property
    def tick_seconds(self) -> float: ...
    @property
    def transaction_timeout_seconds(self) -> float: ...
    @property
    def session_timeout_seconds(self) -> float: ...
    @property
    def group_instance_id(self) -> str | None: ...


class UnitApp(faust.App):
    """A Faust app with units; any crash of a service ends the process with 70."""

    options: Options
    units: Units
    end: End

    def _create_directories(self) -> None:
        """None: state is in Kafka alone, and a folder others know the name of is theirs to fill."""

    async def on_start(self) -> None:
        """Faust is starting: watch its event loop."""
        await super().on_start()
        # State stays: what is loaded by now is never examined again, and what is new only
        # seldom. Unset, the collector takes a tenth of a busy worker's time.
        gc.collect()
        gc.freeze()
        gc.set_threshold(*COLLECT_AFTER)
        self._watchdog = Watchdog(self.units, self.end)
        self._watchdog.start()

    async def on_stop(self) -> None:
        """Release the units before the group is left; a unit that went on would be fenced."""
        await super().on_stop()
        await self.units.close()
        self._watchdog.stop()

    def leave_group(self) -> None:
        """Tell the group within a second that this member is gone."""
        if self._consumer is not None:
            # The transport's; imported for its type it would close a circle.
            consumer: Any = self._consumer
            consumer._thread.leave_group(LEAVE_SECONDS)

    async def _on_agent_error(self, agent: Any, exc: BaseException) -> None:
        # Faust would go on to skip the event and start the agent again.
        self.end("an agent failed", exc, agent=agent.name)

    def _crash(self, reason: BaseException) -> None:
        # Called on every service above the one that crashed.
        self.end("a Faust service crashed", reason)
        super()._crash(reason)


def build_app(settings: AppSettings, client: Mapping[str, Any], **changes: Any) -> UnitApp:
    """The app; `client`: aiokafka's connection options; `changes` replace fields of `Options`."""
    options = Options(
        **{
            "app_id": settings.app_id,
            "client": client,
            "tick_seconds": settings.tick_seconds,
            "transaction_timeout_seconds": settings.transaction_timeout_seconds,
            "session_timeout_seconds": settings.session_timeout_seconds,
            "group_instance_id": settings.group_instance_id,
            **changes,
        }
    )
    session = options.session_timeout_seconds
    app = UnitApp(
        options.app_id,
        broker=_urls(client["bootstrap_servers"]),
        broker_credentials=_credentials(client),
        broker_session_timeout=session,
        broker_heartbeat_interval=min(3.0, session / 4),
        broker_rebalance_timeout=session,
        # A JoinGroup may take the whole rebalance timeout.
        broker_request_timeout=session + max(30.0, session),
        broker_max_poll_interval=MAX_POLL_INTERVAL_SECONDS,
        # For lag tools alone.
        broker_commit_interval=3.0,
        consumer_group_instance_id=options.group_instance_id,
        consumer_auto_offset_reset="earliest",
        consumer_max_fetch_size=1 << 20,
        consumer_connections_max_idle_ms=IDLE_CONNECTION_MS,
        producer_connections_max_idle_ms=IDLE_CONNECTION_MS,
        # 0 would quietly replace Faust's co-partitioning assignor; nothing is replicated anyway.
        table_standby_replicas=1,
        processing_guarantee="at_least_once",
        stream_buffer_maxsize=16,
        stream_wait_empty=True,
        topic_allow_declare=False,
        topic_disable_leader=True,
        web_enabled=False,
        store="memory://",
        autodiscover=False,
    )
    app.options = options
    app.end = partial(end_process, before_exit=app.leave_group)
    return app


def attach(
    app: UnitApp,
    stages: Mapping[str, StageSpec],
    *,
    agents: bool = True,
    links: Clients | None = None,
) -> Units:
    """Give the app its units, and one agent for each input topic unless `agents` is False.

    An own agent on `input_topic` is `async for event in stream.noack().events(): units.put(event)`.
    """
    app.units = Units(app.options, stages.values(), links or KafkaClients(), app.end)
    if agents:
        for topic in app.units.topics:
            app.agent(
                input_topic(app, topic),
                name=f"{app.options.app_id}.{topic}",
            )(_hand_over(app.units))
    return app.units


def run_worker(app: UnitApp) -> NoReturn:
    """Run the app until a signal; exits with 0 then. Logging stays as it has been configured."""
    worker = _Worker(
        app, loglevel="info", override_logging=False, redirect_stdouts=False, workdir=Path.cwd(),
        loop=asyncio.new_event_loop(),
    )  # fmt: skip
    worker.spinner = None
    worker.execute_from_commandline()
    raise SystemExit(0)


class _Worker(faust.Worker):
    """Faust's, without its cry at Ctrl-C."""

    def _on_sigint(self) -> None:
        self._schedule_shutdown(signal.SIGINT)

    def _schedule_shutdown(self, signal: signal.Signals) -> None:
        # A stop in order waits for Kafka; the watchdog sees to it that it does so in vain no longer
        # than it must.
        app = self.app
        assert isinstance(app, UnitApp)
        app.units.stopping = True
        super()._schedule_shutdown(signal)


def input_topic(app: UnitApp, name: str) -> Any:
    """The Faust topic of one input: raw bytes, so that nothing can fail before the unit."""
    return app.topic(
        name, key_type=bytes, value_type=bytes, key_serializer="raw", value_serializer="raw"
    )


def _hand_over(units: Units) -> Any:
    async def hand_over(stream: Any) -> None:
        events: AsyncIterable[Any] = stream.noack().events()
        async for event in events:
            units.put(event)

    return hand_over


def _urls(bootstrap: str | list[str]) -> list[URL]:
    servers = bootstrap.split(",") if isinstance(bootstrap, str) else bootstrap
    return [URL(f"units://{server.strip()}") for server in servers]


def _credentials(client: Mapping[str, Any]) -> CredentialsT | None:
    protocol = client.get("security_protocol", "PLAINTEXT")
    if protocol == "SSL":
        return faust.SSLCredentials(context=client["ssl_context"])
    if protocol.startswith("SASL"):
        return faust.SASLCredentials(
            username=client.get("sasl_plain_username"),
            password=client.get("sasl_plain_password"),
            mechanism=client.get("sasl_mechanism", "PLAIN"),
            ssl_context=client.get("ssl_context"),
        )
    return None

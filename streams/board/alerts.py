"""The alerts that fire now, as Alertmanager tells them, for the wall to show.

In: Alertmanager's API v2, asked every three seconds. Out: `state`, for the status line, and what
a filter lets through, for an event of the stream; `number` grows whenever something differs.
Invariant: nothing waits for an answer. What Alertmanager sends is bounded in time and size, and
what it has sent is shown for a quarter of an hour at most once it is silent. Pages and tickets
alone are shown; one that is silenced or held back is marked, for nobody was told of it.
"""

import asyncio
import logging
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

import msgspec
from aiohttp import ClientError, ClientSession, ClientTimeout

from streams.board.query import Filter
from streams.board.records import UnreadableError
from streams.wall_clock import now_ms

logger = logging.getLogger(__name__)

ASK_SECONDS: Final = 3.0
ANSWER_SECONDS: Final = 2.0
MAX_BYTES: Final = 4 << 20  # some thousand alerts
MAX_ALERTS: Final = 200  # the others are counted
MAX_TEXT: Final = 300
KEPT_MS: Final = 15 * 60_000  # as long as the rules hold a page without figures
SEVERITIES: Final = ("page", "ticket")
QUERY: Final = {"filter": 'severity=~"page|ticket"'}


class _Status(msgspec.Struct):
    state: str


class _Told(msgspec.Struct, rename="camel"):
    """What is read of one alert of the API; whatever else it has, is not."""

    fingerprint: str
    starts_at: datetime
    status: _Status
    labels: dict[str, str]
    annotations: dict[str, str]


class Alert(msgspec.Struct, frozen=True):
    """One alert as the page gets it: `since_ms` is when it began, `muted` that nobody is told."""

    id: str
    severity: str
    since_ms: int
    muted: bool
    tenant: str
    queue: str
    channel: str
    summary: str
    value: str
    limit: str
    window: str
    waiting: str
    old_figures: str
    runbook_url: str


class Shown(msgspec.Struct, frozen=True, eq=True):
    """The alerts of one answer: pages first, then the oldest, muted ones last; `more` left out."""

    items: list[Alert]
    more: int


_ANSWER: Final = msgspec.json.Decoder(list[_Told])
_ENCODER: Final = msgspec.json.Encoder()


def read(raw: bytes) -> Shown:
    """What is shown of an answer. Raises UnreadableError if it is none of Alertmanager's."""
    try:
        answer = _ANSWER.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise UnreadableError("not a list of alerts") from error
    alerts = sorted(
        (_alert(one) for one in answer if one.labels.get("severity") in SEVERITIES),
        key=lambda one: (one.muted, SEVERITIES.index(one.severity), one.since_ms, one.id),
    )
    return Shown(alerts[:MAX_ALERTS], max(0, len(alerts) - MAX_ALERTS))


def _alert(told: _Told) -> Alert:
    def label(name: str) -> str:
        return told.labels.get(name, "")[:MAX_TEXT]

    def note(name: str) -> str:
        return told.annotations.get(name, "")[:MAX_TEXT]

    runbook = note("runbook_url")
    return Alert(
        id=told.fingerprint[:MAX_TEXT],
        severity=told.labels["severity"],
        since_ms=round(told.starts_at.timestamp() * 1_000),
        muted=told.status.state == "suppressed",
        tenant=label("tenant"),
        queue=label("queue"),
        channel=label("channel"),
        summary=note("summary") or label("alertname"),
        value=note("value"),
        limit=note("limit"),
        window=note("window"),
        waiting=note("waiting"),
        old_figures=note("old_figures"),
        # it becomes the address of a link: a page of the web, and nothing else
        runbook_url=runbook if runbook.startswith(("http://", "https://")) else "",
    )


@dataclass(slots=True)
class State:
    """`off` `connecting` `live` `lost`, since when; `detail` is the reason in a few words."""

    state: str
    since_ms: int = field(default_factory=now_ms)
    detail: str = ""


class AlertWatch:
    """Lives on the web server's event loop. Without an address it is `off` and asks nobody.

    `login` is the value of the header Authorization.
    """

    def __init__(self, address: str | None = None, login: str | None = None) -> None:
        self._url = f"{address.rstrip('/')}/api/v2/alerts" if address else ""
        # what is not packed cannot grow when it is unpacked
        self._headers = {"Accept-Encoding": "identity"}
        if login:
            self._headers["Authorization"] = login
        self._heard_ms = 0
        self.state = State("connecting" if address else "off")
        self.number = 0
        self.shown = Shown([], 0)

    async def run(self) -> None:
        """Ask until cancelled."""
        async with ClientSession(
            timeout=ClientTimeout(total=ANSWER_SECONDS),
            headers=self._headers,
            auto_decompress=False,
        ) as session:
            while True:
                await self._ask(session)
                await asyncio.sleep(ASK_SECONDS)

    async def _ask(self, session: ClientSession) -> None:
        try:
            shown = read(await self._answer(session))
        except UnreadableError as error:
            self._become("lost", str(error))
        except TimeoutError:
            self._become("lost", "no answer")
        except (ClientError, OSError):
            self._become("lost", "no connection")
        else:
            self._heard_ms = now_ms()
            self._become("live", "")
            self._show(shown)
        if self.state.state == "lost" and now_ms() - self._heard_ms > KEPT_MS:
            self._show(Shown([], 0))

    async def _answer(self, session: ClientSession) -> bytes:
        async with session.get(self._url, params=QUERY, allow_redirects=False) as answer:
            if answer.status != 200:
                raise UnreadableError(f"HTTP {answer.status}")
            raw = bytearray()
            async for chunk in answer.content.iter_any():
                raw += chunk
                if len(raw) > MAX_BYTES:
                    raise UnreadableError("more than 4 MiB")
            return bytes(raw)

    def _become(self, state: str, detail: str) -> None:
        if (state, detail) == (self.state.state, self.state.detail):
            return
        since = self.state.since_ms if state == self.state.state else now_ms()
        self.state = State(state, since, detail)
        if state == "lost":
            logger.warning("Alertmanager tells nothing", extra={"reason": detail})

    def _show(self, shown: Shown) -> None:
        if shown != self.shown:
            self.shown = shown
            self.number += 1

    def wanted(self, wanted: Filter) -> bytes:
        """JSON of the alerts on queues that a filter lets through, and of all on no queue."""
        items = [
            one
            for one in self.shown.items
            if not one.queue or wanted.matches((one.tenant, one.queue, one.channel))
        ]
        return _ENCODER.encode(Shown(items, self.shown.more))

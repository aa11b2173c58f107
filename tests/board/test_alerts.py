"""The alerts on the wall: what of Alertmanager's answer is shown, and what an odd one may cost."""

import asyncio
import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest
from aiohttp import ClientSession, encode_basic_auth
from hypothesis import given
from hypothesis import strategies as st

from streams.board import alerts
from streams.board.query import Filter
from streams.board.records import UnreadableError
from streams.board.store import Store
from tests.board.serving import Serving, events, until
from tests.stack.servers import serving

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=8,
)
Answer = Callable[[BaseHTTPRequestHandler], None]


def alert(fingerprint: str, severity: str = "page", state: str = "active", **notes: str) -> Any:
    """One alert as Alertmanager's API tells it."""
    labels = {"alertname": "QueueUnstaffed", "severity": severity, "tenant": "acme"}
    return {
        "fingerprint": fingerprint,
        "startsAt": "2026-03-02T08:29:24.5Z",
        "endsAt": "2026-03-02T08:33:24.5Z",
        "status": {"state": state, "silencedBy": [], "inhibitedBy": []},
        "labels": labels | {"queue": "billing", "channel": "voice"},
        "annotations": {"summary": "billing (voice): 3 waiting"} | notes,
        "receivers": [{"name": "consumers"}],
    }


def body(*told: Any) -> bytes:
    return json.dumps(told).encode()


@contextmanager
def manager(answer: Answer) -> Iterator[str]:
    """An Alertmanager that answers as the test says; yields its address."""

    class Api(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            answer(self)

        def log_message(self, *_: object) -> None:
            pass

    with serving(Api) as port:
        yield f"http://127.0.0.1:{port}"


def say(request: BaseHTTPRequestHandler, content: bytes, status: int = 200) -> None:
    request.send_response(status)
    request.send_header("Content-Type", "application/json")
    request.send_header("Content-Length", str(len(content)))
    request.end_headers()
    request.wfile.write(content)


def test_pages_come_first_and_what_is_no_page_or_ticket_is_left_out() -> None:
    """Severity, then age; a muted one is marked and last; all a message says is there."""
    ticket, silent = alert("t", "ticket"), alert("s", state="suppressed")
    page = alert("p", value="3 waiting", limit="0", window="now", runbook_url="https://r.example/a")
    page["startsAt"] = "2026-03-02T08:29:24.600+00:00"
    shown = alerts.read(body(ticket, alert("i", "info"), page, alert("n", "none"), silent))
    assert [(one.id, one.severity, one.muted) for one in shown.items] == [
        ("p", "page", False),
        ("t", "ticket", False),
        ("s", "page", True),
    ]
    one = shown.items[0]
    assert (one.tenant, one.queue, one.channel) == ("acme", "billing", "voice")
    assert (one.value, one.limit, one.window) == ("3 waiting", "0", "now")
    assert (one.since_ms, one.runbook_url) == (1_772_440_164_600, "https://r.example/a")
    assert shown.more == 0


def test_an_alert_without_texts_has_at_least_its_name() -> None:
    """A rule of somebody else's is shown too."""
    bare = alert("x") | {"annotations": {}}
    [one] = alerts.read(body(bare)).items
    assert (one.summary, one.value, one.runbook_url) == ("QueueUnstaffed", "", "")


def test_texts_and_numbers_are_bounded_and_a_link_leads_to_the_web_only() -> None:
    """No alert is longer than the limit, none beyond the limit is sent, no script is a link."""
    many = [alert(f"{n:04}", summary="x" * 1_000) for n in range(alerts.MAX_ALERTS + 7)]
    shown = alerts.read(body(*many, alert("js", runbook_url="javascript:alert(1)")))
    assert (len(shown.items), shown.more) == (alerts.MAX_ALERTS, 8)
    assert {len(one.summary) for one in shown.items} == {alerts.MAX_TEXT}
    [one] = alerts.read(body(alert("js", runbook_url="javascript:alert(1)"))).items
    assert one.runbook_url == ""


def test_a_filter_leaves_out_alerts_of_other_queues_and_none_of_the_whole() -> None:
    """The same filter as for figures; what is of no queue concerns everybody."""
    other, system = alert("b"), alert("c")
    other["labels"] |= {"queue": "sales", "channel": "chat"}
    del system["labels"]["queue"], system["labels"]["tenant"]
    watch = alerts.AlertWatch()
    watch.shown = alerts.read(body(alert("a"), other, system))
    for wanted, left in (
        (Filter(), "abc"),
        (Filter(tenant="acme", channel="chat"), "bc"),
        (Filter(queues=frozenset({"bill*"})), "ac"),
        (Filter(tenant="nobody"), "c"),
    ):
        assert [one["id"] for one in json.loads(watch.wanted(wanted))["items"]] == list(left)


@given(st.binary() | JSON.map(lambda value: json.dumps(value).encode()))
def test_no_answer_breaks_the_reader(raw: bytes) -> None:
    """Whatever the bytes are: alerts, or UnreadableError."""
    with suppress(UnreadableError):
        assert alerts.read(raw).items == []


async def follow(board: Serving, wanted: Callable[[list[Any]], bool]) -> list[Any]:
    """The `alerts` events of a browser that connects now, until they are as wanted."""
    seen: list[Any] = []
    async with ClientSession() as session, session.get(f"{board.url}/events") as got:
        async for name, data in events(got):
            if name == "alerts":
                seen.append(data)
                if wanted(seen):
                    return seen
    raise AssertionError("the stream ended")


def ids(event: Any) -> list[str]:
    return [one["id"] for one in event["items"]]


@pytest.fixture
def sooner(monkeypatch: pytest.MonkeyPatch) -> None:
    """Asks more often, with less patience."""
    monkeypatch.setattr(alerts, "ASK_SECONDS", 0.02)
    monkeypatch.setattr(alerts, "ANSWER_SECONDS", 0.5)


@pytest.mark.usefixtures("sooner")
def test_browsers_get_each_change_and_a_new_one_what_there_is() -> None:
    """An event when an alert comes or goes; none while nothing changes."""
    now: list[Any] = [[alert("a")]]
    asked: list[str] = []

    def answer(request: BaseHTTPRequestHandler) -> None:
        asked.append(request.headers.get("Authorization", ""))
        say(request, body(*now[0]))

    login = encode_basic_auth("wall", "secret")
    with (
        manager(answer) as address,
        Serving(Store(), alertmanager=address, alertmanager_login=login) as board,
    ):
        until(lambda: len(asked) > 5, 30, "five questions")

        async def watch() -> None:
            first = await asyncio.wait_for(follow(board, lambda seen: ids(seen[-1]) == ["a"]), 30)
            assert len(first) == 1, "the newest at once"
            now[0] = [alert("a"), alert("b")]
            await asyncio.wait_for(follow(board, lambda seen: ids(seen[-1]) == ["a", "b"]), 30)
            now[0] = []
            await asyncio.wait_for(follow(board, lambda seen: ids(seen[-1]) == []), 30)

        asyncio.run(watch())
        assert board.board.alerts.state.state == "live"
        assert board.board.alerts.number <= 4
    assert set(asked) == {login}


def endless(request: BaseHTTPRequestHandler) -> None:
    request.send_response(200)
    request.end_headers()
    for _ in range(10_000):
        request.wfile.write(b" " * 100_000)


def slow(request: BaseHTTPRequestHandler) -> None:
    time.sleep(0.6)
    say(request, b"[]")


def elsewhere(request: BaseHTTPRequestHandler) -> None:
    request.send_response(302)
    request.send_header("Location", "http://127.0.0.1:1/")
    request.send_header("Content-Length", "0")
    request.end_headers()


@pytest.mark.usefixtures("sooner")
@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (endless, "more than 4 MiB"),
        (slow, "no answer"),
        (elsewhere, "HTTP 302"),
        (lambda request: say(request, b"<html>"), "not a list of alerts"),
        (lambda request: say(request, b"denied", 401), "HTTP 401"),
        (lambda request: request.connection.close(), "no connection"),
    ],
)
def test_an_alertmanager_that_answers_oddly_is_said_to_be_away(answer: Answer, reason: str) -> None:
    """The state says why in plain words; the board serves meanwhile."""
    with manager(answer) as address, Serving(Store(), alertmanager=address) as board:
        watch = board.board.alerts
        until(lambda: watch.state.detail == reason, 30, reason)
        assert watch.state.state == "lost"
        assert asyncio.run(asyncio.wait_for(follow(board, lambda seen: True), 10))[0]["items"] == []


@pytest.mark.usefixtures("sooner")
def test_the_last_alerts_stand_for_a_while_when_alertmanager_is_away(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """They are shown until they are too old to be true, then none is."""
    with manager(lambda request: say(request, body(alert("a")))) as address:
        board = Serving(Store(), alertmanager=address)
        with board:
            until(lambda: board.board.alerts.state.state == "live", 30, "alerts")
            until(lambda: board.board.alerts.shown.items, 30, "the alert")
            since = board.board.alerts.state.since_ms
            watch = board.board.alerts
            monkeypatch.setattr(watch, "_url", "http://127.0.0.1:1/api/v2/alerts")
            until(lambda: watch.state.state == "lost", 30, "away")
            assert [one.id for one in watch.shown.items] == ["a"]
            assert watch.state.since_ms >= since
            monkeypatch.setattr(alerts, "KEPT_MS", 0)
            until(lambda: not watch.shown.items, 30, "they are old")


def test_a_board_without_an_alertmanager_says_that_it_has_none() -> None:
    """Nothing is asked; the page knows that it cannot show alerts."""
    with Serving(Store()) as board:
        assert board.board.alerts.state.state == "off"
        [event] = asyncio.run(asyncio.wait_for(follow(board, lambda seen: True), 10))
        assert event["items"] == []

"""The board over HTTP: what it serves, whom it refuses, and whom it drops."""

import asyncio
import json
import logging
import socket
import time
from collections.abc import Coroutine, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession, ClientTimeout

from streams.board.server import STATIC
from streams.board.store import Store
from tests.board.records import Centre, key_of, value_of
from tests.board.serving import Serving, events, now_ms, put, until

TOKEN = "a token of more than sixteen characters"
Answer = tuple[int, Mapping[str, str], bytes]


@pytest.fixture
def store() -> Store:
    """Six queues, two ticket queues and their totals, with history and quality."""
    store, centre = Store(), Centre(6)
    put(store, centre.records(now_ms()))
    for record in centre.history(now_ms()):
        store.put_history(key_of(record), value_of(record))
    for record in centre.intervals(now_ms(), centre.queues[0]):
        store.put_interval(key_of(record), value_of(record))
    store.set_feed("live")
    return store


@pytest.fixture
def board(store: Store) -> Iterator[Serving]:
    """A board that serves the store."""
    with Serving(store) as board:
        yield board


def get(url: str, **headers: str) -> Answer:
    """Status, headers and body of one request."""

    async def ask() -> Answer:
        async with ClientSession() as session, session.get(url, headers=headers) as answer:
            return answer.status, answer.headers, await answer.read()

    return asyncio.run(ask())


def run(work: Coroutine[Any, Any, Any], seconds: float = 60) -> Any:
    """Run a test's coroutine with a deadline."""
    return asyncio.run(asyncio.wait_for(work, seconds))


def test_the_json_has_the_records_byte_for_byte(board: Serving, store: Store) -> None:
    """Without a window, /api/kpis is what is on the topic."""
    status, _, body = get(f"{board.url}/api/kpis")
    assert status == 200
    for raw in store.raw(store.names()):
        assert raw in body
    assert len(json.loads(body)["kpis"]) == len(store.names())


def test_filters_hold_for_json_and_events(board: Serving, store: Store) -> None:
    """The same parameters mean the same everywhere."""
    query = "channel=voice&queues=billing,orders&window=5m"
    found = json.loads(get(f"{board.url}/api/kpis?{query}")[2])["kpis"]
    assert {face["queue"] for face in found} == {"billing", "orders"}
    [billing] = [json.loads(raw) for raw in store.raw([("default", "billing", "voice")])]
    [face] = [face for face in found if face["queue"] == "billing"]
    assert face["figures"]["offered"] == billing["windows"]["5m"]["offered"]

    async def first() -> set[str]:
        async with ClientSession() as session, session.get(f"{board.url}/events?{query}") as got:
            names: set[str] = set()
            async for name, data in events(got):
                if name == "kpis":
                    names |= {item["queue"] for item in data["items"]}
                if name == "ready":
                    return names
            raise AssertionError("the stream ended")

    assert run(first()) == {"billing", "orders"}


def test_intervals_of_one_queue(board: Serving) -> None:
    """Oldest first; a queue without any has an empty list."""
    found = json.loads(get(f"{board.url}/api/intervals?queue=billing&channel=voice")[2])
    starts = [item["interval_start"] for item in found["intervals"]]
    assert len(starts) == 40
    assert starts == sorted(starts)
    assert json.loads(get(f"{board.url}/api/intervals?queue=nobody")[2])["intervals"] == []


def test_a_queue_is_compared_with_other_days(board: Serving) -> None:
    """Today's slots beside yesterday's and the usual day's, and the sums so far; null if none."""
    found = json.loads(get(f"{board.url}/api/compared?queue=billing&channel=voice")[2])
    assert set(found) == {"server_ms", "zone", "day", "until", "at", "slots", "so_far"}
    assert found["zone"] == "UTC"
    assert set(found["slots"]) == set(found["so_far"])
    assert {len(one["usual"]) for one in found["slots"].values()} == {len(found["at"])}
    unknown = json.loads(get(f"{board.url}/api/compared?queue=nobody")[2])
    assert unknown["until"] is None


@pytest.mark.parametrize("path", ["/", "/quality", "/events", "/api/kpis"])
def test_malformed_parameters_are_named(board: Serving, path: str) -> None:
    """400 with every wrong parameter, on pages too."""
    status, headers, body = get(f"{board.url}{path}?window=7m&colour=red")
    assert status == 400
    assert headers["Content-Type"].startswith("application/problem+json")
    mistakes = json.loads(body)["mistakes"]
    assert [mistake.split(":")[0] for mistake in mistakes] == ["window", "'colour'"]


@pytest.mark.parametrize(
    "path", ["/queue", "/queue?queue=&channel=fax", "/api/intervals", "/api/compared"]
)
def test_a_queue_s_page_needs_a_queue(board: Serving, path: str) -> None:
    """Missing or wrong names are a 400, not an empty page."""
    status, _, body = get(f"{board.url}{path}")
    assert status == 400
    assert b"queue: needs a name" in body


def test_another_host_name_is_refused(store: Store) -> None:
    """A name that somebody else points at this machine gets nothing."""
    with Serving(store, allowed_hosts=("wall.example",)) as board:
        for host in ("evil.example", "127.0.0.1.evil.example", "10.0.0.1", "", "localhost.evil"):
            assert get(f"{board.url}/api/kpis", Host=host)[0] in (400, 403), host
        for host in ("localhost:80", f"127.0.0.1:{board.port}", "[::1]:1", "WALL.example:443"):
            assert get(f"{board.url}/api/kpis", Host=host)[0] == 200, host


def test_figures_need_the_token_and_the_page_does_not(store: Store) -> None:
    """With a token: 401 without it or with another; the page itself has no figures."""
    with Serving(store, token=TOKEN) as board:
        for path in ("/api/kpis", "/api/status", "/api/intervals?queue=billing", "/events"):
            assert get(board.url + path)[0] == 401, path
            assert get(board.url + path, Authorization="Bearer wrong")[0] == 401
            assert get(board.url + path, Authorization=f"Basic {TOKEN}")[0] == 401
        assert get(board.url + "/")[0] == 200
        assert get(board.url + "/healthz")[0] == 200
        assert get(f"{board.url}/api/kpis", Authorization=f"Bearer {TOKEN}")[0] == 200


def raw(board: Serving, head: bytes) -> bytes:
    """The first line of the answer to these bytes."""
    with socket.create_connection(("127.0.0.1", board.port), timeout=20) as client:
        client.sendall(head)
        return client.makefile("rb").readline()


@pytest.mark.parametrize("value", [b"Bearer \xff", b"Bearer \xc3\xa9", b"\xff", b"Bearer", b""])
def test_a_token_that_is_no_text_is_a_wrong_token(store: Store, value: bytes) -> None:
    """401 as any other, never an error of the board's own."""
    with Serving(store, token=TOKEN) as board:
        host = b"Host: 127.0.0.1\r\nConnection: close\r\nAuthorization: "
        said = raw(board, b"GET /api/kpis HTTP/1.1\r\n" + host + value + b"\r\n\r\n")
        assert said.split()[1] == b"401"


def test_what_fails_is_one_line_a_minute_without_what_was_said(
    store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    """A header, a path or a token never comes into the log, and nobody can fill it."""
    caplog.set_level(logging.INFO)
    with Serving(store, token=TOKEN) as board:
        for _ in range(20):
            for line in (b"Authorization Bearer %b", b"X\0%b: 1", b"Content-Length: %b"):
                head = b"GET /%b HTTP/1.1\r\nHost: 127.0.0.1\r\n" % TOKEN[:6].encode()
                raw(board, head + line % TOKEN.encode() + b"\r\n\r\n")
            raw(board, b"%b\r\n\r\n" % TOKEN.encode())
    assert TOKEN[:6] not in caplog.text
    assert len([record for record in caplog.records if record.levelno >= logging.INFO]) <= 1


@pytest.mark.parametrize("path", ["/", "/static/wall.js", "/api/kpis", "/nothing", "/?window=x"])
def test_every_answer_is_locked_down(board: Serving, path: str) -> None:
    """Strict content policy, no sniffing, and no word of CORS, even when asked from elsewhere."""
    _, headers, _ = get(board.url + path, Origin="https://evil.example")
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert not [name for name in headers if name.lower().startswith("access-control")]


def test_only_the_page_s_own_files_are_served(board: Serving) -> None:
    """No path leads out of the folder, and only known kinds of files are there."""
    for path in ("../server.py", "..%2fserver.py", "%2e%2e/server.py", "/etc/passwd", "vendor"):
        assert get(f"{board.url}/static/{path}")[0] == 404, path
    status, headers, body = get(f"{board.url}/static/vendor/uplot.min.js")
    assert (status, body) == (200, (STATIC / "vendor" / "uplot.min.js").read_bytes())
    assert get(f"{board.url}/static/wall.js", **{"If-None-Match": "x"})[0] == 200
    etag = get(f"{board.url}/static/wall.js")[1]["ETag"]
    assert get(f"{board.url}/static/wall.js", **{"If-None-Match": etag})[0] == 304
    assert headers["Content-Type"].startswith("text/javascript")


def test_pages_have_no_inline_script_or_style() -> None:
    """The content policy would block them; none is there to be blocked."""
    for page in STATIC.glob("*.html"):
        text = page.read_text()
        assert "<style" not in text
        assert " style=" not in text
        assert text.count("<script") == text.count("<script defer src=") + text.count(
            '<script type="module" src='
        )


def test_health_and_readiness(store: Store, board: Serving) -> None:
    """Alive whatever Kafka does; ready once the topics are read."""
    assert get(f"{board.url}/readyz")[0] == 200
    store.set_feed("lost", "NoBrokersAvailable")
    assert get(f"{board.url}/readyz")[0] == 503
    status, _, body = get(f"{board.url}/healthz")
    assert (status, json.loads(body)["kafka"]) == (200, "lost")


def test_a_worker_that_is_not_ready_is_reported(store: Store) -> None:
    """The board asks /readyz; 503 and silence are both not ready, with a reason."""
    stranger = Store()
    with Serving(stranger) as other, Serving(store) as fine:
        workers = (other.url, fine.url, "http://127.0.0.1:1")
        with Serving(store, workers=workers) as board:

            def asked() -> list[dict[str, Any]]:
                found = json.loads(get(f"{board.url}/api/status")[2])["workers"]
                return found if len(found) == 3 else []

            until(asked, 10, "all workers asked")
            assert [worker["ready"] for worker in asked()] == [False, True, False]
            assert (asked()[0]["reason"], asked()[2]["reason"]) == ("said", "unreachable")
            assert "connecting" in asked()[0]["detail"]
            assert "Error" not in json.dumps(asked())


def test_two_hundred_browsers_get_every_change(store: Store, board: Serving) -> None:
    """All are connected at once, all get the snapshot, and one change reaches all of them."""
    changed = Centre(6).records(now_ms())[0] | {"revision": 777}

    async def browser(session: ClientSession, ready: asyncio.Semaphore) -> int:
        async with session.get(f"{board.url}/events") as got:
            items = 0
            async for name, data in events(got):
                if name == "kpis":
                    items += len(data["items"])
                    if any(item["revision"] == 777 for item in data["items"]):
                        return items
                if name == "ready":
                    ready.release()
        raise AssertionError("the stream ended")

    async def everybody() -> list[int]:
        ready = asyncio.Semaphore(0)
        timeout = ClientTimeout(total=50)
        async with ClientSession(timeout=timeout) as session:
            session.connector._limit = 0  # type: ignore[union-attr]
            tasks = [asyncio.create_task(browser(session, ready)) for _ in range(200)]
            for _ in tasks:
                await ready.acquire()
            assert board.board.hub.browsers == 200
            put(store, [changed])
            return await asyncio.gather(*tasks)

    counts = run(everybody())
    assert counts == [len(store.names()) + 1] * 200
    until(lambda: board.board.hub.browsers == 0, 10, "all browsers have left")


def test_more_browsers_than_allowed_are_turned_away(store: Store) -> None:
    """503 with a time to come back; those connected are not disturbed."""
    with Serving(store, max_browsers=1) as board:

        async def two() -> int:
            async with ClientSession() as session, session.get(f"{board.url}/events") as first:
                assert first.status == 200
                async with session.get(f"{board.url}/events") as second:
                    assert second.headers["Retry-After"]
                    return second.status

        assert run(two()) == 503


@pytest.mark.slow
def test_a_browser_that_stops_reading_is_dropped() -> None:
    """Its connection ends, the others go on, and nothing is kept for it."""
    store, centre = Store(), Centre(120)
    put(store, centre.records(now_ms()))
    with Serving(store, stall_seconds=1.0) as board, socket.socket() as lazy:
        lazy.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        lazy.connect(("127.0.0.1", board.port))
        lazy.sendall(f"GET /events HTTP/1.1\r\nHost: 127.0.0.1:{board.port}\r\n\r\n".encode())
        until(lambda: board.board.hub.browsers == 1, 5, "the lazy browser is connected")
        deadline = time.monotonic() + 40
        while board.board.hub.dropped == 0:
            assert time.monotonic() < deadline, "never dropped"
            put(store, centre.records(now_ms()))
            time.sleep(0.1)
        until(lambda: board.board.hub.browsers == 0, 5, "it is forgotten")
        assert get(f"{board.url}/api/kpis")[0] == 200


def test_licences_are_kept_beside_the_libraries() -> None:
    """What the board serves of others' work carries their terms."""
    names = {path.name for path in Path(STATIC / "vendor").iterdir()}
    assert {"uplot.LICENSE", "inter.LICENSE"} <= names


@pytest.mark.slow
def test_ten_thousand_queues_reach_a_browser_that_reads() -> None:
    """All of them change again and again: everything comes, and the browser is not dropped."""
    store = Store()
    [record, *_] = Centre(1, tickets=False).records(now_ms())

    def everything(revision: int) -> None:
        put(store, [record | {"queue": f"q{n}", "revision": revision} for n in range(10_000)])

    async def change_all() -> None:
        for revision in (101, 102, 103):
            await asyncio.to_thread(everything, revision)

    async def read(board: Serving) -> tuple[int, int]:
        timeout = ClientTimeout(total=200)
        async with (
            ClientSession(timeout=timeout) as session,
            session.get(f"{board.url}/events") as got,
        ):
            first, newest = 0, dict[str, int]()
            done: set[str] = set()
            changing: asyncio.Task[None] | None = None
            async for name, data in events(got):
                if name == "kpis":
                    newest |= {item["queue"]: item["revision"] for item in data["items"]}
                    done |= {item["queue"] for item in data["items"] if item["revision"] == 103}
                if name == "ready":
                    first, newest = len(newest), {}
                    changing = asyncio.create_task(change_all())  # it goes on reading meanwhile
                if changing and len(done) == 10_000 and set(newest.values()) == {103}:
                    return first, board.board.hub.dropped
        raise AssertionError("the stream ended")

    everything(100)
    with Serving(store) as board:
        assert run(read(board), 240) == (10_000, 0)

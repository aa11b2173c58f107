"""The wall in a real Chromium: its values are the topic's, and it says when they are not fresh."""

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from kafka import KafkaProducer
from playwright.sync_api import Browser, Page, expect

from streams.board.store import Store
from streams.settings import Settings
from tests.board.records import Centre, Record, key_of, value_of
from tests.board.serving import Serving, now_ms, put
from tests.stack.chromium import TV, OpenTab, Tab

pytestmark = pytest.mark.slow

SOON = 60_000  # ms a page may take to show what it was sent, on a busy machine
FIGURES = {
    "abandonment": "abandonment_ratio",
    "aht": "handle_mean_seconds",
    "occupancy": "occupancy_ratio",
    "slot_occupancy": "slot_occupancy_ratio",
    "first_response": "first_response_mean_seconds",
    "resolution_time": "resolution_mean_seconds",
}


@pytest.fixture
def store() -> Store:
    """Six queues, fresh."""
    store = Store()
    put(store, Centre(6).records(now_ms()))
    store.set_feed("live")
    return store


def on_page(page: Page) -> dict[tuple[str, str, str], dict[str, Any]]:
    """The raw values of each card: key → figure → value as JSON, null where there is none."""
    found = page.eval_on_selector_all(
        ".card",
        """all => all.map(card => [card.dataset.key, Object.fromEntries(
            [...card.querySelectorAll('.fig')].map(one => [one.dataset.figure,
             one.querySelector('.fig-value').dataset.value ?? null]))])""",
    )
    return {
        tuple(json.loads(key)): {k: None if v is None else json.loads(v) for k, v in values.items()}
        for key, values in found
    }


def expected(record: Record, window: str) -> dict[str, Any]:
    """What a card must show of a record."""
    figures, live = record["windows"][window], record["live"]
    values = {name: figures[field] for name, field in FIGURES.items()}
    values["service_level"] = figures["service_level"][record["definitions"]["default_formula"]]
    values["waiting"] = live["waiting"]
    values["oldest_wait"] = live["oldest_waiting_at"]
    values["agents"] = sum(live["agents"].values()) - live["agents"]["offline"]
    values["backlog"] = sum(live["backlog"].values())
    values["oldest_open"] = live["oldest_open_at"]
    for name in ("complaints_open", "backlog_unassigned"):
        values[name] = live[name]
    if live["sla"]:
        for name in ("at_risk", "breached_open"):
            values[name] = sum(clocks[name] for clocks in live["sla"].values())
        values["next_due"] = live["next_due_at"]
        values["first_response_in_time"] = figures["ticket"]["sla"]["first_response"][
            "compliance_ratio"
        ]
        values["resolution_in_time"] = figures["resolution_in_time_ratio"]
    return values


def assert_shown(page: Page, records: list[Record], window: str) -> None:
    cards = on_page(page)
    tickets = 0
    for record in records:
        key = (record["tenant"], record["queue"], record["channel"])
        if record["channel"] == "ticket" and record["queue"] != "_all":
            continue  # one tile for all tickets
        tickets += record["channel"] == "ticket"
        want = expected(record, window)
        for name, value in cards[key].items():
            if name in want:
                assert value == want[name], (key, name)
    assert tickets == 1


def test_the_page_shows_what_is_on_the_topic(
    fresh_topics: Callable[..., Settings], tab: OpenTab
) -> None:
    """`streams board` on a real Kafka: each figure equals the record's, and so after a change."""
    settings, centre = fresh_topics(), Centre(12)
    records = centre.records(now_ms())
    producer = KafkaProducer(bootstrap_servers=settings.bootstrap, acks="all")

    def write(some: list[Record]) -> None:
        for record in some:
            producer.send(settings.topics.kpis, key=key_of(record), value=value_of(record))
        producer.flush()

    write(records)
    command = [sys.executable, "-m", "streams", "board", "--port", "0", "--stale-after", "3600"]
    command += ["--bootstrap", settings.bootstrap]
    with subprocess.Popen(
        command,
        env={"PATH": "/usr/bin", "STREAMS_TOPIC_PREFIX": settings.topic_prefix},
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert process.stdout is not None
            found = re.search(r"http://\S+", process.stdout.readline())
            assert found
            page = tab(f"{found[0]}?window=5m")
            page.wait_for_function(
                "() => document.querySelectorAll('.card').length == 15", timeout=SOON
            )
            assert_shown(page, records, "5m")
            newer = centre.records(now_ms())
            write(newer)
            page.wait_for_function(
                "() => [...document.querySelectorAll("
                "'.form-total [data-figure=waiting] .fig-value')]"
                f".map(one => one.dataset.value).join() == '{_totals(newer)}'",
                timeout=SOON,
            )
            assert_shown(page, newer, "5m")
        finally:
            process.terminate()
            producer.close()
        assert process.wait(15) == 0


def _totals(records: list[Record]) -> str:
    whole = {r["channel"]: r["live"]["waiting"] for r in records if r["queue"] == "_all"}
    return f"{whole['voice']},{whole['chat']}"


def test_worst_first_and_biggest(store: Store, tab: OpenTab) -> None:
    """The queue furthest from its targets is the hero; when another gets worse, it takes over."""
    with Serving(store) as board:
        page = tab(f"{board.url}/")
        names = "all => all.map(one => JSON.parse(one.dataset.key)[1])"
        assert page.eval_on_selector_all(".wall .card", names)[0] == "billing"
        assert page.locator(".form-hero").count() == 1
        records = {r["queue"]: r for r in Centre(6).records(now_ms())}
        worse = json.loads(json.dumps(records["support"]))
        worse["live"] |= {"waiting": 30, "oldest_waiting_at": now_ms() - 900_000}
        for figures in worse["windows"].values():
            figures |= {"abandonment_ratio": 0.6, "occupancy_ratio": 0.99}
            figures["service_level"] = dict.fromkeys(figures["service_level"], 0.05)
        put(store, [worse])
        page.wait_for_selector('.form-hero[data-key*="support"]', timeout=SOON)
        assert page.eval_on_selector_all(".wall .card", names)[:2] == ["support", "billing"]


def test_the_oldest_wait_ticks_and_a_wrong_clock_does_not_matter(
    store: Store, tab: OpenTab
) -> None:
    """Without new records the age grows by the server's clock; the television's is an hour off."""
    wrong = "const real = Date.now; Date.now = () => real() + 3600000;"
    since = now_ms() - 65_000
    [record, *_] = Centre(6).records(now_ms())
    record["live"] |= {"waiting": 1, "oldest_waiting_at": since}
    put(store, [record])
    with Serving(store) as board:
        page = tab(f"{board.url}/", script=wrong)
        figure = page.locator(".form-hero [data-figure=oldest_wait] .fig-text")

        def shown_seconds() -> int:
            minutes, seconds = figure.inner_text().split(":")
            return int(minutes) * 60 + int(seconds)

        first = shown_seconds()
        assert abs(first - (now_ms() - since) / 1000) < 3
        page.wait_for_function(
            "([node, before]) => node.textContent != before",
            arg=[figure.element_handle(), figure.inner_text()],
            timeout=SOON,
        )
        assert first < shown_seconds() <= (now_ms() - since) / 1000 + 1


def test_one_stale_queue_is_grey_and_says_how_old(store: Store, tab: OpenTab) -> None:
    """now − as_of beyond the limit: marked in words, with the age, while the others are fresh."""
    [record, *_] = Centre(6).records(now_ms() - 75_000)
    put(store, [record])
    with Serving(store) as board:
        page = tab(f"{board.url}/")
        expect(page.locator(".wall .card[data-stale] .chip-text")).to_have_text(
            re.compile(r"Stale 1:1\d")
        )
        assert page.locator(".wall .card[data-stale]").get_attribute("data-key") == (
            '["default","billing","voice"]'
        )
        expect(page.locator(".alarm")).to_be_hidden()
        put(store, Centre(6).records(now_ms())[:1])
        expect(page.locator(".card[data-stale]")).to_have_count(0, timeout=SOON)


def test_no_new_figures_at_all_raises_the_alarm(tab: OpenTab) -> None:
    """When every record is old, the page says so in one sentence with the time."""
    store = Store()
    put(store, Centre(6).records(now_ms() - 60_000))
    store.set_feed("live")
    with Serving(store) as board:
        page = tab(f"{board.url}/")
        alarm = page.get_by_role("alert")
        expect(alarm).to_contain_text("No worker has written new figures since")
        expect(alarm).to_contain_text(re.compile(r"1:0\d"))


def test_kafka_gone_and_a_worker_not_ready_are_said(store: Store, tab: OpenTab) -> None:
    """Each has its sentence; Kafka's says since when. They go when all is well."""
    with Serving(Store()) as worker, Serving(store, workers=(worker.url,)) as board:
        page = tab(f"{board.url}/")
        alarm = page.get_by_role("alert")
        expect(alarm).to_contain_text(f"Worker 127.0.0.1:{worker.port} is not ready", timeout=SOON)
        store.set_feed("lost", "KafkaTimeoutError", since_ms=now_ms() - 61_000)
        expect(alarm).to_contain_text("Kafka has not answered since", timeout=SOON)
        expect(alarm).to_contain_text(re.compile(r"1:0\d"))
        assert "grayscale" in page.evaluate(
            "getComputedStyle(document.querySelector('main')).filter"
        )
        worker.store.set_feed("live")
        store.set_feed("live")
        expect(page.locator(".alarm")).to_be_hidden(timeout=SOON)


def test_a_lost_connection_is_said_and_comes_back_by_itself(store: Store, tab: OpenTab) -> None:
    """The board ends: alarm. It is there again: live without a reload, gone queues are gone."""
    board = Serving(store)
    with board:
        page = tab(f"{board.url}/")
        page.evaluate("window.sameDocument = true")
    expect(page.get_by_role("alert")).to_contain_text("No connection to the board", timeout=SOON)
    fewer = Store()
    put(fewer, Centre(6).records(now_ms())[:2])
    fewer.set_feed("live")
    with Serving(fewer, port=board.port):
        expect(page.locator(".alarm")).to_be_hidden(timeout=SOON)
        expect(page.locator(".wall .card")).to_have_count(2, timeout=SOON)
        assert page.evaluate("window.sameDocument")


def test_filters_are_in_the_address(store: Store, tab: OpenTab) -> None:
    """A link shows what it says; a choice changes the link and the figures without a reload."""
    with Serving(store) as board:
        page = tab(f"{board.url}/?queues=billing,orders&window=5m")
        assert {key[1] for key in on_page(page)} == {"billing", "orders"}
        records = {json.loads(raw)["queue"]: json.loads(raw) for raw in store.raw(store.names())}
        page.get_by_role("combobox", name="Window").select_option("60m")
        want = str(records["billing"]["windows"]["60m"]["handle_mean_seconds"]).rstrip("0")
        page.wait_for_selector(f'[data-figure=aht] [data-value^="{want}"]', timeout=SOON)
        assert "window=60m" in page.url
        assert "queues=billing,orders" in page.url
        page.get_by_role("searchbox", name="Queues").fill("nobody")
        page.keyboard.press("Enter")
        expect(page.locator(".empty")).to_have_text("No queue matches these filters.", timeout=SOON)


def test_an_explanation_has_the_record_s_numerator_and_denominator(
    store: Store, tab: OpenTab
) -> None:
    """Click a figure: its terms are those of the record, and it stays live while open."""
    with Serving(store) as board:
        page = tab(f"{board.url}/?lang=en")
        page.click(".form-hero [data-figure=abandonment]")
        terms = page.locator("dialog .terms")
        figures = json.loads(store.raw([("default", "billing", "voice")])[0])["windows"]["30m"]
        left = figures["abandoned"] - figures["short_abandoned"]
        closed = figures["answered"] + left + figures["flowed_out"]
        expect(terms.nth(0)).to_contain_text(f"= {left}")
        expect(terms.nth(1)).to_contain_text(f"= {closed}")
        [record, *_] = Centre(6).records(now_ms())
        record["windows"]["30m"]["abandoned"] = 4_321
        put(store, [record])
        expect(terms.nth(0)).to_contain_text("4,321", timeout=SOON)


def test_the_page_of_a_queue_plots_its_intervals(store: Store, tab: OpenTab) -> None:
    """Four plots from `contact.intervals`, and the same values as a table, newest first."""
    centre = Centre(6)
    made = centre.intervals(now_ms(), centre.queues[0])
    for record in made:
        store.put_interval(key_of(record), value_of(record))
    with Serving(store) as board:
        page = tab(f"{board.url}/")
        page.click(".form-hero .card-name a")
        page.wait_for_selector(".plot canvas", timeout=SOON)
        assert page.locator(".plot").count() == 4
        page.click("summary")
        rows = page.locator(".table-box tbody tr")
        assert rows.count() == len(made)
        assert rows.first.locator("td").first.inner_text() == str(made[-1]["figures"]["offered"])
        assert rows.first.locator("td").last.inner_text() == "provisional"


def test_a_token_is_asked_for_or_taken_from_the_fragment(
    store: Store, browser: Browser, tmp_path: Path
) -> None:
    """#token=… opens the board and leaves the address; without it the page asks."""
    secret = "a token of more than sixteen characters"
    with Serving(store, token=secret) as board:
        one = Tab(browser, TV)
        page = one.open(f"{board.url}/#token={secret}")
        assert "token" not in page.url
        one.context.close()
        page = browser.new_page()
        page.goto(f"{board.url}/")
        page.get_by_label("Token").fill(secret)
        page.keyboard.press("Enter")
        page.wait_for_selector(".card .fig-value[data-value]", timeout=SOON)
        page.close()

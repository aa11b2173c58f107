"""Service quality on the wall: its page, a queue's day and topics, and the days beside today."""

import json
import re
import urllib.request
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from streams.board import compared
from streams.board.store import Store
from tests.board.records import Centre, Record, key_of, value_of
from tests.board.serving import Serving, now_ms, put
from tests.board.worlds import World, filled, name_of
from tests.stack.chromium import LAPTOP, PHONE, TV, OpenTab, Tab, axe
from tests.stack.layout import measure

pytestmark = pytest.mark.slow

SOON = 60_000
LANGUAGES = ("en", "de", "es")


def told(*changes: tuple[str, str, dict[str, Any]]) -> Store:
    """Six queues of which only these were told anything, each (queue, part, its figures)."""
    centre = Centre(6)
    for queue in centre.queues:
        queue.served = any(name == queue.name for name, _, _ in changes)
    store = Store()
    records = centre.records(now_ms())
    for record in records:
        today = record["windows"]["today"]
        for name, part, figures in changes:
            if record["queue"] == name:
                today[part] |= figures
        if record["queue"] == "_all":
            for part in ("surveys", "sales", "followups", "customers"):
                _nothing(today[part])
    put(store, records)
    store.set_feed("live")
    return store


def _nothing(part: Record) -> None:
    for name, value in part.items():
        if isinstance(value, dict):
            part[name] = dict.fromkeys(value, None if name == "response_ratio" else 0)
        elif isinstance(value, list):
            part[name] = []
        else:
            part[name] = (
                None if name.endswith(("_ratio", "nps", "per_handled", "per_ticket")) else 0
            )


def row(page: Page, queue: str) -> Any:
    """A queue's row."""
    return page.locator(f".served-row[data-key*='\"{queue}\"']")


def test_a_row_for_whatever_was_told_and_numbers_where_they_are_few(tab: OpenTab) -> None:
    """Of six queues the one that was told of; 29 answers are n 29, 30 are a share of 30; what
    nobody was asked is a dash and never 0 %."""
    few = {"answered": {"csat": 29, "nps": 0, "ces": 0, "resolved": 30}, "csat_satisfied": 20,
           "csat_ratio": 0.689655, "nps_promoters": 0, "nps_passives": 0, "nps_detractors": 0,
           "nps": None, "resolved_yes": 24, "resolved_ratio": 0.8, "ces": []}  # fmt: skip
    fcr = {"fcr_decided": 0, "fcr_resolved": 0, "fcr_ratio": None}
    with Serving(told(("support", "surveys", few), ("support", "customers", fcr))) as board:
        page = tab(f"{board.url}/quality?lang=en&theme=dark", figures=False)
        page.wait_for_selector("article.served-row", timeout=SOON)
        expect(page.locator("article.served-row")).to_have_count(1)
        only = row(page, "support")
        expect(only.locator("[data-figure=csat] .fig-value")).to_have_text("n 29")
        expect(only.locator("[data-figure=csat]")).not_to_contain_text("%")
        solved = only.locator("[data-figure=resolved_survey]")
        expect(solved.locator(".fig-value")).to_have_text("80.0%")
        expect(solved.locator(".fig-target")).to_have_text("24 / 30")
        for name in ("nps", "fcr"):
            expect(only.locator(f"[data-figure={name}] .fig-value")).to_have_text("–")
        expect(only.locator("[data-figure=ces]")).to_contain_text("–")


def test_each_instrument_stands_for_itself(tab: OpenTab) -> None:
    """Two instruments of effort are two lines, each with its scale, direction and answers."""
    ces = [
        {"survey_version": "old", "scale_min": 1.0, "scale_max": 5.0, "higher_is_better": False,
         "n": 40, "score_sum": 84.0, "mean": 2.1},
        {"survey_version": "new", "scale_min": 1.0, "scale_max": 7.0, "higher_is_better": True,
         "n": 12, "score_sum": 60.0, "mean": 5.0},
    ]  # fmt: skip
    with Serving(told(("support", "surveys", {"ces": ces}))) as board:
        page = tab(f"{board.url}/quality?lang=en", figures=False)
        lines = row(page, "support").locator(".fig-rows[data-figure=ces] .fig-line")
        expect(lines).to_have_text(["2.1 n 40 · 1–5↓ · old", "n 12 1–7↑ · new"], timeout=SOON)
        lines.first.click()
        dialog = page.locator("dialog[open]")
        expect(dialog.locator(".explain-rows tbody tr")).to_have_count(2)
        expect(dialog.locator(".explain-rows tbody tr").last).not_to_contain_text("5")


def test_nothing_told_is_said_and_no_table_of_nothing(tab: OpenTab) -> None:
    """A centre without surveys, sales and references has a sentence in place of rows of dashes."""
    with Serving(told()) as board:
        page = tab(f"{board.url}/quality?lang=en", figures=False)
        expect(page.locator(".empty")).to_contain_text("no survey, sale", timeout=SOON)
        assert page.locator("article.served-row").count() == 0


def test_the_pages_lead_to_each_other_and_keep_what_was_chosen(tab: OpenTab) -> None:
    """Tenant, language, theme and kiosk go along, to the page and back; the window comes back."""
    chosen = "?tenant=default&window=5m&theme=light&lang=de&kiosk=1"
    with Serving(filled(World(6))) as board:
        page = tab(f"{board.url}/{chosen}")
        page.click(".page-link")
        page.wait_for_selector("article.served-row", timeout=SOON)
        assert page.url == f"{board.url}/quality{chosen}"
        assert page.evaluate("document.documentElement.dataset.theme") == "light"
        page.click(".back")
        page.wait_for_selector(".card .fig-value[data-value]", timeout=SOON)
        assert page.url == f"{board.url}/{chosen}"


@pytest.mark.parametrize("name", ["csat", "nps", "response_csat", "fcr", "sales_per_handled"])
def test_each_figure_explains_itself_with_its_terms(tab: OpenTab, name: str) -> None:
    """The dialog has definition, numerator and denominator, of today."""
    with Serving(filled(World(6))) as board:
        page = tab(f"{board.url}/quality?lang=en", figures=False)
        figure = row(page, "billing").locator(f"[data-figure={name}]")
        figure.click(timeout=SOON)
        dialog = page.locator("dialog[open]")
        expect(dialog.locator(".explain-place")).to_contain_text("Today")
        expect(dialog.locator(".terms").nth(1)).to_be_visible()


@pytest.mark.parametrize(
    "world", [World(6), World(9, names="long"), World(130), World(24, 3)], ids=str
)
def test_the_page_can_be_read(browser: Browser, world: World) -> None:
    """At each size and in each language in turn nothing is cut off and nothing overlaps."""
    language = LANGUAGES[world.queues % 3]
    with Serving(filled(world), stale_seconds=600) as board:
        tab = Tab(browser, TV)
        tab.page.goto(f"{board.url}/quality?lang={language}")
        tab.page.wait_for_selector("article.served-row", timeout=SOON)
        for size in (TV, LAPTOP, PHONE):
            tab.page.set_viewport_size(size)  # type: ignore[arg-type]
            assert measure(tab.page) == []
        assert axe(tab.page) == []
        tab.close()


@pytest.fixture
def days() -> Iterator[Serving]:
    """A board that knows billing's five days before, each of 10 an interval more than the next."""
    centre, now = Centre(1, tickets=False), now_ms()
    store = filled(World(1, tickets=False))
    today = compared.local_slot(now, "UTC").day
    template = centre.intervals(now, centre.queues[0], 1)[0]
    for place, ago in enumerate((0, 1, 7, 14, 21, 28)):
        for start in compared.starts_of(today - timedelta(days=ago), "UTC"):
            if start <= now:
                made = template | {"interval_start": start, "final": ago > 0}
                made["figures"] = template["figures"] | {"offered": 100 + place * 10}
                store.put_interval(key_of(made), value_of(made))
    with Serving(store, stale_seconds=600) as board:
        yield board


def test_a_queue_s_day_stands_beside_other_days(tab: OpenTab, days: Serving) -> None:
    """Yesterday and the usual day in the table, as `/api/compared` has them, and in each plot."""
    page = tab(f"{days.url}/queue?queue=billing&channel=voice&lang=en")
    page.wait_for_selector(".one-compared tbody tr", timeout=SOON)
    with urllib.request.urlopen(f"{days.url}/api/compared?queue=billing&channel=voice") as answer:
        found = json.load(answer)
    offered = found["slots"]["offered"]
    assert set(offered["yesterday"]) == {110}
    assert set(offered["usual"]) == {135}
    cells = page.locator(".one-compared tbody tr").first.locator("td")
    so_far = found["so_far"]["offered"]
    shown = [None if so_far[day] is None else str(so_far[day]) for day in so_far]
    values = cells.evaluate_all("all => all.map(one => one.dataset.value ?? null)")
    assert [value and float(value) for value in values] == [
        value and float(value) for value in shown[:3]
    ]
    expect(page.locator(".plot").first).to_contain_text("Offered, yesterday")
    expect(page.locator(".plot").first).to_contain_text("Offered, usual")


def test_the_worst_queue_s_card_says_how_the_day_compares(tab: OpenTab, days: Serving) -> None:
    """One line on the largest card, where another day is known."""
    page = tab(f"{days.url}/?lang=en")
    line = page.locator(".form-hero .card-days")
    expect(line).to_contain_text(re.compile(r"Today until \d\d:\d\d"), timeout=SOON)
    expect(line).to_contain_text("Yesterday")


def test_a_queue_s_quality_is_of_today_in_every_window(tab: OpenTab) -> None:
    """With the window of a minute, which has none of it, the day's figures and topics stand there;
    topics are sorted by what is clicked, and too few answers come last."""
    store = filled(World(6))
    with Serving(store, stale_seconds=600) as board:
        page = tab(f"{board.url}/queue?queue=billing&channel=voice&window=1m&lang=en")
        served = page.locator(".one-served")
        expect(served.locator("[data-figure=csat] .fig-target")).to_contain_text("/", timeout=SOON)
        expect(served.locator(".day-amounts tbody tr")).to_have_count(2)
        topics = page.locator(".topics tbody tr")
        handled = (
            "all => all.map(one => +one.querySelector('[data-figure=topic_handled]').dataset.value)"
        )
        values = topics.evaluate_all(handled)
        assert values == sorted(values, reverse=True)
        [raw] = store.raw([("default", "billing", "voice")])
        assert sum(values) == json.loads(raw)["windows"]["today"]["handled"]
        page.click(".topics th[data-by=topic_csat] button")
        texts = topics.locator("[data-figure=topic_csat]").all_inner_texts()
        few = [text.startswith("n ") for text in texts]
        assert few == sorted(few)
        topics.locator("[data-figure=topic_fcr]").first.click()
        expect(page.locator("dialog[open] .explain-place")).to_contain_text("billing · ")


@pytest.mark.parametrize(
    "address", [f"queue={name_of('long', 0)}", "queue=complaints&channel=ticket"]
)
def test_a_queue_s_day_can_be_read(browser: Browser, address: str) -> None:
    """At each size and in each language."""
    world = World(1, names="short" if "ticket" in address else "long")
    with Serving(filled(world), stale_seconds=600) as board:
        for language in LANGUAGES:
            tab = Tab(browser, TV)
            tab.page.goto(f"{board.url}/queue?{address}&lang={language}")
            tab.page.wait_for_selector(".one-served:not([hidden])", timeout=SOON)
            for size in (TV, LAPTOP, PHONE):
                tab.page.set_viewport_size(size)  # type: ignore[arg-type]
                assert measure(tab.page) == []
            tab.close()

"""What the wall says is so: parts add up, ages are the oldest, bad input is named."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect

from streams.board.store import Store
from tests.board.records import Centre, Record, key_of, value_of
from tests.board.serving import Serving, now_ms, put
from tests.board.worlds import World, filled
from tests.stack.chromium import TV, OpenTab

pytestmark = pytest.mark.slow

SOON = 60_000
# Another theme draws the plots anew: what the first of them, the contacts, is given then.
DRAWN = """() => new Promise(done => {
    const real = window.uPlot;
    window.uPlot = Object.assign(function (options, data, box) {
        window.uPlot = real;
        const last = data[0].length - 1;
        done(options.series.slice(1).map((one, at) =>
            [one.label, data[at + 1][last], one.value(null, null, at + 1, last)]));
        return new real(options, data, box);
    }, real);
    document.documentElement.dataset.theme = 'light';
})"""
# The largest part of each card's height without a text in it.
GAPS = """() => [...document.querySelectorAll('.wall .card')].map(card => {
    const box = card.getBoundingClientRect();
    const range = document.createRange();
    const marks = [box.top, box.bottom];
    const walker = document.createTreeWalker(card, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
        range.selectNodeContents(node);
        const { top, bottom } = range.getBoundingClientRect();
        if (node.parentElement.checkVisibility() && bottom - top > 2) marks.push(top, bottom);
    }
    marks.sort((a, b) => a - b);
    return Math.max(...marks.slice(1).map((mark, at) => mark - marks[at])) / box.height;
})"""


def live(records: list[Record]) -> Store:
    """A store with these records that is live."""
    store = Store()
    put(store, records)
    store.set_feed("live")
    return store


def test_an_agents_number_is_the_sum_of_its_parts(tab: OpenTab) -> None:
    """Bar, words and number count the same agents: those signed in, a break among them."""
    records = Centre(1).records(now_ms())
    states = {"error": 1, "on_contact": 4, "wrapup": 2, "ringing": 1, "break": 3, "available": 5,
              "unknown": 2, "offline": 7}  # fmt: skip
    records[0]["live"]["agents"] = states
    with Serving(live(records)) as board:
        page = tab(f"{board.url}/")
        hero = page.locator(".form-hero .fig-agents")
        assert hero.locator(".fig-text").inner_text() == "18"
        parts = hero.locator(".agents-item:not([hidden])").evaluate_all(
            "all => all.map(one => +one.dataset.count)"
        )
        bar = hero.locator(".agents-block:not([hidden])").evaluate_all(
            "all => all.map(one => +one.style.flexGrow)"
        )
        assert sum(parts) == sum(bar) == 18
        page.click(".form-hero .fig-agents")
        expect(page.locator("dialog[open]")).to_contain_text("7 offline")


def test_the_contacts_plot_stacks_what_left_the_queue(tab: OpenTab) -> None:
    """A bar stands on those below it: together they are answered, flowed out and abandoned."""
    centre = Centre(6)
    store = live(centre.records(now_ms()))
    made = centre.intervals(now_ms(), centre.queues[0])
    for record in made:
        store.put_interval(key_of(record), value_of(record))
    with Serving(store) as board:
        page = tab(f"{board.url}/queue?queue=billing&channel=voice&lang=en&theme=dark")
        page.wait_for_selector(".plot canvas", timeout=SOON)
        drawn = {label: (high, said) for label, high, said in page.evaluate(DRAWN)}
    figures = made[-1]["figures"]
    answered, flowed, left = (figures[n] for n in ("answered", "flowed_out", "abandoned"))
    assert drawn == {
        "Offered": (figures["offered"], str(figures["offered"])),
        "Answered": (answered, str(answered)),
        "Flowed out": (answered + flowed, str(flowed)),
        "Abandoned": (answered + flowed + left, str(left)),
    }


def test_the_peak_is_never_less_than_who_waits_now(tab: OpenTab) -> None:
    """11 waiting now make a peak of 11, though no minute of the history ended with so many."""
    centre = Centre(1, tickets=False)
    records = centre.records(now_ms())
    records[0]["live"] |= {"waiting": 311, "oldest_waiting_at": now_ms() - 9_000}
    store = live(records)
    for record in centre.history(now_ms()):
        store.put_history(key_of(record), value_of(record))
    with Serving(store) as board:
        page = tab(f"{board.url}/?lang=en")
        expect(page.locator(".form-hero .spark-note").first).to_have_text("peak 311")


def test_the_totals_are_as_old_as_their_oldest_queue(tab: OpenTab) -> None:
    """One queue that stands still makes the sum stale, and the sum's state names the queue."""
    records = Centre(6).records(now_ms())
    store = live(records)
    old = {r["queue"]: r for r in Centre(6).records(now_ms() - 200_000)}["support"]
    put(store, [old])
    with Serving(store) as board:
        page = tab(f"{board.url}/?lang=en")
        voice = page.locator('.form-total[data-key*="voice"]')
        expect(voice.locator(".chip-text")).to_have_text(re.compile(r"Stale 3:2\d"))
        assert voice.get_attribute("data-stale") is not None
        assert page.locator('.form-total[data-key*="chat"][data-stale]').count() == 0
        voice.locator(".chip").click()
        expect(page.locator("dialog[open]")).to_contain_text(re.compile(r"support · 3:2\d"))
        page.keyboard.press("Escape")
        put(store, Centre(6).records(now_ms()))
        expect(page.locator(".form-total[data-stale]")).to_have_count(0, timeout=SOON)


@pytest.mark.parametrize(
    ("state", "link", "alarm"),
    [
        ("live", "No figures yet", None),
        ("loading", "Reading…", None),
        ("missing", "No topic", "The topic contact.kpis does not exist"),
        ("lost", "No Kafka", "Kafka has not answered since"),
    ],
)
def test_the_light_is_green_only_where_figures_come(
    tab: OpenTab, state: str, link: str, alarm: str | None
) -> None:
    """No worker yet, still reading, no topic, no Kafka: each has its word, and none is Live."""
    store = Store()
    store.set_feed(state, "contact.kpis")
    with Serving(store) as board:
        page = tab(f"{board.url}/?lang=en", figures=False)
        expect(page.locator(".link-text")).to_have_text(link, timeout=SOON)
        green = page.evaluate(
            "getComputedStyle(document.querySelector('html')).getPropertyValue('--on')"
        )
        dot = "getComputedStyle(document.querySelector('.link .dot')).backgroundColor"
        page.evaluate("green => document.body.style.setProperty('outline-color', green)", green)
        assert page.evaluate(dot) != page.evaluate("getComputedStyle(document.body).outlineColor")
        if alarm:
            expect(page.get_by_role("alert")).to_contain_text(alarm)
        else:
            expect(page.locator(".alarm")).to_be_hidden()


def test_an_empty_wall_says_so_in_its_middle(tab: OpenTab) -> None:
    """The sentence stands in the middle of the room between head and foot."""
    with Serving(live([])) as board:
        page = tab(f"{board.url}/?lang=en", figures=False)
        empty = page.locator(".empty")
        expect(empty).to_contain_text("no worker has written a record", timeout=SOON)
        text, room = empty.bounding_box(), page.locator("main").bounding_box()
        assert text is not None
        assert room is not None
        middle = room["y"] + room["height"] / 2
        assert abs(text["y"] + text["height"] / 2 - middle) < room["height"] * 0.05
        assert abs(text["x"] + text["width"] / 2 - TV["width"] / 2) < 10


def test_no_exception_s_name_stands_on_the_wall(tab: OpenTab) -> None:
    """A worker that cannot be reached is said in the reader's language, and Kafka's trouble too."""
    store = live(Centre(6).records(now_ms()))
    with Serving(store, workers=("http://127.0.0.1:1",)) as board:
        page = tab(f"{board.url}/?lang=de")
        expect(page.get_by_role("alert")).to_contain_text("nicht erreichbar.", timeout=SOON)
        store.set_feed("lost", "KafkaTimeoutError")
        expect(page.get_by_role("alert")).to_contain_text("Kafka antwortet seit", timeout=SOON)
        assert not re.search(r"\w+(Error|Exception)", page.inner_text("body"))


@pytest.mark.parametrize(
    ("asked", "spoken", "said"),
    [("de", "de", "Servicelevel"), ("de-AT", "de", "Servicelevel"), ("xx", "en", "Service level")],
)
def test_a_language_the_page_lacks_is_english(
    tab: OpenTab, asked: str, spoken: str, said: str
) -> None:
    """German is there, and no language is answered with a page of JSON."""
    with Serving(live(Centre(6).records(now_ms()))) as board:
        page = tab(f"{board.url}/?lang={asked}")
        assert page.get_attribute("html", "lang") == spoken
        expect(page.locator(".form-hero [data-figure=service_level]")).to_contain_text(said)
        if spoken == "de":
            assert "%" in page.inner_text(".form-hero [data-figure=service_level]")
            assert re.search(r"\d,\d", page.inner_text(".form-hero [data-figure=service_level]"))
        assert "undefined" not in page.inner_text("body")


def test_a_star_in_the_queues_filter(tab: OpenTab) -> None:
    """`bill*` shows the queues that begin so, as the address says."""
    with Serving(filled(World(40, tickets=False))) as board:
        page = tab(f"{board.url}/?queues=bill*")
        names = "all => all.map(one => JSON.parse(one.dataset.key)[1]).sort()"
        assert page.eval_on_selector_all(".wall .card", names) == [
            "billing", "billing-2", "billing-3",
        ]  # fmt: skip
        assert "queues=bill*" in page.url


def test_a_card_without_history_leaves_no_hole(tab: OpenTab) -> None:
    """Where there is nothing to draw its room goes to the figures: no blank quarter."""
    with Serving(filled(World(1, history=False))) as board:
        page = tab(f"{board.url}/")
        gaps = page.evaluate(GAPS)
        assert max(gaps) < 0.25


@pytest.mark.parametrize("ahead_ms", [3_600_000, -3_600_000])
def test_a_clock_that_is_an_hour_off_is_said(tab: OpenTab, ahead_ms: int) -> None:
    """Records of the future cannot age: they are marked, and so is what lags though it comes."""
    store = live(Centre(6).records(now_ms() + ahead_ms))
    with Serving(store) as board:
        page = tab(f"{board.url}/?lang=en")
        alarm = page.get_by_role("alert")
        if ahead_ms > 0:
            expect(alarm).to_contain_text("ahead of this board's clock", timeout=SOON)
            expect(page.locator(".form-hero .chip-text")).to_have_text(
                re.compile(r"Clock \d.* ahead")
            )
        else:
            expect(alarm).to_contain_text("No worker has written new figures", timeout=SOON)
            put(store, Centre(6).records(now_ms() + ahead_ms))
            expect(alarm).to_contain_text("New figures come, but they are of", timeout=SOON)
        assert page.locator(".wall .card:not([data-stale])").count() == 0
        put(store, Centre(6).records(now_ms()))
        expect(page.locator(".alarm")).to_be_hidden(timeout=SOON)


def _lacks(record: Record) -> None:
    del record["windows"]["30m"]["occupancy_ratio"]


def _unknown(record: Record) -> None:
    record["windows"]["30m"]["happiness_ratio"] = 0.99
    record["live"]["agents"]["dreaming"] = 3
    record["windows"]["90m"] = record["windows"]["30m"]


def _name(record: Record) -> None:
    record["queue"] = ("клиенты" + "客户服务" + "العملاء" + "clients") * 11


def _no_window(record: Record) -> None:
    record["windows"] = {"1m": record["windows"]["1m"]}


@pytest.mark.parametrize(
    ("change", "kept"),
    [(_unknown, True), (_no_window, True), (_lacks, False), (_name, False)],
)
def test_a_record_that_is_not_as_expected(
    tab: OpenTab, change: Callable[[Record], Any], kept: bool
) -> None:
    """What a wall does not know it leaves out; what it cannot read it counts, and goes on."""
    records = Centre(6).records(now_ms())
    change(records[0])
    store = live(records[1:])
    assert store.put_kpi(key_of(records[0]), value_of(records[0])) is kept
    with Serving(store) as board:
        page = tab(f"{board.url}/?lang=en")
        assert page.locator("#queues .card").count() == 6 + kept
        skipped = page.locator(".quality-item", has_text="Unreadable records")
        expect(skipped).to_have_count(0 if kept else 1, timeout=SOON)
        if change is _no_window:
            billing = page.locator('.wall .card[data-key*="billing"]')
            expect(billing.locator("[data-figure=service_level] .fig-text")).to_have_text("–")
        assert "undefined" not in page.inner_text("body")
        assert "NaN" not in page.inner_text("body")


@pytest.mark.parametrize("query", ["", "&window=today&channel=voice&queues=bill*"])
def test_a_wall_says_which_window_judges_its_cards(tab: OpenTab, query: str) -> None:
    """In kiosk mode too, where nothing can be chosen: window and filters stand in the head."""
    with Serving(filled(World(6))) as board:
        page = tab(f"{board.url}/?lang=en&kiosk=1{query}")
        said = "Window Today · Voice · bill*" if query else "Window 30 min"
        expect(page.locator(".chosen")).to_have_text(said, timeout=SOON)
        expect(page.locator(".chosen")).to_be_visible()
        expect(page.get_by_role("combobox", name="Window")).to_be_hidden()
        page = tab(f"{board.url}/queue?queue=billing&lang=en&kiosk=1{query}")
        window = page.locator(".windows a[aria-current]")
        expect(window).to_have_text("Today" if query else "30 min")
        expect(window).to_be_visible()
        page = tab(f"{board.url}/?lang=en")
        expect(page.locator(".chosen")).to_be_hidden()

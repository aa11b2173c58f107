"""Worst first: the one rule of the order, its examples, and what a card's state says of it."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from streams.board.server import STATIC
from streams.board.store import Store
from tests.board.records import Centre, Record
from tests.board.serving import Serving, now_ms, put
from tests.stack.chromium import TV, Tab

pytestmark = pytest.mark.slow

EXAMPLES: list[dict[str, Any]] = json.loads((STATIC / "examples.json").read_text())
JUDGE = "async record => (await import('/static/judge.js')).judge(record, record.as_of)"
SOON = 60_000


@pytest.fixture
def store() -> Store:
    """Six queues, tickets, and their totals."""
    store = Store()
    put(store, Centre(6).records(now_ms()))
    store.set_feed("live")
    return store


@pytest.fixture
def page(browser: Browser, store: Store) -> Iterator[Page]:
    """The wall of the store, in English; nothing grows stale by itself while a test looks."""
    with Serving(store, stale_seconds=3_600.0) as board:
        tab = Tab(browser, TV)
        yield tab.open(f"{board.url}/?lang=en")
        tab.close()


def record_of(queue: str = "billing", channel: str = "voice") -> Record:
    """A record on target, with one window's figures as the page gets them."""
    found = {(r["queue"], r["channel"]): r for r in Centre(12).records(now_ms())}
    record: Record = found[queue, channel]
    record["figures"] = record["windows"]["30m"]
    return record


def unpromised(**clocks: int) -> Record:
    """Tickets with a first response on target, and with the resolutions' clocks that are said."""
    record = record_of("back-office", "ticket")
    none = {"running": 0, "paused": 0, "at_risk": 0, "breached_open": 0}
    live, figures = record["live"], record["figures"]
    live["sla"] = dict.fromkeys(live["sla"], none) | {"resolution": none | clocks}
    for kept in figures["ticket"]["sla"].values():
        kept |= {"met": 0, "breached": 0, "compliance_ratio": None}
    figures |= {"resolution_in_time_ratio": None, "first_response_mean_seconds": 60.0}
    return record


def calm(**figures: Any) -> Record:
    """A voice queue with everything on target but what is said."""
    record = record_of()
    record["live"] |= {"waiting": 0, "waiting_over_threshold": 0, "oldest_waiting_at": None}
    record["figures"] |= {
        "offered": 100, "answered": 100, "abandoned": 0, "short_abandoned": 0, "flowed_out": 0,
        "threshold_decided": 100, "answered_in_threshold": 95, "abandoned_in_threshold": 0,
        "abandonment_ratio": 0.0, "handle_mean_seconds": 200.0, "occupancy_ratio": 0.7,
        "service_level": dict.fromkeys(record["figures"]["service_level"], 0.95),
    }  # fmt: skip
    record["figures"] |= figures
    return record


def test_the_examples_are_in_the_order_of_the_rule(page: Page) -> None:
    """A table a manager agrees with, worst first: the rule gives its order, places and levels."""
    judged = page.evaluate("async () => (await import('/static/why.js')).judged(Date.now())")
    verdicts = [one["verdict"] for one in judged]
    places = ["idle", "on", "stale", "strained", "broken"]
    keys = [(places.index(one["place"]), one["people"]) for one in verdicts]
    assert keys == sorted(set(keys), reverse=True)
    assert [one["place"] for one in verdicts] == [one["place"] for one in EXAMPLES]
    assert [one["level"] for one in verdicts] == [one["level"] for one in EXAMPLES]


@pytest.mark.parametrize("example", EXAMPLES, ids=[one["en"][:30] for one in EXAMPLES])
def test_an_example_says_its_own_figures(example: dict[str, Any]) -> None:
    """The words of an example name what it is made of, in every language."""
    if "backlog" in example:
        kept = round(example["met"] / (example["met"] + example["breached"]) * 100)
        for language in ("en", "es", "de"):
            text = example[language]
            assert text.startswith({"en": "Tickets", "es": "Casos", "de": "Tickets"}[language])
            assert f"{kept} %" in text
            for name in ("at_risk", "breached_open"):
                assert not example[name] or f" {example[name]} " in text, (language, name)
        return
    offered = example["answered"] + example["abandoned"] + example["flowed_out"]
    share = round(example["in_time"] / offered * 100) if offered else None
    for language in ("en", "es", "de"):
        text = example[language].replace("Una sola", "1").replace("Ein einziger", "1")
        if example["waiting"]:
            said = example["place"] == "strained" or f"{example['waiting']} " in text
            assert said, language
        if example["oldest_seconds"] and example["place"] != "strained":
            minutes, seconds = divmod(example["oldest_seconds"], 60)
            assert f"{minutes}:{seconds:02}" in text
        assert share is None or not example["in_time"] or f"{share} %" in text


def test_the_wall_is_in_the_order_of_the_rule(page: Page, store: Store) -> None:
    """130 waiting at 6 % come before 14 at 27 %, and both before one caller's 100 %."""
    records = {r["queue"]: r for r in Centre(6).records(now_ms())}
    for name, waiting, age, level in (("support", 130, 580, 0.06), ("orders", 14, 190, 0.27)):
        record = records[name]
        record["live"] |= {
            "waiting": waiting, "waiting_over_threshold": waiting - 2,
            "oldest_waiting_at": now_ms() - age * 1_000,
        }  # fmt: skip
        for figures in record["windows"].values():
            figures["service_level"] = dict.fromkeys(figures["service_level"], level)
    put(store, [records["support"], records["orders"]])
    page.wait_for_selector('.form-hero[data-key*="support"]', timeout=SOON)
    names = "all => all.map(one => JSON.parse(one.dataset.key)[1])"
    assert page.eval_on_selector_all(".wall .card", names)[:3] == ["support", "orders", "billing"]


def test_what_is_shown_is_what_is_judged(page: Page) -> None:
    """Rounding and judgement agree: 5.04 % is shown as 5.0 % and meets ≤ 5 %, and so on."""
    for figures, figure, level in (
        ({"abandonment_ratio": 0.0504}, "abandonment", "on"),
        ({"abandonment_ratio": 0.0506}, "abandonment", "off"),
        ({"handle_mean_seconds": 300.4}, "aht", "on"),
        ({"handle_mean_seconds": 300.6}, "aht", "off"),
        ({"occupancy_ratio": 0.8004}, "occupancy", "on"),
        ({"occupancy_ratio": 0.8504}, "occupancy", "off"),
        ({"occupancy_ratio": 0.8506}, "occupancy", "far"),
        ({"service_level": {"offered_less_short": 0.7996}}, "service_level", "on"),
        ({"service_level": {"offered_less_short": 0.7994}}, "service_level", "off"),
    ):
        verdict = page.evaluate(JUDGE, calm(**figures))
        assert verdict["levels"][figure] == level, figures
    ticket = unpromised()
    for seconds, level in ((300.0, "on"), (359.0, "on"), (360.0, "off")):
        ticket["figures"]["first_response_mean_seconds"] = seconds
        assert page.evaluate(JUDGE, ticket)["levels"]["first_response"] == level, seconds


def test_a_doubtful_handle_time_says_so(page: Page) -> None:
    """Where more than a tenth of the wrap-ups were never told, AHT says how many."""
    aim = "async record => (await import('/static/figures.js')).target('aht', record)"
    for unreported, words in ((10, "≤ "), (11, "11 without wrap-up")):
        record = calm(handled=100, wrapups_unreported=unreported)
        record["definitions"]["targets"]["handle_seconds"] = 300
        assert page.evaluate(aim, record).startswith(words)


@pytest.mark.parametrize("ratio", [0.0, 0.04996, 0.0505, 0.1234567, 0.9996, 1.0])
def test_a_ratio_is_rounded_in_one_place(page: Page, ratio: float) -> None:
    """What stands on a card is what the judge compares."""
    shown, judged = page.evaluate(
        "async ratio => [(await import('/static/texts.js')).percent(ratio),"
        " (await import('/static/rounding.js')).tenthsOf(ratio)]",
        ratio,
    )
    assert float(shown) == judged


def test_occupancy_alone_never_beats_a_broken_service_level(page: Page) -> None:
    """The reddest occupancy with many waiting comes after the mildest miss with nobody waiting."""
    overloaded = calm(occupancy_ratio=1.0)
    overloaded["live"] |= {"waiting": 19, "oldest_waiting_at": overloaded["as_of"] - 5_000}
    missed = calm(answered_in_threshold=79)
    missed["figures"]["service_level"] = {"offered_less_short": 0.79}
    verdicts = [page.evaluate(JUDGE, one) for one in (overloaded, missed)]
    assert [one["place"] for one in verdicts] == ["strained", "broken"]
    assert [one["level"] for one in verdicts] == ["off", "off"]


def test_chat_is_judged_by_its_slots_as_the_alerts_do(page: Page) -> None:
    """One chat of three makes an agent occupied the whole time: the clock's 100 % is no trouble."""
    chat = calm(occupancy_ratio=1.0, slot_occupancy_ratio=0.4) | {"channel": "chat"}
    assert page.evaluate(JUDGE, chat)["level"] == "on"
    chat["figures"] |= {"occupancy_ratio": 0.4, "slot_occupancy_ratio": 0.86}
    verdict = page.evaluate(JUDGE, chat)
    assert (verdict["place"], verdict["levels"]["slot_occupancy"]) == ("strained", "far")
    cards = ".wall .card[data-key*='\"chat\"'], .form-total[data-key*='\"chat\"']"
    shown = page.eval_on_selector_all(
        f"{cards}", "all => all.map(one => one.querySelector('.fig-occupancy').dataset.figure)"
    )
    assert set(shown) == {"slot_occupancy"}


def test_a_tickets_card_is_judged_by_what_it_shows(page: Page) -> None:
    """Occupancy, handle time and whatever else a ticket's record has do not colour its card."""
    ticket = unpromised()
    ticket["figures"] |= {
        "occupancy_ratio": 1.0, "handle_mean_seconds": 90_000.0, "abandonment_ratio": 1.0,
        "first_response_mean_seconds": 60.0,
    }  # fmt: skip
    ticket["definitions"]["targets"]["handle_seconds"] = 1.0
    assert page.evaluate(JUDGE, ticket)["level"] == "on"


@pytest.mark.parametrize(
    ("clocks", "kept", "level", "place"),
    [
        ({"running": 40}, None, "on", "on"),
        ({"running": 40, "at_risk": 9}, None, "off", "strained"),
        ({"running": 40, "breached_open": 1}, None, "off", "broken"),
        ({"running": 40, "breached_open": 10}, None, "off", "broken"),
        ({"running": 40, "breached_open": 11}, None, "far", "broken"),
        ({"running": 40}, (90, 10), "on", "on"),
        ({"running": 40}, (89, 11), "off", "broken"),
        ({"running": 40}, (60, 40), "far", "broken"),
        ({"running": 40}, (0, 1), "off", "broken"),
    ],
)
def test_promises_judge_a_tickets_card(
    page: Page, clocks: dict[str, int], kept: tuple[int, int] | None, level: str, place: str
) -> None:
    """At risk nobody is failed yet; breached and open are more than a tenth of 100 far off; so are
    resolutions in time below four fifths of the target, where two or more are missing."""
    ticket = unpromised(**clocks)
    ticket["live"]["backlog"] = {"open": 80, "pending": 20, "on_hold": 0}
    if kept:
        met, breached = kept
        ratio = met / (met + breached)
        ticket["figures"]["ticket"]["sla"]["resolution"] |= {"met": met, "breached": breached}
        ticket["figures"]["resolution_in_time_ratio"] = ratio
    verdict = page.evaluate(JUDGE, ticket)
    assert (verdict["level"], verdict["place"]) == (level, place)


@pytest.mark.parametrize(
    ("kept", "level"),
    [((95, 5), "on"), ((89, 11), "off"), ((60, 40), "far"), ((0, 1), "off"), ((0, 0), "on")],
)
def test_first_responses_in_time_judge_a_tickets_card(
    page: Page, kept: tuple[int, int], level: str
) -> None:
    """Against the share to be kept, as resolutions; a record without the target judges nothing."""
    ticket = unpromised(running=40)
    ticket["live"]["backlog"] = {"open": 80, "pending": 20, "on_hold": 0}
    met, breached = kept
    ticket["figures"]["ticket"]["sla"]["first_response"] |= {"met": met, "breached": breached}
    ticket["definitions"]["targets"]["first_response_ratio"] = 0.9
    verdict = page.evaluate(JUDGE, ticket)
    assert (verdict["level"], verdict["levels"].get("first_response_in_time", "on")) == (level,) * 2
    del ticket["definitions"]["targets"]["first_response_ratio"]
    assert "first_response_in_time" not in page.evaluate(JUDGE, ticket)["levels"]


def test_tickets_are_ordered_by_those_to_whom_something_was_promised(page: Page) -> None:
    """Breached before at risk, by people; where nothing is promised, by the backlog."""
    made = {
        "breached": unpromised(running=9, breached_open=3),
        "one breached": unpromised(running=9, breached_open=1),
        "at risk": unpromised(running=9, at_risk=8),
        "many open": unpromised(),
        "few open": unpromised(),
    }
    made["few open"]["live"]["backlog"] = {"open": 2, "pending": 0, "on_hold": 0}
    for name, record in made.items():
        record["queue"] = name
    order = """async records => {
        const { judge, worstFirst } = await import('/static/judge.js');
        const entries = records.map(record =>
            ({ id: record.queue, record, verdict: judge(record, record.as_of) }));
        return worstFirst(entries, records[0].as_of, 30000).map(entry => entry.id);
    }"""
    assert page.evaluate(order, list(reversed(made.values()))) == list(made)


def test_a_tickets_card_has_promises_first_and_the_stock_where_there_are_none(
    page: Page, store: Store
) -> None:
    """With promises: at risk, breached, next due. Of an older worker, or without: the backlog."""
    card = page.locator(".form-ticket")
    expect(card.locator("[data-figure=at_risk]")).to_be_visible()
    expect(card.locator("[data-figure=next_due] .fig-text")).to_have_text(re.compile(r"^1\d:\d\d$"))
    blocks = card.locator(".ages-block:not([hidden])").evaluate_all(
        "all => all.map(one => +one.style.flexGrow)"
    )
    shown = card.locator("[data-figure=backlog] .fig-value").get_attribute("data-value")
    assert sum(blocks) == int(shown or 0)
    for whole in [r for r in Centre(6).records(now_ms()) if r["channel"] == "ticket"]:
        del whole["definitions"]["sla"], whole["definitions"]["calendar"]
        for name in ("sla", "next_due_at", "backlog_age", "complaints_open"):
            del whole["live"][name]
        for figures in whole["windows"].values():
            del figures["ticket"], figures["resolution_in_time_ratio"]
        put(store, [whole])
    expect(card.locator("[data-figure=at_risk]")).to_be_hidden(timeout=SOON)
    for name in ("backlog", "oldest_open", "first_response", "resolution_time"):
        expect(card.locator(f"[data-figure={name}]")).to_be_visible()
    expect(card.locator("[data-figure=complaints_open] .fig-text")).to_have_text("–")
    expect(card.locator(".ages-bar")).to_be_hidden()


def test_a_state_explains_itself(page: Page) -> None:
    """Click a card's state: why, the people it weighs, the rule, and its examples."""
    page.click(".form-hero .chip")
    dialog = page.get_by_role("dialog", name="Far off target")
    for part in ("Service level 36.5 %", "beyond the limit", "Worst first", "nobody works"):
        expect(dialog).to_contain_text(part)
    assert dialog.locator(".examples tbody tr").count() == len(EXAMPLES)
    page.keyboard.press("Escape")
    expect(page.locator(".form-hero .chip")).to_be_focused()


def test_the_tally_counts_what_the_cards_show(page: Page, store: Store) -> None:
    """Each state in the head is as often on cards and rows; stale and idle ones have their own."""
    records = {r["queue"]: r for r in Centre(6).records(now_ms())}
    records["billing"]["as_of"] -= 7_200_000
    for figures in records["support"]["windows"].values():
        figures |= {"offered": 0, "handled": 0, "tickets_opened": 0}
    records["support"]["live"] |= {"waiting": 0, "handling": 0, "oldest_waiting_at": None}
    put(store, [records["billing"], records["support"]])
    for level in ("stale", "idle"):
        page.wait_for_selector(f".tally-item[data-level={level}]:not([hidden])", timeout=SOON)
    # both at one moment: the page judges anew each second, and claims' oldest wait grows meanwhile
    shown, said = page.evaluate("""() => {
        const found = {};
        for (const card of document.querySelectorAll('#queues .card, #others .card')) {
            const level = 'stale' in card.dataset ? 'stale' : card.dataset.level;
            found[level] = (found[level] ?? 0) + 1;
        }
        const said = {};
        for (const { dataset } of document.querySelectorAll('.tally-item:not([hidden])')) {
            said[dataset.level] = +dataset.count;
        }
        return [found, said];
    }""")
    assert said == shown
    assert shown["stale"] == 1
    assert shown["idle"] == 1
    assert page.locator(".tally-item[data-level=idle]").inner_text() == "1 without contacts"

"""The alerts on the wall in a real Chromium, as a real Alertmanager tells them."""

import re
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from deploy.prometheus.render import Fast, render
from streams.board.store import Store
from tests.board.serving import Serving
from tests.board.worlds import World, filled
from tests.stack.chromium import LAPTOP, PHONE, TV, OpenTab, axe
from tests.stack.layout import measure
from tests.stack.messages import alert, of, post
from tests.stack.servers import alertmanager, call, eventually

pytestmark = pytest.mark.slow

SOON = 60_000
HOT = alert("QueueOccupancyHigh", old_figures="no new ones for 1m 45s")
WAIT = alert("QueueLongestWait", old_figures="")
TICKET = alert("QueueAbandonmentHigh", "ticket")
SILENT = alert("SourceSilent")
#: Counts the tones that are started.
COUNTING = """
    window.tones = 0;
    const { start } = OscillatorNode.prototype;
    OscillatorNode.prototype.start = function (at) { window.tones += 1; start.call(this, at); };
"""
TONES = 3  # of one page


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[str]:
    """A real Alertmanager on the production routes; nobody is told."""
    render(tmp_path, Fast(targets=[]))
    with alertmanager(tmp_path) as base:
        yield base


def now() -> datetime:
    return datetime.now(UTC)


def queues_of(store: Store, channel: str = "voice") -> list[str]:
    return sorted(
        queue for _, queue, of_channel in store.names() if of_channel == channel and queue != "_all"
    )


def test_a_page_stands_at_the_top_and_on_its_queues_card_until_it_ends(
    manager: str, tab: OpenTab
) -> None:
    """What, how much, over which window; the list says more and leads to queue and runbook."""
    store = filled(World(6))
    first, second, *_ = queues_of(store)
    with Serving(store, stale_seconds=3_600, alertmanager=manager) as board:
        page = tab(f"{board.url}/")
        bar = page.locator(".alerts")
        expect(bar).to_be_hidden()
        starts = now()
        post(manager, of(HOT, first), starts)
        post(manager, of(TICKET, second), starts)
        post(manager, SILENT, starts)
        expect(bar.locator(".alerts-one")).to_have_count(3, timeout=SOON)
        expect(bar).to_contain_text(f"PAGE {first} (voice): agents 88% occupied")
        card = page.locator(f'.card[aria-label="{first}, Voice"]')
        line = card.locator(".card-alerts")
        expect(line).to_have_text("PAGE agents 88% occupied · last 5 minutes")
        assert card.get_attribute("data-alert") == "page"
        other = page.locator(f'.card[aria-label="{second}, Voice"] .card-alerts')
        expect(other).to_have_text("TICKET 10% abandoned · last 30 minutes")
        assert page.locator(".card-alerts:visible").count() == 2

        bar.get_by_role("button").click()
        item = bar.locator("li", has_text=f"{first} (voice)")
        for fact in ("88% · limit 85% · last 5 minutes", "waiting: 4, the longest for 30s",
                     "old figures, no new ones for 1m 45s", "since "):  # fmt: skip
            expect(item).to_contain_text(fact)
        link = item.get_by_role("link", name="What to do")
        assert link.get_attribute("href") == HOT.annotations["runbook_url"]
        item.get_by_role("link", name=first).click()
        expect(page.locator(".one-live .card-alerts")).to_contain_text("PAGE agents", timeout=SOON)
        expect(page.locator(".alerts")).to_contain_text("has been silent")
        expect(page.locator(".alerts")).not_to_contain_text(second)

        page.go_back()
        post(manager, of(HOT, first), starts, now())
        post(manager, SILENT, starts, now())
        expect(bar.locator(".alerts-one")).to_have_count(1, timeout=SOON)
        expect(line).to_be_hidden()
        assert card.get_attribute("data-alert") is None


def test_a_row_has_a_sign_that_says_it_all(manager: str, tab: OpenTab) -> None:
    """Of forty queues the alert is seen too, and read out."""
    store = filled(World(40))
    with Serving(store, stale_seconds=3_600, alertmanager=manager) as board:
        page = tab(f"{board.url}/")
        queue = page.locator("#others .card").last.get_attribute("aria-label") or ""
        name, _, channel = queue.rpartition(", ")
        sent = of(HOT, name)
        post(manager, replace(sent, labels=sent.labels | {"channel": channel.lower()}), now())
        sign = page.get_by_role("img", name="PAGE").first
        expect(sign).to_be_visible(timeout=SOON)
        assert "agents 88% occupied · 88% · limit 85%" in (sign.get_attribute("aria-label") or "")


def test_the_wall_sounds_once_a_page_and_only_when_it_was_asked_to(
    manager: str, tab: OpenTab
) -> None:
    """Silent until the button is clicked; then each page once, whatever is told of it again."""
    store = filled(World(6))
    first, second, third, *_ = queues_of(store)
    tones = "() => window.tones"
    with Serving(store, stale_seconds=3_600, alertmanager=manager) as board:
        page = tab(f"{board.url}/", script=COUNTING)
        bar = page.locator(".alerts")
        starts = now()
        post(manager, of(HOT, first), starts)
        expect(bar.locator(".alerts-one")).to_have_count(1, timeout=SOON)
        assert page.evaluate(tones) == 0
        page.get_by_role("button", name="turn on").click()
        assert page.evaluate(tones) == TONES, "the click is heard"

        post(manager, of(WAIT, second), starts)
        expect(bar.locator(".alerts-one")).to_have_count(2, timeout=SOON)
        assert page.evaluate(tones) == 2 * TONES
        expect(bar.get_by_role("alert")).to_have_text(
            f"PAGE {second} (voice): a customer has waited 2m 30s"
        )
        # the same pages with other values, a ticket, and everything again after a reconnection
        post(
            manager, of(WAIT, second, summary=f"{second} (voice): a customer has waited 3m"), starts
        )
        post(manager, of(TICKET, third), starts)
        expect(bar).to_contain_text("waited 3m", timeout=SOON)
        expect(bar.locator(".alerts-one")).to_have_count(3, timeout=SOON)
        port = board.port
        board.stop()
        expect(page.locator(".link")).to_have_attribute("data-state", "lost", timeout=SOON)
        with Serving(store, port, stale_seconds=3_600, alertmanager=manager):
            expect(page.locator(".link")).to_have_attribute("data-state", "live", timeout=SOON)
            expect(bar.locator(".alerts-one")).to_have_count(3, timeout=SOON)
            assert page.evaluate(tones) == 2 * TONES
            post(manager, of(WAIT, second), starts, now())
            expect(bar.locator(".alerts-one")).to_have_count(2, timeout=SOON)
            post(manager, of(WAIT, second), now())
            expect(bar.locator(".alerts-one")).to_have_count(3, timeout=SOON)
            assert page.evaluate(tones) == 3 * TONES, "it has ended and begun again: another page"
            page.get_by_role("button", name="turn off").click()
            post(manager, of(HOT, second), now())
            expect(bar).to_contain_text(f"{second} (voice): agents", timeout=SOON)
            assert page.evaluate(tones) == 3 * TONES


def test_a_silenced_alert_says_so_and_makes_no_noise(manager: str, tab: OpenTab) -> None:
    """Who silenced it knows why; the wall shows it all the same."""
    store = filled(World(6))
    first, *_ = queues_of(store)
    silence: dict[str, Any] = {
        "matchers": [{"name": "queue", "value": first, "isRegex": False, "isEqual": True}],
        "startsAt": now().isoformat(),
        "endsAt": (now() + timedelta(hours=1)).isoformat(),
        "createdBy": "floor",
        "comment": "training",
    }
    call(f"{manager}/api/v2/silences", silence)
    with Serving(store, stale_seconds=3_600, alertmanager=manager) as board:
        page = tab(f"{board.url}/", script=COUNTING)
        page.get_by_role("button", name="turn on").click()
        post(manager, of(HOT, first), now())
        expect(page.locator(".alerts-one")).to_have_text(
            f"MUTED {first} (voice): agents 88% occupied", timeout=SOON
        )
        assert page.evaluate("() => window.tones") == TONES, "of the click alone"


def test_an_alertmanager_that_is_away_is_said_and_the_wall_goes_on(
    tmp_path: Path, tab: OpenTab
) -> None:
    """The last alerts stay, with the time since when there are no others; the figures move."""
    render(tmp_path, Fast(targets=[]))
    store = filled(World(6))
    first, *_ = queues_of(store)
    manager = ExitStack()
    base = manager.enter_context(alertmanager(tmp_path))
    with manager, Serving(store, stale_seconds=3_600, alertmanager=base) as board:
        page = tab(f"{board.url}/")
        away = page.locator(".alerts-away")
        post(base, of(HOT, first), now())
        expect(page.locator(".alerts-one")).to_have_count(1, timeout=SOON)
        expect(away).to_be_hidden()
        manager.close()
        said = r"No word from Alertmanager since \d\d:\d\d \(no connection\): alerts may be missing"
        expect(away).to_have_text(re.compile(said), timeout=SOON)
        expect(page.locator(".alerts-one")).to_have_count(1)
        expect(page.locator(".link")).to_have_attribute("data-state", "live")


def test_a_wall_without_an_alertmanager_has_no_place_for_alerts(tab: OpenTab) -> None:
    """No bar, no bell."""
    with Serving(filled(World(6)), stale_seconds=3_600) as board:
        page = tab(f"{board.url}/")
        page.wait_for_selector(".quality li")
        expect(page.locator(".alerts")).to_be_hidden()
        expect(page.locator("button[name=sound]")).to_be_hidden()


def test_alerts_of_other_queues_than_those_shown_are_left_out(manager: str, tab: OpenTab) -> None:
    """The filters hold for alerts; what concerns the whole system is shown to all."""
    store = filled(World(6))
    first, second, *_ = queues_of(store)
    with Serving(store, stale_seconds=3_600, alertmanager=manager) as board:
        for sent in (of(HOT, first), of(WAIT, second), SILENT):
            post(manager, sent, now())
        page = tab(f"{board.url}/?queues={first}")
        expect(page.locator(".alerts-one")).to_have_count(2, timeout=SOON)
        expect(page.locator(".alerts")).to_contain_text(f"{first} (voice)")
        expect(page.locator(".alerts")).to_contain_text("has been silent")
        page = tab(f"{board.url}/?channel=chat")
        expect(page.locator(".alerts-one")).to_have_count(1, timeout=SOON)


@pytest.mark.parametrize("language", ["en", "de", "es"])
@pytest.mark.parametrize("world", [World(6), World(6, names="long"), World(40)], ids=str)
def test_alerts_can_be_read_by_everybody(
    manager: str, tab: OpenTab, world: World, language: str
) -> None:
    """At each size and theme nothing overlaps or is cut off; axe finds nothing, open or closed."""
    store = filled(world)
    names = queues_of(store)
    with Serving(store, stale_seconds=3_600, alertmanager=manager) as board:
        for sent in (
            of(HOT, names[0]),
            of(WAIT, names[0]),
            of(TICKET, names[1]),
            of(HOT, names[-1]),
        ):
            post(manager, sent, now())
        eventually(lambda: len(board.board.alerts.shown.items) == 4, "four alerts")
        page = tab(f"{board.url}/?lang={language}")
        expect(page.locator(".alerts-rest")).not_to_be_empty(timeout=SOON)
        if language == "en" and world.names == "short":
            assert page.evaluate("document.documentElement.scrollHeight") <= TV["height"]
        page.set_viewport_size(LAPTOP)  # type: ignore[arg-type]
        assert measure(page) == []
        for size in (TV, PHONE):
            page.set_viewport_size(size)  # type: ignore[arg-type]
            for theme in ("dark", "light"):
                page.evaluate("theme => document.documentElement.dataset.theme = theme", theme)
                assert measure(page) == []
                assert axe(page) == []
            page.locator(".alerts-line").click()
            assert measure(page) == []
            assert axe(page) == []
            page.locator(".alerts-line").click()

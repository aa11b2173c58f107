"""Everybody can read the wall: keyboard, screen reader, sizes, themes, languages; in Chromium."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from streams.board.store import Store
from tests.board import worlds
from tests.board.records import Centre, key_of, value_of
from tests.board.serving import Serving, now_ms, put
from tests.board.worlds import World
from tests.stack.chromium import PHONE, TV, OpenTab, axe

pytestmark = pytest.mark.slow


def filled(queues: int, as_of: int | None = None) -> Store:
    """A store with everything the page shows."""
    store, centre = Store(), Centre(queues)
    put(store, centre.records(as_of or now_ms()))
    for record in centre.history(now_ms()):
        store.put_history(key_of(record), value_of(record))
    for record in centre.intervals(now_ms(), centre.queues[0]):
        store.put_interval(key_of(record), value_of(record))
    for record in centre.quality(now_ms()):
        store.put_history(key_of(record), value_of(record))
    store.set_feed("live")
    return store


@pytest.fixture(scope="module")
def board() -> Iterator[Serving]:
    """Six queues and tickets."""
    with Serving(filled(6), stale_seconds=3_600) as board:
        yield board


def findings(page: Page) -> list[str]:
    """What axe finds in both themes, on a television and on a phone."""
    found = []
    for size in (TV, PHONE):
        page.set_viewport_size(size)  # type: ignore[arg-type]
        for theme in ("dark", "light"):
            page.evaluate("theme => document.documentElement.dataset.theme = theme", theme)
            found += [f"{theme} {size['width']}: {line}" for line in axe(page)]
    return found


@pytest.mark.parametrize("address", ["/", "/?lang=es&kiosk=1", "/?channel=ticket"])
def test_axe_finds_nothing_on_the_wall(board: Serving, tab: OpenTab, address: str) -> None:
    """WCAG 2.2 A and AA and axe's best practices: contrast, names, roles, landmarks, headings."""
    assert findings(tab(board.url + address)) == []


def test_axe_finds_nothing_on_the_page_of_a_queue(board: Serving, tab: OpenTab) -> None:
    """Plots have names, and the same figures as a table."""
    page = tab(f"{board.url}/queue?queue=billing&channel=voice")
    page.wait_for_selector(".plot canvas")
    page.click("summary")
    assert findings(page) == []


def test_axe_finds_nothing_on_stale_queues(tab: OpenTab) -> None:
    """Grey figures are still legible."""
    with Serving(filled(30, now_ms() - 90_000)) as board:
        assert findings(tab(f"{board.url}/")) == []


def test_axe_finds_nothing_on_dense_rows_and_the_dialog(tab: OpenTab) -> None:
    """Thirty queues, then a figure's explanation."""
    with Serving(filled(30)) as board:
        page = tab(f"{board.url}/")
        assert findings(page) == []
        page.click("button[data-figure=service_level] >> nth=0")
        assert findings(page) == []


def test_axe_finds_nothing_on_several_tenants_and_a_state(tab: OpenTab) -> None:
    """Totals as rows, names of four scripts, then why a card is where it is."""
    world = World(30, 3, "scripts", stale_share=0.2)
    with Serving(worlds.filled(world), stale_seconds=60) as board:
        page = tab(f"{board.url}/?lang=de")
        assert findings(page) == []
        page.click(".form-hero .chip")
        assert findings(page) == []


def test_a_figure_is_explained_by_keyboard_alone(board: Serving, tab: OpenTab) -> None:
    """Tab to a figure, Enter: definition, formula, terms. Escape: back at the figure."""
    page = tab(f"{board.url}/")
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.locator(".form-hero .card-name a")).to_be_focused()
    for _ in range(4):  # the state, how many wait, the oldest wait, and here
        page.keyboard.press("Tab")
    figure = page.locator(".form-hero [data-figure=service_level]")
    expect(figure).to_be_focused()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name="Service level")
    expect(dialog).to_be_visible()
    for part in ("Formula", "Numerator", "Denominator", "answered in threshold", "The hard case"):
        expect(dialog).to_contain_text(part)
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(figure).to_be_focused()


def test_the_order_stands_still_while_somebody_reads_by_keyboard(
    tab: OpenTab,
) -> None:
    """A queue does not move away under the focus."""
    store = filled(6)
    with Serving(store) as board:
        page = tab(f"{board.url}/?queues=billing,support")
        page.locator(".wall .card .card-name a").first.focus()
        page.keyboard.press("Tab")
        assert page.locator(".wall .card").first.get_attribute("aria-label") == "billing, Voice"
        records = {r["queue"]: r for r in Centre(6).records(now_ms())}
        calm = records["support"] | {"queue": "billing", "revision": 50}
        wild = records["billing"] | {"queue": "support", "revision": 50}
        put(store, [calm, wild])
        page.wait_for_selector(".card[aria-label^=support][data-level=far]")
        page.wait_for_timeout(3_500)
        assert page.locator(".wall .card").first.get_attribute("aria-label") == "billing, Voice"
        page.evaluate("document.activeElement.blur()")
        page.wait_for_selector(".wall .card:first-child[aria-label^=support]")


def test_every_figure_on_the_page_explains_itself(board: Serving, tab: OpenTab) -> None:
    """Each kind of figure there is opens a dialog with name, meaning, formula and hard case."""
    seen = set()
    queues = ("billing&channel=voice", "sales&channel=chat", "back-office&channel=ticket")
    for address in ("/", *(f"/queue?queue={queue}" for queue in queues)):
        page = tab(board.url + address)
        page.wait_for_selector(".quality [data-figure=source_age]")
        for name in page.eval_on_selector_all(
            "button[data-figure]",
            "all => [...new Set(all.filter(one => one.checkVisibility())"
            ".map(one => one.dataset.figure))]",
        ):
            if name in seen:
                continue
            seen.add(name)
            page.locator(f"button[data-figure={name}]:visible").first.click()
            dialog = page.locator("dialog[open]")
            expect(dialog.locator("h2")).not_to_be_empty()
            expect(dialog.locator(".explain-means")).not_to_be_empty()
            expect(dialog.locator(".formula")).not_to_be_empty()
            page.keyboard.press("Escape")
    assert {"waiting", "oldest_wait", "service_level", "abandonment", "aht", "occupancy", "agents",
            "backlog", "oldest_open", "first_response", "resolution_time", "source_age", "late",
            "dead_letters", "did_nothing", "took_effect_otherwise", "given_up_by_age", "orphaned",
            "unknown_agents"} <= seen  # fmt: skip


@pytest.mark.parametrize(
    ("effective", "nothing", "marked"),
    [(1_000, 10, False), (1_000, 11, True), (20, 9, False), (10, 10, True), (0, 0, False)],
)
def test_anomalies_warn_by_the_share_that_did_nothing_lately(
    tab: OpenTab, effective: int, nothing: int, marked: bool
) -> None:
    """More than 1 % of ten minutes, ten at least; the other sorts and the total never do."""
    store = filled(2)
    for record in Centre(2).quality(now_ms(), partitions=4):
        only = record["partition"] == 0
        record |= {"effective_lately": effective * only, "did_nothing_lately": nothing * only}
        assert store.put_history(key_of(record), value_of(record))
    with Serving(store) as board:
        page = tab(f"{board.url}/?lang=en")
        page.wait_for_selector(".quality [data-figure=did_nothing]")
        shown = dict(page.eval_on_selector_all(
            ".quality li", "all => all.map(one => [one.textContent, one.dataset.level ?? ''])"
        ))  # fmt: skip
    (words,) = (text for text in shown if "Events that did nothing" in text)
    assert shown[words] == ("off" if marked else "")
    assert ("%" in words) == marked
    assert shown["Events that took effect otherwise 8"] == shown["Given up by age 4"] == ""


@pytest.mark.parametrize("queues", [1, 2, 5, 6, 40])
def test_a_television_shows_it_all_without_scrolling(tab: OpenTab, queues: int) -> None:
    """1080p: six queues or forty, nothing is below the edge or cut off sideways."""
    with Serving(filled(queues)) as board:
        page = tab(f"{board.url}/?kiosk=1")
        page.wait_for_function("() => document.querySelectorAll('.quality li').length > 5")
        assert page.evaluate("document.documentElement.scrollHeight") <= TV["height"]
        assert page.evaluate("document.documentElement.scrollWidth") <= TV["width"]


@pytest.mark.parametrize("width", [360, 390, 768, 1024, 1366, 3840])
def test_no_width_cuts_figures_off(tab: OpenTab, width: int) -> None:
    """From a phone to a 4K wall: no sideways scrolling, and no figure's text is clipped."""
    with Serving(filled(12)) as board:
        page = tab(f"{board.url}/", size={"width": width, "height": width * 9 // 16 + 400})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        clipped = page.eval_on_selector_all(
            ".fig-value",
            "all => all.filter(one => one.offsetParent && one.getBoundingClientRect().right >"
            " one.closest('.card').getBoundingClientRect().right + 1).map(one => one.textContent)",
        )
        assert clipped == []


def test_the_other_language(board: Serving, tab: OpenTab) -> None:
    """Spanish: words, definitions and the decimal comma; the page says its language."""
    page = tab(f"{board.url}/?lang=es")
    assert page.get_attribute("html", "lang") == "es"
    figure = page.locator(".form-hero [data-figure=service_level]")
    expect(figure).to_contain_text("Nivel de servicio")
    assert re.search(r"\d,\d%", figure.inner_text().replace("\n", ""))
    figure.click()
    expect(page.locator("dialog[open]")).to_contain_text("El caso difícil")
    assert "undefined" not in page.inner_text("body")


def test_themes_and_kiosk(board: Serving, tab: OpenTab) -> None:
    """?theme= decides; without it the system does, except that a kiosk is dark."""
    light = "rgb(238, 241, 245)"
    background = "getComputedStyle(document.body).backgroundColor"
    assert tab(f"{board.url}/?theme=light").evaluate(background) == light
    assert tab(f"{board.url}/?theme=dark").evaluate(background) != light
    page = tab(f"{board.url}/?kiosk=1")  # the browser prefers light
    assert page.evaluate(background) != light
    expect(page.locator(".filters")).to_be_hidden()
    page.keyboard.press("Escape")
    expect(page.locator(".filters")).to_be_visible()
    assert "kiosk" not in page.url
    page.get_by_role("button", name="Light or dark").click()
    assert "theme=" in page.url


def test_levels_are_words_and_shapes_not_only_colours(board: Serving, tab: OpenTab) -> None:
    """Each level has its own sign and its words."""
    page = tab(f"{board.url}/")
    for card in page.locator(".wall .card").all():
        level = card.get_attribute("data-level") or ""
        mark = {"on": "●", "off": "▲", "far": "◆", "idle": "○"}[level]
        assert card.locator(".chip-mark").inner_text() == mark
        assert len(card.locator(".chip-text").inner_text()) > 5
        for figure in card.locator(".fig[data-level]").all():
            assert figure.locator(".fig-mark").inner_text() in ("▲", "◆")
            assert "target" in (figure.locator(".hidden").text_content() or "")

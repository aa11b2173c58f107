"""Whatever there is to show, it can be read: no text or line over another, none cut, none alike."""

import pytest
from playwright.sync_api import Browser, Page, expect

from streams.board.store import Store
from tests.board.records import Centre, key_of, value_of
from tests.board.serving import Serving, now_ms
from tests.board.worlds import World, filled, generated, name_of
from tests.stack.chromium import LAPTOP, PHONE, TV, Tab
from tests.stack.layout import measure

pytestmark = pytest.mark.slow

SIZES = {"television": TV, "laptop": LAPTOP, "phone": PHONE}
LANGUAGES = ("en", "de", "es")
NAMED = [
    World(0),
    World(1),
    World(1, load="idle", history=False),
    World(2, tickets=False),
    World(6),
    World(6, names="long", load="heavy"),
    World(7, names="scripts", load="mixed"),
    World(8, load="heavy"),
    World(6, tenants=2),
    World(12, tenants=2, names="long", load="heavy"),
    World(9, tenants=3),
    World(13, tenants=3, names="scripts", load="heavy", stale_share=0.3),
    World(40),
    World(40, names="long", load="heavy", stale_share=0.3),
    World(40, tenants=3, load="mixed"),
    World(130, load="heavy"),
    World(130, tenants=3, names="long", load="mixed", stale_share=0.2),
    World(130, tenants=2, names="scripts"),
    World(500, load="heavy"),
    World(500, tenants=3, names="long"),
    World(24, tenants=5, load="heavy"),
]
GENERATED = [generated(seed) for seed in range(16)]


def shown(tab: Tab, address: str, cards: int) -> Page:
    """The page once it holds so many queues and has been drawn."""
    page = tab.page
    page.goto(address)
    page.wait_for_function(
        "cards => document.querySelectorAll('#queues .card, #others .card').length >= cards"
        " && !document.querySelector('.link[data-state=connecting]')"
        " && document.querySelector('.quality li')",
        arg=cards,
        timeout=60_000,
    )
    return page


def findings(tab: Tab, address: str, cards: int) -> dict[str, list[str]]:
    """What the measure finds at each size; empty where all can be read."""
    page = shown(tab, address, cards)
    found = {}
    for name, size in SIZES.items():
        page.set_viewport_size(size)  # type: ignore[arg-type]
        page.evaluate("() => new Promise(done => requestAnimationFrame(() => done(true)))")
        found[name] = measure(page)
    return {name: lines for name, lines in found.items() if lines}


@pytest.mark.parametrize("world", [*NAMED, *GENERATED], ids=lambda world: f"{world}-{world.seed}")
def test_everything_can_be_read(browser: Browser, world: World) -> None:
    """At each size, in each language in turn, of every world: nothing overlaps or is cut off."""
    language = LANGUAGES[(world.seed + world.queues + world.tenants) % 3]
    with Serving(filled(world), stale_seconds=60) as board:
        tab = Tab(browser, TV)
        assert findings(tab, f"{board.url}/?lang={language}&theme=dark", world.queues) == {}
        tab.close()


@pytest.mark.parametrize("query", ["channel=ticket", "channel=chat&kiosk=1", "queues=*-2,b*"])
@pytest.mark.parametrize("tenants", [1, 3])
def test_every_filter_can_be_read(browser: Browser, query: str, tenants: int) -> None:
    """What a filter leaves is laid out as well as the whole."""
    with Serving(filled(World(60, tenants, load="heavy"))) as board:
        tab = Tab(browser, TV)
        assert findings(tab, f"{board.url}/?{query}", 1) == {}
        tab.close()


@pytest.mark.parametrize("state", ["lost", "missing", "loading"])
@pytest.mark.parametrize("queues", [0, 6, 40])
def test_an_alarm_leaves_the_rest_readable(browser: Browser, state: str, queues: int) -> None:
    """The alarm's line takes room, not the place of anything."""
    store = filled(World(queues, names="long"))
    store.set_feed(state, "contact.kpis")
    with Serving(store, workers=("http://127.0.0.1:1",)) as board:
        tab = Tab(browser, TV)
        assert findings(tab, f"{board.url}/?lang=de", queues) == {}
        tab.close()


@pytest.mark.parametrize("language", LANGUAGES)
def test_many_sources_can_be_read(browser: Browser, language: str) -> None:
    """Of twelve with long names the eight silent longest stand in the strip, and how many more."""
    store, now = filled(World(6)), now_ms()
    for record in Centre(6).quality(now):
        names = [f"telephone-exchange-{number:02}-of-the-western-region" for number in range(12)]
        record["sources"] = {name: now - 20_000 * at for at, name in enumerate(names)}
        record |= {"effective_lately": 4_000, "did_nothing_lately": 200}
        store.put_history(key_of(record), value_of(record))
    with Serving(store) as board:
        tab = Tab(browser, TV)
        assert findings(tab, f"{board.url}/?lang={language}", 6) == {}
        sources = tab.page.locator(".quality [data-figure=source_age]")
        expect(sources).to_have_count(8)
        expect(sources.first).to_contain_text("telephone-exchange-11")
        expect(tab.page.locator(".quality span.quality-item")).to_contain_text("4")
        tab.close()


@pytest.mark.parametrize("load", ["usual", "heavy", "idle"])
def test_the_page_of_a_queue_can_be_read(browser: Browser, load: str) -> None:
    """The same for one queue with a long name, in each language."""
    for language in LANGUAGES:
        with Serving(filled(World(1, names="long", load=load))) as board:
            tab = Tab(browser, TV)
            page = tab.page
            page.goto(f"{board.url}/queue?queue={name_of('long', 0)}&lang={language}")
            page.wait_for_selector(".one-live .card")
            page.wait_for_selector(".quality li")
            for size in SIZES.values():
                page.set_viewport_size(size)  # type: ignore[arg-type]
                assert measure(page) == []
            tab.close()


def test_the_measure_finds_what_is_wrong(browser: Browser) -> None:
    """Texts over each other, one cut off, two names alike, a line through words: each is found."""
    with Serving(filled(World(6))) as board:
        tab = Tab(browser, TV)
        page = shown(tab, board.url, 6)
        assert measure(page) == []
        style = (
            "rule => { const sheet = new CSSStyleSheet(); sheet.replaceSync(rule);"
            " document.adoptedStyleSheets.push(sheet); }"
        )
        page.evaluate(style, ".form-card .fig-target { margin-top: -1.6rem !important }")
        assert any(line.startswith("overlap") for line in measure(page))
        page.evaluate(style, ".form-hero .card-figures { max-height: 3rem; overflow: hidden }")
        assert any(line.startswith("cut off") for line in measure(page))
        page.evaluate(style, ".spark { grid-row: 1 !important }")
        page.evaluate(
            "() => document.querySelectorAll('.spark-line')"
            ".forEach(line => line.setAttribute('d', 'M0 12L59 12'))"
        )
        assert any(line.startswith("a line runs through") for line in measure(page))
        page.evaluate(
            "() => document.querySelectorAll('.wall .card[data-key*=voice] .card-name a')"
            ".forEach(name => { name.textContent = 'billing' })"
        )
        assert any(line.startswith("look alike") for line in measure(page))
        tab.close()


def test_tickets_have_one_card_at_most_and_never_a_queue_s(browser: Browser) -> None:
    """One tenant: one card beside the worst queues. Several: a row each among the totals."""
    for world, cards, rows in ((World(40), 1, 0), (World(9, 3), 0, 3), (World(24, 5), 0, 5)):
        with Serving(filled(world)) as board:
            tab = Tab(browser, TV)
            page = shown(tab, board.url, world.queues)
            expect(page.locator("#queues .form-ticket")).to_have_count(cards)
            expect(page.locator(".totals .form-ticket-tile")).to_have_count(rows)
            first = page.locator("#queues .card").first
            assert "form-hero" in (first.get_attribute("class") or "")
            tab.close()


def test_long_names_are_shortened_to_different_texts(browser: Browser) -> None:
    """40 letters stay whole; of 256 signs in four scripts the ends are kept, or what differs."""
    with Serving(Store()) as board:
        tab = Tab(browser, TV)
        page = tab.page
        page.goto(board.url)
        fit = "async all => [...(await import('/static/names.js')).fitting(all).values()]"
        forty = [name_of("long", number) for number in range(50)]
        assert {len(name) for name in forty} == {40}
        assert page.evaluate(fit, forty) == forty
        alike = [f"{'x' * 50}-{where}-{'y' * 60}" for where in ("north", "south", "northwest")]
        alike += [name_of("scripts", number) for number in range(20)]
        alike += ["z" * 100 + "1" + "z" * 27, "z" * 101 + "1" + "z" * 26]
        texts = page.evaluate(fit, alike)
        assert len(set(texts)) == len(alike)
        cells = "async all => { const { cells } = await import('/static/names.js');"
        assert max(page.evaluate(cells + " return all.map(cells); }", texts)) <= 44
        tab.close()


def test_most_queues_are_counted_and_not_drawn(browser: Browser) -> None:
    """Of 2,000 queues the worst 604 are drawn, the page says so, and the tally counts them all."""
    with Serving(filled(World(2_000, tickets=False, history=False))) as board:
        tab = Tab(browser, TV)
        page = shown(tab, f"{board.url}/?lang=en", 604)
        expect(page.locator(".more")).to_contain_text(
            "1396 more queues are not drawn", timeout=60_000
        )
        counts = page.eval_on_selector_all(
            ".tally-item", "all => all.map(one => +one.dataset.count)"
        )
        assert sum(counts) == 2_000
        assert page.locator("#others .card").count() == 600
        tab.close()

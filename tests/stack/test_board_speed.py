"""Hundreds of queues on one page: each drawing is cheap; in Chromium."""

import json

from streams.board.store import Store
from tests.board.records import Centre, Record
from tests.board.serving import Serving, now_ms, put
from tests.stack.chromium import TV, Tab, chromium


def test_five_hundred_queues_are_drawn_within_a_tenth_of_a_second() -> None:
    """All of 500 queues change at once: script, style and layout of a drawing are below 100 ms.

    Counted in the page's own processor time, so that a busy machine counts little.
    """
    store, centre = Store(), Centre(500)
    put(store, centre.records(now_ms()))
    store.set_feed("live")
    updates = [centre.records(now_ms()) for _ in range(7)]
    with chromium() as browser, Serving(store) as board:
        tab = Tab(browser, TV)
        page = tab.open(f"{board.url}/")
        page.wait_for_function("() => document.querySelectorAll('.card').length >= 500")
        devtools = page.context.new_cdp_session(page)
        devtools.send("Performance.enable", {"timeDomain": "threadTicks"})

        def spent() -> tuple[float, float]:
            found = devtools.send("Performance.getMetrics")["metrics"]
            values = {one["name"]: one["value"] for one in found}
            work = ("ScriptDuration", "RecalcStyleDuration", "LayoutDuration")
            return sum(values[name] for name in work) * 1000, values["LayoutCount"]

        drawings = []
        for records in updates:
            before = spent()
            put(store, records)
            page.evaluate(ALL_DRAWN, [_key(r) + _aht(r) for r in records[:500]])
            after = spent()
            drawings.append((after[0] - before[0]) / max(1, after[1] - before[1]))
        tab.close()
        drawings.sort()
        print(f"500 queues: a drawing takes {drawings[3]:.0f} ms, at worst {drawings[-1]:.0f} ms")
        assert drawings[3] < 100


# true once every queue shows its value; looked at after each drawing, not in between
ALL_DRAWN = """wanted => new Promise(done => new MutationObserver((_, self) => {
    const shown = new Set([...document.querySelectorAll('.wall .card, .rows .card')].map(card =>
        card.dataset.key + card.querySelector('[data-figure=aht] .fig-value')?.dataset.value));
    if (wanted.every(one => shown.has(one))) { self.disconnect(); done(true); }
}).observe(document.documentElement, {attributeFilter: ['data-render-ms']}))"""


def _key(record: Record) -> str:
    return json.dumps([record["tenant"], record["queue"], record["channel"]]).replace(" ", "")


def _aht(record: Record) -> str:
    return json.dumps(record["windows"]["30m"]["handle_mean_seconds"]).removesuffix(".0")

"""Makes the pictures of the wallboard for the README: `python -m tests.board.screenshots FOLDER`.

The page is the real one in a real Chromium; the figures are those of the tests' seeded generator.
"""

import sys
from pathlib import Path

from streams.board.store import Store
from tests.board import worlds
from tests.board.records import Centre, key_of, value_of
from tests.board.serving import Serving, now_ms, put
from tests.board.worlds import World
from tests.stack.chromium import PHONE, TV, Tab, chromium

PICTURES = {
    "wallboard": (World(6), 0, "/?theme=dark", TV),
    "wallboard-light": (World(6), 0, "/?theme=light", TV),
    "wallboard-40-queues": (World(40), 0, "/?theme=dark", TV),
    "wallboard-130-queues": (World(130), 0, "/?theme=dark", TV),
    "wallboard-tenants": (World(40, 3), 0, "/?theme=dark", TV),
    "wallboard-stale": (World(6), 95, "/?theme=dark", TV),
    "wallboard-german": (World(6), 0, "/?theme=dark&lang=de", TV),
    "wallboard-queue": (World(6), 0, "/queue?queue=billing&channel=voice&theme=dark", TV),
    "wallboard-definition": (World(6), 0, "/?theme=dark", TV),
    "wallboard-state": (World(6), 0, "/?theme=dark", TV),
    "wallboard-phone": (World(6), 0, "/?theme=dark", PHONE),
}
CLICKED = {"wallboard-definition": "[data-figure=service_level]", "wallboard-state": ".chip"}


def shown(world: World, age_seconds: int) -> Store:
    """A store with records, history, intervals and quality; the records are that old."""
    store, centre, now = worlds.filled(world), Centre(world.queues), now_ms()
    if age_seconds:
        put(store, centre.records(now - age_seconds * 1_000))
    for record in centre.intervals(now, centre.queues[0]):
        store.put_interval(key_of(record), value_of(record))
    return store


def main(folder: Path) -> None:
    """Write all pictures."""
    with chromium() as browser:
        for name, (world, age_seconds, address, size) in PICTURES.items():
            with Serving(shown(world, age_seconds)) as board:
                tab = Tab(browser, size)
                page = tab.open(board.url + address)
                page.wait_for_selector(".quality [data-figure=source_age]")
                if "/queue" in address:
                    page.wait_for_selector(".plot canvas")
                if name in CLICKED:
                    page.click(f".form-hero {CLICKED[name]}")
                page.evaluate("() => document.fonts.ready.then(() => true)")
                page.wait_for_timeout(1_200)
                page.screenshot(path=folder / f"{name}.png")
                tab.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))

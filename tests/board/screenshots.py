"""Makes the pictures of the wallboard for the README: `python -m tests.board.screenshots FOLDER`.

The page is the real one in a real Chromium; the figures are those of the tests' seeded generator.
"""

import sys
from pathlib import Path

from streams.board.store import Store
from tests.board.records import Centre, key_of, value_of
from tests.board.serving import Serving, now_ms, put
from tests.stack.chromium import PHONE, TV, Tab, chromium

PICTURES = {
    "wallboard": (6, 0, "/?theme=dark", TV),
    "wallboard-light": (6, 0, "/?theme=light", TV),
    "wallboard-40-queues": (40, 0, "/?theme=dark", TV),
    "wallboard-stale": (6, 95, "/?theme=dark", TV),
    "wallboard-queue": (6, 0, "/queue?queue=billing&channel=voice&theme=dark", TV),
    "wallboard-definition": (6, 0, "/?theme=dark", TV),
    "wallboard-phone": (6, 0, "/?theme=dark", PHONE),
}


def filled(queues: int, age_seconds: int) -> Store:
    """A store with records, history, intervals and quality; the records are that old."""
    store, centre, now = Store(), Centre(queues), now_ms()
    put(store, centre.records(now - age_seconds * 1_000))
    for record in centre.history(now):
        store.put_history(key_of(record), value_of(record))
    for record in centre.intervals(now, centre.queues[0]):
        store.put_interval(key_of(record), value_of(record))
    for record in centre.quality(now):
        store.put_history(key_of(record), value_of(record))
    store.set_feed("live")
    return store


def main(folder: Path) -> None:
    """Write all pictures."""
    with chromium() as browser:
        for name, (queues, age_seconds, address, size) in PICTURES.items():
            with Serving(filled(queues, age_seconds)) as board:
                tab = Tab(browser, size)
                page = tab.open(board.url + address)
                page.wait_for_selector(".quality [data-figure=source_age]")
                if "queue" in address:
                    page.wait_for_selector(".plot canvas")
                if "definition" in name:
                    page.click(".form-hero [data-figure=service_level]")
                page.evaluate("() => document.fonts.ready.then(() => true)")
                page.wait_for_timeout(1_200)
                page.screenshot(path=folder / f"{name}.png")
                tab.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))

"""Makes the pictures of the wallboard for the README: `python -m tests.board.screenshots FOLDER`.

The page is the real one in a real Chromium; the figures are those of the tests' seeded generator,
the alerts those of the rules' own tests, told by a real Alertmanager.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from deploy.prometheus.render import Fast, render
from streams.board.store import Store
from tests.board import worlds
from tests.board.records import Centre, key_of, value_of
from tests.board.serving import Serving, now_ms, put
from tests.board.worlds import World
from tests.stack.chromium import PHONE, TV, Tab, chromium
from tests.stack.messages import alert, of, post
from tests.stack.servers import alertmanager

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
    "wallboard-page": (World(6), 0, "/?theme=dark", TV),
    "wallboard-quality": (World(6), 0, "/quality?theme=dark", TV),
    "wallboard-quality-40-queues": (World(40), 0, "/quality?theme=dark", TV),
}
PAGES = "wallboard-page"
CLICKED = {"wallboard-definition": "[data-figure=service_level]", "wallboard-state": ".chip"}


def shown(world: World, age_seconds: int) -> Store:
    """A store with records, history, intervals and quality; the records are that old."""
    store, centre, now = worlds.filled(world), Centre(world.queues), now_ms()
    if age_seconds:
        put(store, centre.records(now - age_seconds * 1_000))
    for record in centre.intervals(now, centre.queues[0]):
        store.put_interval(key_of(record), value_of(record))
    return store


@contextmanager
def paging() -> Iterator[str]:
    """An Alertmanager to which two queues page, and one has a ticket."""
    with TemporaryDirectory() as name:
        render(Path(name), Fast(targets=[]))
        with alertmanager(Path(name)) as base:
            began = datetime.now(UTC)
            post(base, of(alert("QueueOccupancyHigh", old_figures=""), "billing"), began)
            waits = {"summary": "claims (voice): a customer has waited 1m 4s", "value": "1m 4s"}
            post(base, of(alert("QueueLongestWait", old_figures=""), "claims", **waits), began)
            left = {"summary": "billing (voice): 13% abandoned", "value": "13%"}
            post(base, of(alert("QueueAbandonmentHigh", "ticket"), "billing", **left), began)
            yield base


def main(folder: Path) -> None:
    """Write all pictures."""
    with chromium() as browser, paging() as manager:
        for name, (world, age_seconds, address, size) in PICTURES.items():
            told = manager if name == PAGES else None
            with Serving(shown(world, age_seconds), alertmanager=told) as board:
                tab = Tab(browser, size)
                if "/quality" in address:
                    page = tab.open(board.url + address, "article.served-row")
                else:
                    page = tab.open(board.url + address)
                    page.wait_for_selector(".quality [data-figure=source_age]")
                if "/queue" in address:
                    page.wait_for_selector(".plot canvas")
                if told:
                    page.wait_for_selector(".alerts-one:nth-child(3)")
                if name in CLICKED:
                    page.click(f".form-hero {CLICKED[name]}")
                page.evaluate("() => document.fonts.ready.then(() => true)")
                page.wait_for_timeout(1_200)
                page.screenshot(path=folder / f"{name}.png")
                tab.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))

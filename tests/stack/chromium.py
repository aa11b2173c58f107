"""A real Chromium for the wallboard's tests: Debian's, by Playwright; nothing is downloaded."""

import gzip
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser, Page, sync_playwright

ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
AXE = gzip.decompress((Path(__file__).parent / "vendor/axe-4.14.1.min.js.gz").read_bytes()).decode()
TV = {"width": 1920, "height": 1080}
LAPTOP = {"width": 1366, "height": 768}
PHONE = {"width": 390, "height": 844}


@contextmanager
def chromium() -> Iterator[Browser]:
    """One browser process, ended with the block."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=list(ARGUMENTS)
        )
        yield browser
        browser.close()


#: What the fixture `tab` gives: opens an address, returns its page.
OpenTab = Callable[..., Page]


class Tab:
    """One page. `errors`: exceptions, blocked loads and messages, none of which should happen."""

    def __init__(self, browser: Browser, size: dict[str, int], script: str = "") -> None:
        self.context = browser.new_context(viewport=size)  # type: ignore[arg-type]
        self.page: Page = self.context.new_page()
        self.errors: list[str] = []
        self.hosts: set[str] = set()
        if script:
            self.page.add_init_script(script)
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("console", self._console)
        self.page.on("request", lambda request: self.hosts.add(urlsplit(request.url).netloc))

    def _console(self, message: Any) -> None:
        # a lost connection is reported by the browser itself; that is what those tests are about
        if message.type == "error" and "net::ERR" not in message.text:
            self.errors.append(message.text)

    def open(self, url: str, first: str = ".card .fig-value[data-value]") -> Page:
        """Go there and wait for the first figures, or for what else is there then."""
        self.page.goto(url)
        self.page.wait_for_selector(first, timeout=60_000)
        return self.page

    def close(self) -> None:
        """Close the page; it must have kept to its own server and made no errors."""
        self.context.close()
        assert self.errors == []
        assert len(self.hosts) <= 1


def axe(page: Page) -> list[str]:
    """What axe-core finds wrong, one line a finding: rule, help and the first element."""
    page.evaluate(AXE)
    found = page.evaluate(
        "async () => (await axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21a',"
        " 'wcag21aa', 'wcag22aa', 'best-practice']})).violations.map(v =>"
        " `${v.id}: ${v.help}: ${v.nodes.length} × ${v.nodes[0].html.slice(0, 200)}"
        " ${v.nodes[0].any.map(a => a.message).join(' ')}`)"
    )
    assert isinstance(found, list)
    return found

"""Shared by the tests that need a browser: one Chromium a file, pages that must end clean."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests.stack.chromium import TV, OpenTab, Tab, chromium


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One Chromium for this file."""
    with chromium() as browser:
        yield browser


@pytest.fixture
def tab(browser: Browser) -> Iterator[OpenTab]:
    """Opens an address; every page must end without errors and with its own server alone."""
    made: list[Tab] = []

    def open_tab(
        url: str, *, script: str = "", size: dict[str, int] = TV, figures: bool = True
    ) -> Page:
        made.append(Tab(browser, size, script))
        if figures:
            return made[-1].open(url)
        made[-1].page.goto(url)
        return made[-1].page

    yield open_tab
    for one in made:
        one.close()

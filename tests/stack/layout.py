"""Measures a page as a reader sees it: texts that overlap, are cut off, or look alike.

In: a page with its figures. Out: one line a finding. Every text node counts where it is drawn;
what is hidden from the eye (for screen readers) does not.
"""

from pathlib import Path

from playwright.sync_api import Page

MEASURE = (Path(__file__).parent / "measure.js").read_text()


def measure(page: Page) -> list[str]:
    """What is wrong with the page as it stands, one line each; [] where all can be read."""
    page.evaluate("() => document.fonts.ready.then(() => true)")
    found = page.evaluate(MEASURE)
    assert isinstance(found, list)
    return found

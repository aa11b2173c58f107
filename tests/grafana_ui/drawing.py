"""A dashboard drawn by Grafana's own components in a real browser, and what is to be seen of it.

In: the bundle that `deploy/setup.sh test` has made of npm's packages, a board, its frames. Out:
each panel's texts and colours, as they stand in the page. No server: the files are put in the place
of addresses that nobody has.
"""

import colorsys
import hashlib
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self
from urllib.parse import urlsplit

from playwright.sync_api import Browser, Route

from tests.grafana_ui.frames import Frame
from tests.stack.chromium import TV, Tab

HERE: Final = Path(__file__).parent
#: What the bundle is made of: it is kept under their hash.
MADE_OF: Final = ("package.json", "package-lock.json", "components.js")
#: A folder for pictures of what the tests have drawn.
PICTURES: Final = "STREAMS_PICTURES"
_TYPES: Final = {
    ".html": "text/html",
    ".js": "text/javascript",
    ".css": "text/css",
    ".svg": "image/svg+xml",
    ".woff2": "font/woff2",
}
#: Grafana's grid: rows of 30 px, gaps of 8 px.
_ROW, _GAP = 30, 8


def bundle() -> Path:
    """The folder of the bundle; AssertionError if the set-up has not made it."""
    made_of = b"".join((HERE / name).read_bytes() for name in MADE_OF)
    caches = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    name = f"grafana-ui-{hashlib.sha256(made_of).hexdigest()[:16]}"
    folder = caches / "contact-streams" / name
    assert folder.is_dir(), "Grafana's components are not there; run deploy/setup.sh test"
    return folder


@dataclass(frozen=True, slots=True)
class Shown:
    """A figure, a bar or a cell: its text, and the colours of its letters and their ground."""

    text: str
    colours: tuple[str, ...]

    @property
    def hues(self) -> set[str]:
        """`green`, `amber`, `red`, `blue`, by the circle of colours; greys are none."""
        return {hue for colour in self.colours if (hue := _hue(colour))}


def _hue(colour: str) -> str | None:
    red, green, blue = (int(float(part)) / 255 for part in re.findall(r"[\d.]+", colour)[:3])
    hue, lightness, saturation = colorsys.rgb_to_hls(red, green, blue)
    if saturation < 0.25 or lightness < 0.1:
        return None
    degrees = 360 * hue
    if degrees < 20 or degrees >= 320:
        return "red"
    return "amber" if degrees < 70 else "green" if degrees < 170 else "blue"


@dataclass(frozen=True, slots=True)
class Seen:
    """One panel as it is to be seen; `drawn` is false for a kind the packages do not have, `cut`
    are the headings and cells that cannot be read whole."""

    panel: dict[str, Any]
    drawn: bool
    values: tuple[Shown, ...]
    headings: tuple[str, ...]
    rows: tuple[tuple[Shown, ...], ...]
    cut: tuple[str, ...]
    words: tuple[str, ...]
    legend: tuple[str, ...]

    @property
    def title(self) -> str:
        """The panel's title."""
        return str(self.panel["title"])

    @property
    def everything(self) -> list[Shown]:
        """Figures, bars and cells."""
        return [*self.values, *(cell for row in self.rows for cell in row)]

    def row(self, number: int) -> dict[str, Shown]:
        """A row of a table by its headings."""
        return dict(zip(self.headings, self.rows[number], strict=True))


def opened(board: dict[str, Any]) -> dict[str, Any]:
    """The board with closed headings opened: their panels among the others, the rest moved down."""
    moved = 0
    panels: list[dict[str, Any]] = []
    for one in board["panels"]:
        listed = [one, *one.get("panels", ())]
        for panel in listed:
            place = panel["gridPos"]
            panels.append(panel | {"gridPos": place | {"y": place["y"] + moved}})
        moved += _bottom(listed) - _bottom([one])
    return board | {"panels": panels}


def _bottom(panels: Sequence[dict[str, Any]]) -> int:
    """The first row of the grid below them."""
    return max(int(one["gridPos"]["y"] + one["gridPos"]["h"]) for one in panels)


class Drawing:
    """A page that draws one board after the other, headings opened."""

    def __init__(self, browser: Browser, boards: Mapping[str, dict[str, Any]]) -> None:
        self._folders = (HERE, bundle())
        self._boards = {name: opened(board) for name, board in boards.items()}
        self._tab = Tab(browser, TV)
        self._tab.page.route("**/*", self._serve)
        self._tab.page.goto("http://dashboards.invalid/page.html")
        self._tab.page.evaluate("boards => register(boards)", list(self._boards.values()))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._tab.close()

    def _serve(self, route: Route) -> None:
        name = urlsplit(route.request.url).path.lstrip("/")
        for folder in self._folders:
            file = folder / name
            if file.is_file():
                route.fulfill(path=file, content_type=_TYPES.get(file.suffix, "text/plain"))
                return
        # Italics and type for code, which no panel of ours has.
        route.abort()

    def draw(
        self,
        name: str,
        answers: Mapping[int, Sequence[Frame]],
        since: float,
        until: float,
        screen: Mapping[str, int] = TV,
    ) -> dict[str, Seen]:
        """Draws the board on a screen as wide, and high enough for all of it; what is to be seen of
        each panel, by its title. Times in seconds."""
        board = self._boards[name]
        # Tables draw only what is on the screen.
        height = max(screen["height"], _GAP + _bottom(board["panels"]) * (_ROW + _GAP))
        self._tab.page.set_viewport_size({"width": screen["width"], "height": height})
        self._tab.page.evaluate(
            "([board, answers, since, until]) => draw(board, answers, since, until)",
            [board, {str(k): v for k, v in answers.items()}, 1000 * since, 1000 * until],
        )
        panels = {panel["id"]: panel for panel in board["panels"]}
        seen = [_seen(panels[raw["id"]], raw) for raw in self._tab.page.evaluate("read()")]
        return {one.title: one for one in seen}

    def picture(self, name: str) -> None:
        """Saves what is drawn, the whole board, where the environment names a folder for it."""
        if folder := os.environ.get(PICTURES):
            path = Path(folder) / f"{name}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            self._tab.page.screenshot(path=path)


def _shown(raw: dict[str, Any]) -> Shown:
    return Shown(raw["text"], tuple(raw["colours"]))


def _seen(panel: dict[str, Any], raw: dict[str, Any]) -> Seen:
    return Seen(
        panel=panel,
        drawn=raw["drawn"],
        values=tuple(_shown(one) for one in raw["values"]),
        headings=tuple(raw["headings"]),
        rows=tuple(tuple(_shown(cell) for cell in row) for row in raw["rows"]),
        cut=tuple(raw["cut"]),
        words=tuple(raw["words"]),
        legend=tuple(raw["legend"]),
    )

"""A whole dashboard: its variables, its rows of panels, its links and the pages it marks.

In: panels and how wide they are. Out: the SDK's model of the dashboard. Invariant: panels lie in
rows of 24 columns, so they cannot overlap.
"""

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from grafana_foundation_sdk.builders import dashboard
from grafana_foundation_sdk.models import dashboard as models

from deploy.grafana.src.kit import PROMETHEUS, QUEUES, RED, Panel

TAG: Final = "contact-centre"
# Boards that the menu of the others lists; the wallboard has a link of its own.
LISTED: Final = "contact-centre-detail"
WALLBOARD: Final = "cc-wallboard"
QUEUE: Final = "cc-queue"
TICKETS: Final = "cc-tickets"
REFRESH: Final = "5s"
# The data source of provisioning/: without it Grafana opens on whichever name sorts first.
SOURCE: Final = models.VariableOption(
    selected=True, text="Prometheus", value="contact-centre-prometheus"
)
COLUMNS: Final = 24


def _variable(name: str, label: str, asked: str, *, many: bool) -> Any:
    made = (
        dashboard.QueryVariable(name)
        .label(label.capitalize())
        .datasource(PROMETHEUS)
        .query(asked)
        .refresh(models.VariableRefresh.ON_TIME_RANGE_CHANGED)
        .sort(models.VariableSort.ALPHABETICAL_ASC)
        .multi(many)
        .include_all(many)
    )
    if many:
        made = made.current(models.VariableOption(selected=True, text="All", value="$__all"))
    # A queue without a site is among all sites; `All` queues are those the others leave.
    return made.all_value(".*") if many and label != "queue" else made


def _variables(names: Mapping[str, str], among: str, *, many: bool) -> list[Any]:
    """Variables by name, each of a label of the queues, each narrowed by those before it."""
    chosen = f'queue!="_all"{among}'
    made = []
    for name, label in names.items():
        asked = f"label_values(contactcenter_queue_info{{{chosen}}}, {label})"
        made.append(_variable(name, label, asked, many=many))
        chosen += f', {label}=~"${name}"'
    return made


def queue_variables() -> list[Any]:
    """Tenant, channel, site, team, queue."""
    names = ("tenant", "channel", "site", "team", "queue")
    return _variables({name: name for name in names}, "", many=True)


def one_queue_variables() -> list[Any]:
    """Tenant, channel and one queue, of calls or chats: tickets have a board of their own."""
    names = ("tenant", "channel", "queue")
    return _variables({name: name for name in names}, ', channel!="ticket"', many=False)


def ticket_queue_variables() -> list[Any]:
    """Tenant, site, team, queue of tickets.

    The menu of the boards carries what is chosen by its variable's name; a queue of calls, chosen
    elsewhere, is none of these.
    """
    names = {name: name for name in ("tenant", "site", "team")} | {"ticket_queue": "queue"}
    return _variables(names, ', channel="ticket"', many=True)


@dataclass(slots=True)
class _Section:
    """A heading across the board, and the panels hidden under it until it is opened."""

    heading: Any
    hidden: list[Panel] | None


@dataclass(slots=True)
class Board:
    """One dashboard; rows are added top down, ids count up.

    `pages` chooses the alerts marked in the graphs, besides their severity; `marked` is whether
    they are when the board is opened.
    """

    uid: str
    title: str
    description: str
    variables: Sequence[Any] = ()
    since: str = "now-3h"
    pages: str = QUEUES
    marked: bool = True
    _top: int = 0
    _id: int = 0
    _parts: list[Panel | _Section] = field(default_factory=list)

    def _placed(self, part: Any, height: int, width: int, left: int) -> Any:
        self._id += 1
        place = models.GridPos(h=height, w=width, x=left, y=self._top)
        return part.id(self._id).grid_pos(place)

    def section(self, title: str, *, closed: bool = False) -> None:
        """A heading over the rows that follow; a closed one hides them, to the board's end."""
        heading = self._placed(dashboard.Row(title).collapsed(closed), 1, COLUMNS, 0)
        self._top += 1
        self._parts.append(_Section(heading, [] if closed else None))

    def row(self, height: int, *panels: tuple[Panel, int]) -> None:
        """Adds panels side by side, each with its width; raises ValueError beyond 24 columns."""
        if sum(width for _, width in panels) > COLUMNS:
            raise ValueError(f"{self.uid}: a row wider than {COLUMNS} columns")
        last = self._parts[-1] if self._parts else None
        hidden = last.hidden if isinstance(last, _Section) else None
        added = self._parts if hidden is None else hidden
        left = 0
        for panel, width in panels:
            added.append(self._placed(panel, height, width, left))
            left += width
        self._top += height

    def _links(self, names: Sequence[str]) -> list[Any]:
        """To the wallboard, with what it can show of the choice; to the others, with all of it."""
        carried = ["datasource", *(name for name in ("tenant",) if name in names)]
        asked = "&".join(f"${{{name}:queryparam}}" for name in carried)
        shown = {"Tickets": TICKETS} if self.uid == QUEUE else {}
        if self.uid != WALLBOARD:
            shown["Wallboard"] = WALLBOARD
        links = [
            dashboard.DashboardLink(title)
            .type(models.DashboardLinkType.LINK)
            .url(f"/d/{uid}/?{asked}")
            for title, uid in shown.items()
        ]
        menu = dashboard.DashboardLink("Other boards").type(models.DashboardLinkType.DASHBOARDS)
        menu = menu.tags([LISTED]).as_dropdown(True).include_vars(True).keep_time(True)
        return [*links, menu]

    def _marks(self) -> Any:
        """Where a page began. Its whole length would cover the curves for as long as it fires."""
        began = f'ALERTS{{alertstate="firing", severity="page", {self.pages}}}'
        return (
            dashboard.AnnotationQuery()
            .name("Pages")
            .datasource(PROMETHEUS)
            .enable(self.marked)
            .icon_color(RED)
            .expr(f"{began} unless {began} offset 1m")
            .title_format("{{alertname}} {{queue}}")
        )

    def build(self) -> Any:
        """The finished model; the SDK's encoder makes the JSON of it."""
        with warnings.catch_warnings():
            # The SDK would rather have the next schema; classic JSON loads in every Grafana.
            warnings.simplefilter("ignore", DeprecationWarning)
            made = dashboard.Dashboard(self.title)
        made = (
            made.uid(self.uid)
            .description(self.description)
            .tags([TAG] if self.uid == WALLBOARD else [TAG, LISTED])
            .readonly()
            .time(self.since, "now")
            .timezone("browser")
            .refresh(REFRESH)
            .tooltip(models.DashboardCursorSync.CROSSHAIR)
        )
        source = dashboard.DatasourceVariable("datasource").label("Data source").type("prometheus")
        for variable in (source.current(SOURCE), *self.variables):
            made = made.with_variable(variable)
        for link in self._links([variable.build().name for variable in self.variables]):
            made = made.link(link)
        made = made.annotation(self._marks())
        for part in self._parts:
            if not isinstance(part, _Section):
                made = made.with_panel(part)
                continue
            for panel in part.hidden or ():
                part.heading.with_panel(panel)
            made = made.with_row(part.heading)
        finished = made.build()
        # The SDK would hide both in a menu.
        for shown in (*(finished.links or ()), *(finished.annotations.list_val or ())):
            shown.placement = None
        return finished

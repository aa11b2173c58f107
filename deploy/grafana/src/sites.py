"""Board 3: sites, teams and skills. Numerators and denominators are added up, then divided."""

from typing import Any

from grafana_foundation_sdk.builders import dashboard
from grafana_foundation_sdk.models import dashboard as models

from deploy.grafana.src import figures as say
from deploy.grafana.src.kit import (
    BY_QUEUE,
    QUEUES,
    Board,
    Column,
    grid,
    lines,
    note,
    queue_variables,
    tile,
)

INFO = f"max by ({BY_QUEUE}, $group) (contactcenter_queue_info{{{QUEUES}}})"


def _by_group(expr: str) -> str:
    """The sum over the queues of a group; the group's label comes from `queue_info`."""
    return f"sum by ($group) ({expr} * on ({BY_QUEUE}) group_left ($group) {INFO})"


def _share(part: str, whole: str) -> str:
    over = f"queue:contactcenter_{part}{{{QUEUES}}}"
    under = f"queue:contactcenter_{whole}{{{QUEUES}}}"
    return f"{_by_group(over)} / ({_by_group(under)} > 0)"


def build() -> Any:
    """The dashboard's model."""
    grouping = (
        dashboard.CustomVariable("group")
        .label("Group by")
        .values("site,team,skill")
        .current(models.VariableOption(selected=True, text="site", value="site"))
    )
    board = Board(
        "cc-sites",
        "Contact centre: sites and teams",
        "Sites, teams or skills side by side: sums of the queues' counts and seconds, divided "
        "once.",
        [*queue_variables(), grouping],
        since="now-12h",
    )
    level = _share("contacts_within_threshold:window30m", "contacts_decided:window30m")
    abandoned = _share("contacts_abandoned:window30m", "contacts_closed:window30m")
    handle = _share("handled_seconds:window30m", "contacts_handled:window30m")
    wait = _share("waited_seconds:window5m", "contacts_answered:window5m")
    waiting = _by_group(f"max by ({BY_QUEUE}) (contactcenter_queue_contacts_waiting{{{QUEUES}}})")
    offered = _by_group(f"queue:contactcenter_contacts_offered:window30m{{{QUEUES}}}")
    added = " Sums over the queues of the group, then divided: never an average of ratios."
    board.row(
        9,
        (
            grid(
                "Side by side",
                [
                    Column("Waiting", waiting),
                    Column("Offered 30 min", offered),
                    Column("Service level", level, "percentunit", say.SERVICE_LEVEL_LIMITS),
                    Column("Abandoned", abandoned, "percentunit", say.ABANDONMENT_LIMITS, 1),
                    Column("Mean wait", wait, "s", say.WAIT_LIMITS),
                    Column("Handle time", handle, "s"),
                ],
                {"site": "Site", "team": "Team", "skill": "Skill"},
                f"{say.SERVICE_LEVEL} {say.ABANDONMENT} {say.WAIT} {say.HANDLE_TIME}{added} "
                f"Grouped by what "
                "'Group by' says.",
                sort="Offered 30 min",
            ),
            18,
        ),
        (
            note(
                "No occupancy here",
                "Queues share agents, so the occupancies of queues can be neither added up nor "
                "averaged: an "
                "agent of two queues would count twice. The wallboard has the whole centre's, "
                "each agent once; "
                "the queue board has each queue's.",
                "Why this board has no occupancy; it shows no number.",
            ),
            6,
        ),
    )
    board.row(
        8,
        (
            lines(
                "Service level",
                [(level, "{{$group}}")],
                say.SERVICE_LEVEL + added,
                "percentunit",
                limits=say.SERVICE_LEVEL_LIMITS,
                top=1,
            ),
            12,
        ),
        (
            lines(
                "Abandonment",
                [(abandoned, "{{$group}}")],
                say.ABANDONMENT + added,
                "percentunit",
                limits=say.ABANDONMENT_LIMITS,
            ),
            12,
        ),
    )
    board.row(
        8,
        (lines("Mean wait", [(wait, "{{$group}}")], say.WAIT + added, "s"), 8),
        (lines("Handle time", [(handle, "{{$group}}")], say.HANDLE_TIME + added, "s"), 8),
        (lines("Waiting", [(waiting, "{{$group}}")], say.WAITING + added, stacked=True), 8),
    )
    chosen = 'tenant=~"$tenant", channel=~"$channel", site=~"$site"'
    board.row(
        4,
        (
            tile(
                "Service level by site",
                f"site:contactcenter_service_level:ratio_window30m{{{chosen}}}",
                say.SERVICE_LEVEL + " As recorded for each site and channel, all its queues.",
                "percentunit",
                say.SERVICE_LEVEL_LIMITS,
                legend="{{site}} {{channel}}",
            ),
            12,
        ),
        (
            tile(
                "Abandonment by site",
                f"site:contactcenter_abandonment:ratio_window30m{{{chosen}}}",
                say.ABANDONMENT + " As recorded for each site and channel, all its queues.",
                "percentunit",
                say.ABANDONMENT_LIMITS,
                legend="{{site}} {{channel}}",
                decimals=1,
            ),
            12,
        ),
    )
    return board.build()

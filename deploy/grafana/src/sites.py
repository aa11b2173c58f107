"""Board 5: sites, teams and skills. Numerators and denominators are added up, then divided."""

from typing import Any

from grafana_foundation_sdk.builders import dashboard
from grafana_foundation_sdk.models import dashboard as models

from deploy.grafana.src import figures as say
from deploy.grafana.src.board import Board, queue_variables
from deploy.grafana.src.kit import BY_QUEUE, CLOCK, QUEUES, SECONDS, SHARE, or_none
from deploy.grafana.src.panels import lines, tile
from deploy.grafana.src.tables import Column, Key, grid

INFO = f"max by ({BY_QUEUE}, $group) (contactcenter_queue_info{{{QUEUES}}})"


def _by_group(expr: str) -> str:
    """The sum over the queues of a group; the group's label comes from `queue_info`."""
    return f"sum by ($group) ({expr} * on ({BY_QUEUE}) group_left ($group) {INFO})"


def _share(part: str, whole: str) -> str:
    over = f"queue:contactcenter_{part}{{{QUEUES}}}"
    under = f"queue:contactcenter_{whole}{{{QUEUES}}}"
    return or_none(f"{_by_group(over)} / ({_by_group(under)} > 0)", "$group")


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
        "Sites and teams",
        "Sites, teams or skills side by side: sums of the queues' counts and seconds, divided "
        "once.",
        [*queue_variables(), grouping],
        since="now-12h",
    )
    level = _share("contacts_within_threshold:window30m", "contacts_decided:window30m")
    abandoned = _share("contacts_abandoned:window30m", "contacts_closed:window30m")
    handle = _share("handled_seconds:window30m", "contacts_handled:window30m")
    wait = _share("waited_seconds:window5m", "contacts_measured:window5m")
    waiting = _by_group(f"max by ({BY_QUEUE}) (contactcenter_queue_contacts_waiting{{{QUEUES}}})")
    waiting = or_none(waiting, "$group")
    offered = _by_group(f"queue:contactcenter_contacts_offered:window30m{{{QUEUES}}}")
    added = " Sums over the queues of the group, then divided: never an average of ratios."
    board.row(
        9,
        (
            grid(
                "Side by side",
                [
                    Column("Waiting", waiting, 90),
                    Column("Offered 30 min", or_none(offered, "$group"), 150),
                    Column("Service level", level, 120, SHARE, say.SERVICE_LEVEL_LIMITS, 1),
                    Column("Abandoned", abandoned, 110, SHARE, say.ABANDONMENT_LIMITS, 1),
                    Column("Mean wait", wait, 110, CLOCK),
                    Column("Handle time", handle, 120, CLOCK),
                ],
                [Key("site", "Site"), Key("team", "Team"), Key("skill", "Skill")],
                f"{say.SERVICE_LEVEL} {say.ABANDONMENT} {say.WAIT} {say.HANDLE_TIME}{added} "
                "Grouped by what 'Group by' says. No occupancy: queues share agents, so an agent "
                "of two queues would count twice; the wallboard has the whole centre's, the queue "
                "board each queue's.",
                sort="Offered 30 min",
                descending=True,
            ),
            24,
        ),
    )
    board.row(
        8,
        (
            lines(
                "Service level",
                [(level, "{{$group}}")],
                say.SERVICE_LEVEL + added,
                SHARE,
                limits=say.SERVICE_LEVEL_LIMITS,
                up_to=1,
            ),
            12,
        ),
        (
            lines(
                "Abandonment",
                [(abandoned, "{{$group}}")],
                say.ABANDONMENT + added,
                SHARE,
                limits=say.ABANDONMENT_LIMITS,
                up_to=0.2,
            ),
            12,
        ),
    )
    by = "{{$group}}"
    board.row(
        8,
        (lines("Mean wait", [(wait, by)], say.WAIT + added, SECONDS, up_to=60), 8),
        (lines("Handle time", [(handle, by)], say.HANDLE_TIME + added, SECONDS, up_to=60), 8),
        (lines("Waiting", [(waiting, by)], say.WAITING + added, stacked=True, up_to=10), 8),
    )
    chosen = 'tenant=~"$tenant", channel=~"$channel", site=~"$site"'
    recorded = " As recorded for each site and channel, all its queues."
    board.row(
        4,
        (
            tile(
                "Service level by site",
                or_none(f"site:contactcenter_service_level:ratio_window30m{{{chosen}}}", "site"),
                say.SERVICE_LEVEL + recorded,
                SHARE,
                say.SERVICE_LEVEL_LIMITS,
                legend="{{site}} {{channel}} {{tenant}}",
                named=True,
                decimals=1,
            ),
            12,
        ),
        (
            tile(
                "Abandonment by site",
                or_none(f"site:contactcenter_abandonment:ratio_window30m{{{chosen}}}", "site"),
                say.ABANDONMENT + recorded,
                SHARE,
                say.ABANDONMENT_LIMITS,
                legend="{{site}} {{channel}} {{tenant}}",
                named=True,
                decimals=1,
            ),
            12,
        ),
    )
    return board.build()

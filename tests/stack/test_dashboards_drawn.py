"""Dashboards as a person sees them: drawn by Grafana's own components from what a worker shows.

A simulated centre, Kafka, a worker, Prometheus with the fast rules; the panels of every board in a
real Chromium. What is read back stands on the screen; what it must be is the KPI topic's.
"""

import re
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import orjson
import pytest

from deploy import thresholds
from streams.kafka.compacted import follow
from streams.kafka.local_kafka import LocalKafka
from tests.grafana_ui.drawing import Drawing, Seen
from tests.grafana_ui.frames import Chosen, answers, variables
from tests.stack.boards import BOARDS, Live
from tests.stack.centre import QUEUES, SimulatedCentre, simulated_centre
from tests.stack.chromium import TV, chromium
from tests.stack.servers import ask, eventually

WALL, WORST = "wallboard", "Nearest to a page"
#: A television of 1080 lines at the browser's zoom of 150 %, as the wall is made for.
SCREENS = {WALL: {"width": 1280, "height": 720}}
#: Core panels that the packages have no component of.
NOT_DRAWN = {"gauge", "state-timeline"}
#: As far back as lines go: the centre is young.
LINES_SECONDS = 120
PRESSURE = 'queue:contactcenter_pressure:ratio{queue!="_all"}'
SAME_QUEUE = "and on (tenant, queue, channel)"
#: The queue nearest to a page has every figure.
READY = (
    f"topk(1, {PRESSURE})"
    f" {SAME_QUEUE} queue:contactcenter_handle_seconds:mean_window30m"
    f" {SAME_QUEUE} queue:contactcenter_service_level:ratio_window30m"
    f" {SAME_QUEUE} queue:contactcenter_judged_occupancy:ratio_window5m"
    f" {SAME_QUEUE} queue:contactcenter_oldest_wait:seconds"
)
#: Promises enough for a verdict, and a backlog.
TICKETS_READY = (
    'sum(increase(contactcenter_sla_decided_total{metric="first_response"}[1h]))'
    f" >= {5 * thresholds.SLA_DECIDED_MIN}"
    " and sum(contactcenter_queue_tickets_open) > 10"
)
#: What comes last on the boards of one channel.
CHANNELS = (
    "increase(contactcenter_bots_handoffs_total{queue='web-chat'}[1h]) > 0"
    " and on () increase(contactcenter_callbacks_timed_total{queue='billing'}[1h]) > 0"
)
#: 61 s and 90 s as "1 min".
MINUTES = re.compile(r"\d mins?\b")
#: Green with the worker gone: that Prometheus does its own work.
KNOWN_WITHOUT = {"alerts": {"Alerting works"}}
MUTED = 'ALERTS{alertname="NoWorkers", alertstate="firing"}'
#: Headings that tell queues apart; in small letters, their labels.
KEYS = ("Tenant", "Queue", "Channel")
Record = dict[str, Any]


@pytest.fixture(scope="module")
def centre(
    kafka: LocalKafka, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[SimulatedCentre]:
    """A centre at work."""
    home = tmp_path_factory.mktemp("dashboards-drawn")
    with simulated_centre(kafka, home, [READY, TICKETS_READY]) as made:
        yield made


@pytest.fixture(scope="module")
def chosen(centre: SimulatedCentre) -> dict[str, Chosen]:
    """What each board's variables stand at, opened while the centre works."""
    return {name: variables(board, Live(centre.base)) for name, board in BOARDS.items()}


@pytest.fixture(scope="module")
def drawing() -> Iterator[Drawing]:
    """A page that draws; every console error of the module's tests fails at its end."""
    with chromium() as browser, Drawing(browser, BOARDS) as made:
        yield made


def draw(
    drawing: Drawing, name: str, centre: SimulatedCentre, chosen: dict[str, Chosen], at: float
) -> dict[str, Seen]:
    """The panels of a board at a time in seconds, by title."""
    since = at - LINES_SECONDS
    found = answers(BOARDS[name], centre.base, chosen[name], since, at)
    return drawing.draw(name, found, since, at, SCREENS.get(name, TV))


def records(centre: SimulatedCentre) -> dict[tuple[str, ...], list[Record]]:
    """All that the KPI topic has been told of each queue."""
    told: dict[tuple[str, ...], list[Record]] = {}
    for pairs, complete in follow(centre.settings, centre.settings.topics.kpis):
        for _, value in pairs:
            if value:
                record = orjson.loads(value)
                key = tuple(record[name.lower()] for name in KEYS)
                told.setdefault(key, []).append(record)
        if complete:
            break
    return told


def figures(record: Record, at: float) -> dict[str, float | None]:
    """What the row of a record's queue must say, by its headings."""
    live, half_hour = record["live"], record["windows"]["30m"]
    occupancy = "slot_occupancy_ratio" if record["channel"] == "chat" else "occupancy_ratio"
    oldest = live["oldest_waiting_at"]
    return {
        "Waiting": live["waiting"],
        "Longest wait": None if oldest is None else at - oldest / 1000,
        "Service level": half_hour["service_level"]["offered_less_short"],
        "Decided": half_hour["threshold_decided"] - half_hour["short_abandoned"],
        "Abandoned": half_hour["abandonment_ratio"],
        "Occupancy": record["windows"]["5m"][occupancy],
        "Handle time": half_hour["handle_mean_seconds"],
    }


def totals(queues: Sequence[Record], at: float) -> dict[str, float | None]:
    """What the wall's tiles must say of all queues, by their titles."""
    oldest = [at - one["live"]["oldest_waiting_at"] / 1000 for one in queues
              if one["live"]["oldest_waiting_at"] is not None]  # fmt: skip

    def summed(name: str) -> int:
        return sum(one["windows"]["30m"][name] for one in queues)

    decided = summed("threshold_decided") - summed("short_abandoned")
    lost = summed("abandoned") - summed("short_abandoned")
    return {
        "Waiting": sum(one["live"]["waiting"] for one in queues),
        "Longest wait": max(oldest),
        "Service level 30 min": summed("answered_in_threshold") / decided,
        "Abandoned 30 min": lost / (summed("answered") + lost + summed("flowed_out")),
    }


def says(text: str, figure: float | None, nothing: str) -> bool:
    """Whether a cell is the figure, rounded to the digits it shows; minutes are too coarse."""
    if figure is None:
        return text == nothing
    found = re.fullmatch(r"(-?[\d,]+)(?:\.(\d+))? ?(%|s)?", text)
    if found is None:
        return False
    number = float(text.rstrip("% s").replace(",", "")) / (100 if found[3] == "%" else 1)
    step = 10 ** -(len(found[2] or "") + (2 if found[3] == "%" else 0))
    return abs(number - figure) <= step / 2 + 1e-6


def shows(texts: Mapping[str, str], wanted: Mapping[str, float | None], nothing: str) -> bool:
    """Whether texts say these figures, each under its heading or title."""
    return all(says(texts[name], figure, nothing) for name, figure in wanted.items())


@pytest.mark.parametrize("name", BOARDS)
def test_every_panel_shows_something(
    name: str, drawing: Drawing, centre: SimulatedCentre, chosen: dict[str, Chosen]
) -> None:
    """Each panel whose component there is draws figures, rows, curves with names, or words; no
    heading and no cell of a table is cut off, and no time is rounded to minutes."""
    # On a busy machine the worker may just be taking its queues over again.
    eventually(lambda: ask(centre.base, READY), "figures of the queue nearest to a page")
    seen = draw(drawing, name, centre, chosen, time.time())
    drawing.picture(name)
    for title, panel in seen.items():
        assert panel.drawn is (panel.panel["type"] not in NOT_DRAWN), title
        if panel.drawn:
            shown = [one.text for one in panel.everything] + [*panel.legend, *panel.words]
            assert any(shown), title
        assert panel.cut == (), title
        assert not [one.text for one in panel.everything if MINUTES.search(one.text)], title


@pytest.mark.parametrize(
    ("channel", "queue", "figures", "curves"),
    [
        (
            "voice",
            "billing",
            ("Over the limit", "Calls owed back", "Overdue", "Oldest call owed", "Agents stuck"),
            ("Calls owed back over time", "Call-backs in the hour before", "Time to reach"),
        ),
        (
            "chat",
            "web-chat",
            ("Agents stuck", "Contained, last hour", "Wait after a bot, last hour"),
            ("First message and response", "Chats without an answer", "Conversations of bots"),
        ),
    ],
)
def test_a_queue_shows_what_its_channel_has(
    channel: str,
    queue: str,
    figures: Sequence[str],
    curves: Sequence[str],
    drawing: Drawing,
    centre: SimulatedCentre,
    chosen: dict[str, Chosen],
) -> None:
    """Call-backs, who waits over the limit, first messages, bots: no dash and no empty graph; what
    is late is red."""
    eventually(lambda: ask(centre.base, CHANNELS), "bots' and call-backs' figures")
    name = "queue-detail"
    own = {name: chosen[name] | {"channel": [channel], "queue": [queue]}}
    seen = draw(drawing, name, centre, own, time.time())
    drawing.picture(f"{name}-{channel}")
    nothing = {title for title in figures if seen[title].values[0].text == "–"}
    assert nothing == set()
    assert [title for title in curves if not seen[title].legend] == []
    if channel == "voice":
        assert seen["Overdue"].values[0].hues == {"red"}


def test_promises_are_judged_on_the_tickets_board(
    drawing: Drawing, centre: SimulatedCentre, chosen: dict[str, Chosen]
) -> None:
    """At risk is amber, broken red, and the promise furthest below its target stands first, by a
    name in plain words."""
    seen = draw(drawing, "tickets", centre, chosen, time.time())
    assert seen["At risk"].values[0].hues == {"amber"}
    assert seen["Breached and open"].values[0].hues == {"red"}
    table = seen["Kept in 24 hours, by priority"]
    shown = [row[0].text for row in table.rows if row[0].text != "–"]
    assert table.row(0)["Promise"].text == "first response"
    below = [float(text.rstrip("%")) for text in shown]
    assert below == sorted(below, reverse=True)
    for row in table.rows[: len(below)]:
        assert row[0].hues == ({"green"} if row[0].text == "0.0%" else {"red"})


def test_the_wall_says_what_the_kpi_topic_says(
    drawing: Drawing, centre: SimulatedCentre, chosen: dict[str, Chosen]
) -> None:
    """One row a queue, the nearest to a page on top with every figure; each row says what one
    record of the topic says, and the tiles above what these records give together."""

    def look() -> bool:
        if not ask(centre.base, READY):
            return False
        # The rules' last figures; a page that was scraped meanwhile may be newer.
        [evaluated] = ask(centre.base, f"max(timestamp({PRESSURE}))")
        at = float(evaluated["value"][1])
        wall = draw(drawing, WALL, centre, chosen, at)
        nothing = wall[WORST].panel["fieldConfig"]["defaults"]["noValue"]
        rows = [
            {heading: cell.text for heading, cell in wall[WORST].row(number).items()}
            for number in range(len(wall[WORST].rows))
        ]
        queues = [tuple(row[key] for key in KEYS) for row in rows]
        assert len(queues) == len(set(queues)), "a queue has more than one row"
        assert nothing not in rows[0].values(), "the queue nearest to a page lacks a figure"
        [worst] = ask(centre.base, f"topk(1, {PRESSURE} @ {at})")
        assert queues[0] == tuple(worst["metric"][key.lower()] for key in KEYS)
        told = records(centre)
        matched = [
            next((one for one in told[queue] if shows(row, figures(one, at), nothing)), None)
            for queue, row in zip(queues, rows, strict=True)
        ]
        found = [record for record in matched if record]
        tiles = {title: panel.values[0].text for title, panel in wall.items() if panel.values}
        return len(found) == len(QUEUES) and shows(tiles, totals(found, at), nothing)

    eventually(look, "drawing of which each row is one record of the KPI topic", 60)


@pytest.fixture(scope="module")
def deserted(centre: SimulatedCentre, chosen: dict[str, Chosen]) -> SimulatedCentre:
    """The centre whose worker is gone, so that nobody says anything of its queues."""
    assert centre.worker.stop() == 0
    eventually(lambda: not ask(centre.base, PRESSURE), "end of the last figures")
    eventually(lambda: ask(centre.base, MUTED), "page about it")
    return centre


def test_without_a_worker_the_wall_is_not_green(
    drawing: Drawing, deserted: SimulatedCentre, chosen: dict[str, Chosen]
) -> None:
    """No figure, no praise: with the worker gone no tile, bar or cell of the wall is green."""
    seen = draw(drawing, WALL, deserted, chosen, time.time())
    drawing.picture(f"{WALL}-no-worker")
    green = {title: one.text for title, panel in seen.items() for one in panel.everything
             if "green" in one.hues}  # fmt: skip
    assert green == {}


@pytest.mark.parametrize("name", sorted(set(BOARDS) - {WALL}))
def test_without_a_worker_no_missing_figure_is_green(
    name: str, drawing: Drawing, deserted: SimulatedCentre, chosen: dict[str, Chosen]
) -> None:
    """On the other boards nothing is green but what is known without one, and queues are muted."""
    seen = draw(drawing, name, deserted, chosen, time.time())
    drawing.picture(f"{name}-no-worker")
    green = {
        title for title, panel in seen.items() for one in panel.everything if "green" in one.hues
    }
    assert green == KNOWN_WITHOUT.get(name, set())
    if name == "alerts":
        assert seen["Queues muted"].values[0].text == "yes"

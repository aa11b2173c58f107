"""Dashboards on the real thing: a simulated centre, Kafka, a worker, Prometheus, every query.

`test_dashboards.py` asks the same of a page that has every series there can be; here is what a
worker really shows a minute after it began. Queries named in NEEDS_HISTORY ask for yesterday, and
are only asked, not expected to find it.
"""

from collections.abc import Iterator
from typing import Any

import pytest

from streams.kafka.local_kafka import LocalKafka
from tests.stack.boards import BOARDS, PANEL_IDS, PANELS, Live, check_panel, check_variables
from tests.stack.centre import simulated_centre

#: What takes longest to be there.
READY = (
    'ALERTS{alertname="QueueLongestWait", alertstate="firing"}',
    "queue:contactcenter_missed_per_offered:ratio_rate2h",
    "site:contactcenter_service_level:ratio_window30m",
    "contactcenter_stream_anomalies_total",
)


@pytest.fixture(scope="module")
def live(kafka: LocalKafka, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """Prometheus with the fast rules, on a worker that counts a centre from its first call."""
    with simulated_centre(kafka, tmp_path_factory.mktemp("dashboards-live"), READY) as centre:
        yield Live(centre.base)


@pytest.mark.parametrize("name", BOARDS)
def test_variables_offer_what_the_worker_shows(name: str, live: Live) -> None:
    """Each variable's query answers, and never offers the whole centre as a queue."""
    check_variables(BOARDS[name], live)


@pytest.mark.parametrize(("name", "panel"), PANELS, ids=PANEL_IDS)
def test_a_panel_shows_what_the_worker_shows(name: str, panel: dict[str, Any], live: Live) -> None:
    """Each query is answered with series that have the labels its legend names."""
    check_panel(panel, BOARDS[name], live)

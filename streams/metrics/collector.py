"""The metrics page of one worker (layer 5).

In: meters, units' statistics and settings, read in the exporter's own thread. Out: every metric of
the catalogue, and no other; as text for the worker's server, or as a collector for
prometheus_client. Invariant: no sample carries a time of its own; what is gone is not yielded.
"""

import os
import platform
import threading
import time
from collections.abc import Iterator
from importlib.metadata import version

from prometheus_client import Metric
from prometheus_client.registry import Collector

from streams import __version__
from streams.faustkit.stats import KitStats
from streams.metrics.families import PLAIN, Family, Labels, family, single
from streams.metrics.meters import IntakeMeter, QueueMeter
from streams.metrics.queue_metrics import QueueMetrics
from streams.metrics.stream_metrics import StreamMetrics
from streams.settings import Settings

#: The series that tell of the page itself: two of the exporter, and build_info.
OWN_SERIES = 3


class MetricsCollector(Collector):
    """All families, and the text of a whole page; for any number of threads."""

    def __init__(
        self, settings: Settings, stats: KitStats, intake: IntakeMeter, queues: QueueMeter
    ) -> None:
        self._parts = (
            QueueMetrics(settings, stats, intake, queues),
            StreamMetrics(settings, stats, intake, queues),
        )
        self._lock = threading.Lock()
        self._seconds = 0.0
        self._build = Labels(
            version=__version__,
            # Tells what runs and changes nothing: no setting, so it is not read with them.
            revision=os.environ.get("STREAMS_REVISION") or "unknown",
            python=platform.python_version(),
            faust=version("faust-streaming"),
        )

    def describe(self) -> list[Metric]:
        """Nothing, so that registration does not collect."""
        return []

    def collect(self) -> Iterator[Metric]:
        """Every family, for a prometheus_client registry."""
        with self._lock:
            metrics = [found.metric() for part in self._parts for found in part.families()]
            series = sum(len(metric.samples) for metric in metrics)
            metrics += [found.metric() for found in self._own(series)]
            return iter(metrics)

    def page(self, openmetrics: bool) -> bytes:
        """The text of the page, as of now."""
        with self._lock:
            started = time.perf_counter()
            lines: list[str] = []
            series = 0
            for part in self._parts:
                for found in part.families():
                    more = found.lines(openmetrics)
                    series += len(more) - 1
                    lines += more
            for found in self._own(series):
                lines += found.lines(openmetrics)
            if openmetrics:
                lines.append("# EOF\n")
            text = "".join(lines).encode()
            self._seconds = time.perf_counter() - started
            return text

    def _own(self, series: int) -> Iterator[Family]:
        """What the page says of itself; `series`: those of all other metrics."""
        yield single("exporter_series", series + OWN_SERIES)
        # Of the page before: this one is not finished.
        yield single("exporter_collect_seconds", self._seconds)
        yield family("build_info", [self._build], [(PLAIN, [1])])

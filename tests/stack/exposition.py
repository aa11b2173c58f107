"""A metrics page with every series of the catalogue, for tests that have no worker.

In: the catalogue. Out: exposition text (version 0.0.4) of a small centre: two voice queues, a chat,
a ticket queue and `_all`, on one worker. Counters grow with each page; `billing` is overloaded,
nobody waits in `email`.
"""

import time
from collections.abc import Iterator, Mapping
from itertools import product

from streams.metrics.catalogue import BY_NAME, CATALOGUE, LABEL_VALUES
from streams.metrics.metric import QUEUE, MetricDef

BUSY = "billing"
IDLE = "email"
# queue, channel, site, team
QUEUES = (
    (BUSY, "voice", "berlin", "red"),
    ("support", "voice", "leipzig", "blue"),
    ("web-chat", "chat", "leipzig", "blue"),
    (IDLE, "ticket", "berlin", "red"),
    ("_all", "voice", "", ""),
)
OPEN_VALUES: Mapping[str, tuple[str, ...]] = {
    "topic": ("contact.calls", "contact.agents"),
    "partition": ("0", "1"),
    "stage": ("intake", "queues"),
    "source": ("pbx", "acd"),
    "kind": ("ended_without_visit",),
    "reason": ("schema", "late"),
    "version": ("0.1.0",),
    "revision": ("abc123",),
    "python": ("3.11.2",),
    "faust": ("0.15.3",),
}
GAUGES: Mapping[str, float] = {
    "queue_info": 1,
    "build_info": 1,
    "queue_occupancy_limit_ratio": 0.85,
    "queue_wait_threshold_seconds": 20,
    "queue_target_service_level_ratio": 0.8,
    "queue_target_sla_ratio": 0.9,
    "queue_wait_limit_seconds": 60,
    "queue_contacts_over_limit": 0,
    "queue_callbacks_overdue": 0,
    "stream_partition_assigned": 1,
    "stream_partitions": 2,
    "stream_recovery_remaining": 0,
    "stream_consumer_lag": 3,
    "exporter_series": 900,
    "exporter_collect_seconds": 0.004,
    "stream_loop_lag_seconds": 0.002,
    "window_waited_seconds": 300,
    "window_handled_seconds": 9000,
}
OUTCOMES: Mapping[str, float] = {
    "offered": 50,
    "contacts": 45,
    "answered": 40,
    "abandoned": 6,
    "short_abandoned": 2,
    "flowed_out": 1,
    "handled": 38,
    "threshold_decided": 48,
    "answered_measured": 38,
    "limit_decided": 47,
    "waited_over_limit": 5,
    "answered_in_threshold": 33,
    "abandoned_in_threshold": 3,
}


def _label_sets(metric: MetricDef) -> Iterator[dict[str, str]]:
    own = [name for name in metric.labels if name not in (*QUEUE, "site", "skill", "team")]
    values = [LABEL_VALUES.get((metric.name, name)) or OPEN_VALUES[name] for name in own]
    for rest in product(*values):
        labels = dict(zip(own, rest, strict=True))
        if "queue" not in metric.labels:
            yield labels
            continue
        for queue, channel, site, team in QUEUES:
            if channel not in metric.channels:
                continue
            if (metric.name, queue) == ("queue_oldest_waiting_timestamp_seconds", IDLE):
                continue
            base = {"tenant": "default", "queue": queue, "channel": channel}
            if metric.name == "queue_info":
                base |= {"site": site, "skill": "de", "team": team}
            yield base | labels


def _gauge(metric: MetricDef, labels: Mapping[str, str], now: float, busy_ratio: float) -> float:
    if metric.name == "queue_sla_clocks":
        return 4 if labels["state"] == "running" else 0
    if metric.name == "queue_next_due_timestamp_seconds":
        return now + 5_400
    if metric.name.endswith("_timestamp_seconds"):
        if metric.name == "queue_oldest_waiting_timestamp_seconds":
            return now - 12
        return now - (86_400 if "ticket" in metric.name else 1)
    if metric.name == "queue_contacts_waiting" and labels["queue"] == IDLE:
        return 0
    if metric.name == "window_contacts":
        return OUTCOMES[labels["outcome"]]
    if metric.name == "window_agent_seconds":
        ratio = busy_ratio if labels["queue"] == BUSY else 0.7
        return round(1500 * ratio) if "busy" in labels["state"] else 1500
    return GAUGES.get(metric.name, 2)


def _line(name: str, labels: Mapping[str, str], value: float) -> str:
    inside = ",".join(f'{key}="{text}"' for key, text in labels.items())
    return f"{name}{{{inside}}} {value}" if inside else f"{name} {value}"


class Centre:
    """The page; `busy_ratio` is the occupancy of `BUSY`, and may be changed between scrapes."""

    def __init__(self, busy_ratio: float = 0.9) -> None:
        self.busy_ratio = busy_ratio
        self.pages = 0

    def page(self) -> str:
        """The text of one scrape; each call is later than the one before."""
        self.pages += 1
        now = time.time()
        lines: list[str] = []
        for metric in CATALOGUE:
            lines.append(f"# HELP {metric.full_name} {metric.help}")
            lines.append(f"# TYPE {metric.full_name} {metric.type}")
            for labels in _label_sets(metric):
                lines += self._samples(metric, labels, now)
        return "\n".join(lines) + "\n"

    def _samples(self, metric: MetricDef, labels: Mapping[str, str], now: float) -> Iterator[str]:
        name = metric.full_name
        if metric.type == "gauge":
            yield _line(name, labels, _gauge(metric, labels, now, self.busy_ratio))
        elif metric.type == "counter":
            steps = 3 if metric.name == "contacts_within_threshold_total" else 5
            result = labels.get("result", "ok")
            left = labels.get("outcome") == "left_same_day"
            rare = metric.name == "contacts_abandoned_total" or left or result not in {"ok", "met"}
            broken = result == "breached"
            yield _line(name, labels, self.pages * (0 if broken else 1 if rare else steps))
        else:
            bounds = [*BY_NAME[metric.name].buckets, float("inf")]
            for place, bound in enumerate(bounds, 1):
                text = "+Inf" if bound == float("inf") else f"{bound:g}"
                yield _line(f"{name}_bucket", {**labels, "le": text}, self.pages * place)
            yield _line(f"{name}_count", labels, self.pages * len(bounds))
            yield _line(f"{name}_sum", labels, self.pages * 10.0)

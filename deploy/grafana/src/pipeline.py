"""Board 5: the stream itself. Are the figures fresh, complete and safely written?"""

from typing import Any

from deploy import thresholds as at
from deploy.grafana.src import figures as say
from deploy.grafana.src.board import Board
from deploy.grafana.src.kit import (
    AMBER,
    BLUE,
    GREEN,
    PURPLE,
    RED,
    SECONDS,
    SHARE,
)
from deploy.grafana.src.panels import (
    as_bars,
    coloured,
    lines,
    logarithmic,
    many,
    on_the_right,
    tile,
)
from deploy.grafana.src.tables import Column, Key, grid

RATE = "[$__rate_interval]"
EVERY = "5m"  # one bar
# What became of a record: what was counted is green, what is in no figure red.
RESULTS = {"ok": GREEN, "duplicate": BLUE, "late": AMBER, "invalid": RED, "unknown_queue": PURPLE}
_DID_NOTHING = (
    'sum(rate(contactcenter_stream_anomalies_total{sort="did_nothing"}[10m]))'
    " / (sum(rate(contactcenter_stream_effective_events_total[10m])) > 0)"
)
WORKERS = 'up{job="contactcenter-worker"}'


def _rate(metric: str, by: str, more: str = "") -> str:
    return f"sum by ({by}) (rate(contactcenter_{metric}{more}{RATE}))"


def _grown(metric: str, by: str) -> str:
    return f"sum by ({by}) (increase(contactcenter_{metric}[{EVERY}]))"


def _quantile(share: float, metric: str, by: str) -> str:
    bucket = f"contactcenter_{metric}_bucket"
    return f"histogram_quantile({share}, sum by ({by}, le) (rate({bucket}{RATE})))"


def _now(board: Board) -> None:
    owned = (
        "count(max by (topic, partition) (contactcenter_stream_partition_assigned) == 1)"
        " / (count(count by (topic) (contactcenter_stream_partition_assigned))"
        " * max(contactcenter_stream_partitions) > 0)"
    )
    board.row(
        4,
        (
            tile(
                "Data age",
                "stream:contactcenter_as_of_age:seconds",
                say.DATA_AGE,
                SECONDS,
                say.AGE_LIMITS,
                nothing="NO DATA",
            ),
            4,
        ),
        (
            tile(
                "Unread records",
                "sum(topic:contactcenter_stream_lag:sum)",
                "Committed records of the input topics not yet applied. Red where StreamLagHigh "
                "pages, if "
                "they are of one topic.",
                limits=((0, GREEN), (at.LAG_GROWING_MIN, AMBER), (at.LAG_HIGH, RED)),
            ),
            4,
        ),
        (
            tile(
                "Events a second",
                f"sum(rate(contactcenter_stream_events_total{RATE}))",
                "Records read from the input topics a second, whatever became of them, over all "
                "workers.",
                decimals=1,
            ),
            3,
        ),
        (
            tile(
                "Workers",
                f"sum({WORKERS})",
                "Workers whose metrics page answered the last scrape.",
                nothing="NONE",
            ),
            3,
        ),
        (
            tile(
                "Workers missing",
                f"count({WORKERS} == 0) or 0 * count({WORKERS})",
                "Workers that are to be scraped and did not answer the last time.",
                limits=say.ANY_LIMITS,
                nothing="ALL",
            ),
            3,
        ),
        (
            tile(
                "Partitions owned",
                owned,
                "Partitions some reachable worker reports as assigned to it / partitions "
                "configured, over all topics. Below 100 % events wait unread.",
                SHARE,
                ((0, RED), (at.PARTITIONS_OWNED, GREEN)),
                nothing="NONE",
                decimals=1,
            ),
            4,
        ),
        (
            tile(
                "State still to load",
                "sum(contactcenter_stream_recovery_remaining)",
                "Changelog records the workers have still to load after an assignment; their "
                "queues have no "
                "figures until it is 0.",
                limits=((0, GREEN), (at.ANY, AMBER)),
            ),
            3,
        ),
    )


def _fresh(board: Board) -> None:
    ages = lines(
        "Age of the figures",
        [
            ("stream:contactcenter_as_of_age:seconds", "figures"),
            ("stage:contactcenter_stream_age:seconds", "stage {{stage}}"),
        ],
        "Figures: now − the event time the slowest partition's figures stand at. Stage: now − the "
        "least watermark of the stage's partitions; it follows the clock when everything is read.",
        SECONDS,
        limits=say.AGE_LIMITS,
        up_to=at.STREAM_STALE_SECONDS,
    )
    sources = lines(
        "Silence of the sources",
        [("source:contactcenter_stream_age:seconds", "{{source}}")],
        say.SILENCE,
        SECONDS,
        limits=say.SILENCE_LIMITS,
        up_to=at.SOURCE_SILENT_AMBER_SECONDS,
    )
    delay = lines(
        "From event to commit",
        [
            (_quantile(0.5, "stream_event_delay_seconds", "topic"), "{{topic}} half within"),
            (_quantile(0.99, "stream_event_delay_seconds", "topic"), "{{topic}} 99 % within"),
        ],
        "Time from an event's own time to the commit that holds it, estimated from buckets. A "
        "late event is late here too.",
        SECONDS,
        up_to=10,
    )
    board.row(8, (ages, 7), (sources, 7), (many(logarithmic(delay)), 10))


def _read(board: Board) -> None:
    events = lines(
        "Events by result",
        [(_rate("stream_events_total", "result"), "{{result}}")],
        "Records read a second: ok = counted; late = beyond the horizon; duplicate = seen before, "
        "no effect; invalid = rejected; unknown_queue = beyond the limit of queues, counted under "
        "_other.",
        stacked=True,
        up_to=10,
    )
    rejected = lines(
        "Dead letters",
        [(_grown("stream_dead_letters_total", "reason"), "{{reason}}")],
        f"Records rejected in each {EVERY[:-1]} minutes. They are in no figure and keep their "
        "original bytes.",
        up_to=5,
        stacked=True,
    )
    lag = lines(
        "Unread records by topic",
        [("topic:contactcenter_stream_lag:sum", "{{topic}}")],
        "Committed records of the topic not yet applied, over its partitions.",
        limits=((0, GREEN), (at.LAG_HIGH, RED)),
        up_to=100,
    )
    rejected = many(as_bars(rejected, EVERY))
    board.row(8, (coloured(events, RESULTS), 7), (lag, 7), (rejected, 10))
    anomalies = lines(
        "Anomalies",
        [(_grown("stream_anomalies_total", "sort, kind"), "{{sort}}: {{kind}}")],
        f"Legal events that found an unexpected state, in each {EVERY[:-1]} minutes, by what "
        "became of them: those that did nothing are in no figure. The runbook StreamAnomalies "
        "says what each kind means; `streams anomalies` where they stand.",
        up_to=5,
        stacked=True,
    )
    nothing = lines(
        "Events that did nothing",
        [(_DID_NOTHING, "share")],
        "Anomalies that did nothing / events that could have had an effect, in ten minutes. Above "
        "the line for ten minutes, and at least ten of them: the alert StreamAnomalies.",
        SHARE,
        limits=((0, GREEN), (at.BAD_EVENT_RATIO, RED)),
        up_to=2 * at.BAD_EVENT_RATIO,
    )
    nothing = coloured(nothing, {"share": BLUE})
    board.row(8, (many(as_bars(anomalies, EVERY)), 14), (nothing, 10))


def _written(board: Board) -> None:
    commits = lines(
        "Commits",
        [
            (_rate("stream_commits_total", "stage"), "{{stage}} a second"),
            (
                "max by (stage) (time() - contactcenter_stream_last_commit_timestamp_seconds)",
                "{{stage}} since the oldest last (right)",
            ),
        ],
        "Transactions committed a second, and on the right the time since the last one of the "
        "partition that is longest without. Each holds state, positions and results together.",
        up_to=10,
    )
    times = lines(
        "Commit time",
        [(_quantile(0.99, "stream_commit_seconds", "stage"), "{{stage}} 99 % within")],
        "Time of one commit at the brokers, estimated from buckets.",
        SECONDS,
        up_to=0.5,
    )
    records = _rate("stream_batch_records_sum", "stage")
    transactions = _rate("stream_batch_records_count", "stage")
    batch = lines(
        "Records a transaction",
        [(f"{records} / ({transactions} > 0)", "{{stage}}")],
        "Mean number of records in one transaction. Large batches are a backlog being worked off.",
        up_to=10,
    )
    commits = on_the_right(commits, "B", SECONDS, 10)
    board.row(8, (commits, 8), (times, 8), (logarithmic(batch), 8))


def _workers(board: Board) -> None:
    assigned = lines(
        "Partitions by worker",
        [("sum by (instance) (contactcenter_stream_partition_assigned)", "{{instance}}")],
        "Partitions, over all topics, that each worker reports as assigned to it.",
        stacked=True,
        up_to=10,
    )
    moves = lines(
        "Rebalances",
        [
            ("max(increase(contactcenter_stream_rebalances_total[15m]))", "in 15 min"),
            (
                _quantile(0.9, "stream_rebalance_seconds", "instance"),
                "{{instance}} 90 % within (right)",
            ),
        ],
        "Partition assignments of the worker that had most; on the right the time from revocation "
        "to the last unit loaded.",
        limits=((0, GREEN), (at.REBALANCES_MAX, AMBER)),
        up_to=5,
    )
    loop = lines(
        "Event-loop lag",
        [("max by (instance) (contactcenter_stream_loop_lag_seconds)", "{{instance}}")],
        "How late a worker's event loop runs its timers. A loop that is busy serves heartbeats "
        "late.",
        SECONDS,
        limits=((0, GREEN), (at.LOOP_LAG_HIGH_SECONDS, AMBER)),
        up_to=0.1,
    )
    board.row(8, (assigned, 8), (on_the_right(moves, "B", SECONDS, 10), 8), (loop, 8))
    series = lines(
        "Series on the metrics pages",
        [("max by (instance) (contactcenter_exporter_series)", "{{instance}}")],
        f"Series on each worker's page; the scrape refuses more than {at.SAMPLE_LIMIT}.",
        limits=((0, GREEN), (at.SAMPLE_LIMIT_NEAR, AMBER), (at.SAMPLE_LIMIT, RED)),
        up_to=1000,
    )
    collect = lines(
        "Time of the metrics pages",
        [
            ("max by (instance) (contactcenter_exporter_collect_seconds)", "{{instance}} made"),
            (
                'max by (instance) (scrape_duration_seconds{job="contactcenter-worker"})',
                "{{instance}} scraped",
            ),
        ],
        "Time to build the page, in a thread of its own, and time of the whole scrape.",
        SECONDS,
        limits=((0, GREEN), (at.SCRAPE_SLOW_SECONDS, AMBER)),
        up_to=0.1,
    )
    board.row(8, (series, 12), (collect, 12))
    builds = grid(
        "Running versions",
        [
            Column(
                "Workers",
                "count by (version, revision, python, faust) (contactcenter_build_info)",
                90,
            )
        ],
        [
            Key("version", "Version", 130),
            Key("revision", "Revision"),
            Key("python", "Python", 100),
            Key("faust", "Faust", 100),
        ],
        "Workers by what they run. More than one row during an update, not after it.",
        sort="Workers",
        descending=True,
    )
    skipped = tile(
        "Replayed records skipped, 1 h",
        "sum(increase(contactcenter_stream_replayed_records_skipped_total[1h]))",
        "Records at or below the state's position, recognised after a restart and not counted "
        "again.",
    )
    board.row(5, (builds, 18), (skipped, 6))


def build() -> Any:
    """The dashboard's model."""
    board = Board(
        "cc-pipeline",
        "Pipeline",
        "The stream: fresh, complete, written? Lag, age, rejects, commits, rebalances, workers.",
        since="now-1h",
        # Pages on queues say nothing of the stream.
        pages='domain!="business"',
    )
    for part in (_now, _fresh, _read, _written, _workers):
        part(board)
    return board.build()

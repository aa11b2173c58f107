"""Every number an alert or a dashboard compares with, once.

The rule files under `prometheus/rules/` are written by hand; `tests/stack/test_rules.py` holds them
to these numbers. Dashboards import them. Ratios are 0–1, times seconds, counts visits.
A queue's own limits come from its configuration as series
(`contactcenter_queue_occupancy_limit_ratio`, `…_wait_threshold_seconds`, `…_wait_limit_seconds`,
`…_target_service_level_ratio`, `…_target_sla_ratio`); the numbers here are the defaults.
"""

from typing import Final

# Where the files of deploy/runbooks/ are published.
RUNBOOK_BASE_URL: Final = (
    "https://github.com/contact-streams/contact-streams/blob/main/deploy/runbooks"
)

# Occupancy: target band LOW..HIGH, ticket above HIGH, page above LIMIT, resolve below HIGH.
OCCUPANCY_TARGET_LOW: Final = 0.75
OCCUPANCY_TARGET_HIGH: Final = 0.80
OCCUPANCY_LIMIT: Final = 0.85
OCCUPANCY_HYSTERESIS: Final = 0.05  # a queue's own limit minus this is its warning level
OCCUPANCY_IDLE: Final = 0.60
STAFFED_SECONDS_MIN: Final = 600  # two agents for the whole 5 min: one agent at 100 % never pages
STAFFED_SECONDS_MIN_IDLE: Final = 3000  # ten agents: idleness of fewer is chance

ABANDONMENT_TARGET: Final = 0.05
ABANDONMENT_PAGE: Final = 0.15
ABANDONMENT_OFFERED_MIN: Final = 20

# Service level: budget = 1 - target. With 10 open hours, a tenth of the day's budget in 30 min is a
# burn of 2 (page); 1.25 over 2 h eats a quarter of it. The usual 14.4 is out of reach with 80/20.
SERVICE_LEVEL_TARGET: Final = 0.80
BURN_PAGE: Final = 2.0
BURN_TICKET: Final = 1.25
BURN_OFFERED_MIN: Final = 30
BURN_OFFERED_MIN_2H: Final = 60

LONGEST_WAIT_FACTOR: Final = 3
SLA_DECIDED_MIN: Final = 10  # promises decided in an hour: of nine, one broken is 11 %
ANSWERS_MIN: Final = 30  # to surveys: a share of fewer says little
HANDLE_TIME_FACTOR: Final = 1.5
HANDLE_TIME_HANDLED_MIN: Final = 20

# How long a page stands on its last figures while no worker publishes the queue; a takeover
# takes about one minute.
HELD_MINUTES: Final = 15

STREAM_STALE_SECONDS: Final = 30
SOURCE_SILENT_SECONDS: Final = 120
LAG_GROWING_MIN: Final = 1000  # records; below this a growing lag is a breath of the poll loop
LAG_HIGH: Final = 10_000  # records; about half a minute of a 300 events/s centre
BAD_EVENT_RATIO: Final = 0.01
BAD_EVENT_MIN: Final = 100
DID_NOTHING_MIN: Final = 10  # anomalies in ten minutes: a night's three are no alert
REBALANCES_MAX: Final = 4
RESTARTS_MAX: Final = 2  # of one worker in 15 min: a release and a slip
SCRAPE_INTERVAL_SECONDS: Final = 5
SCRAPE_SLOW_SECONDS: Final = 2.5
SAMPLE_LIMIT: Final = 75_000
SAMPLE_LIMIT_NEAR: Final = 60_000
LOOP_LAG_HIGH_SECONDS: Final = 0.25

# Colours only, no alert: waits turn amber above the queue's threshold, red where the page fires.
WAIT_AMBER: Final = 1
DATA_AGE_AMBER_SECONDS: Final = 15
SOURCE_SILENT_AMBER_SECONDS: Final = 60
PRESSURE_AMBER: Final = 0.9
PRESSURE_RED: Final = 1  # at the limit of some alert
ANY: Final = 1  # one is too many
BELOW_TARGET: Final = 0.0005  # the least that is shown, as 0.1 %
WALLBOARD_QUEUES: Final = 7  # as many rows as are on one screen when it is read from two metres
WALLBOARD_BANDS: Final = 4  # of these, over time
BURNING_QUEUES: Final = 5  # as many as can be told apart in one graph
PARTITIONS_OWNED: Final = 1  # all of them
OPEN_HOURS: Final = 10  # a day's opening, the period of the service-level budget
BUDGET_LEFT_AMBER: Final = 0.5
BUDGET_LEFT_RED: Final = 0.1

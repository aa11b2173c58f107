"""Definitions and colour limits shared by the boards: one wording and one colour for one number.

The wording is that of the metric dictionary; limits come from `deploy.thresholds`.
"""

from typing import Final

from deploy import thresholds as at
from deploy.grafana.src.kit import AMBER, BLUE, GREEN, RED

OCCUPANCY: Final = (
    "Occupancy = seconds the queue's agents spent handling or in wrap-up / seconds handling, in "
    "wrap-up or "
    "available, over the last 5 minutes. Calls in progress count from their first second; breaks "
    "count in "
    f"neither. Target {at.OCCUPANCY_TARGET_LOW:.0%}–{at.OCCUPANCY_TARGET_HIGH:.0%}; warning above "
    f"{at.OCCUPANCY_TARGET_HIGH:.0%}, page above {at.OCCUPANCY_LIMIT:.0%} or the queue's own "
    f"limit. Chat is judged "
    "by slots in use / slots."
)
SERVICE_LEVEL: Final = (
    "Service level = answered within the threshold / (decided − short abandons), over the last 30 "
    "minutes. A "
    "visit is decided when it leaves the wait or the threshold passes, whichever is first, so a "
    "miss shows "
    f"before the call is answered. Default target {at.SERVICE_LEVEL_TARGET:.0%}."
)
ABANDONMENT: Final = (
    "Abandonment = (abandoned − short abandons) / (answered + abandoned − short abandons + flowed "
    "out), of the "
    f"visits closed in the last 30 minutes. Target at most {at.ABANDONMENT_TARGET:.0%}."
)
HANDLE_TIME: Final = (
    "Mean handle time (AHT) = (talk + hold + wrap-up) / handled, of visits handled in the last 30 "
    "minutes, each "
    "booked whole. No waiting in it; contacts in progress are not."
)
WAIT: Final = (
    "Mean wait (ASA) = waits of the visits answered in the last 5 minutes / their number. The "
    "wait runs from "
    "entering the queue to the first agent connection."
)
WAITING: Final = (
    "Visits that entered the queue and have neither been answered nor left; ringing is waiting."
)
OLDEST_WAIT: Final = (
    "Now − the moment the longest-waiting visit entered its queue. Keeps growing if the stream "
    "stops. Amber when a wait is above its queue's threshold, red above "
    f"{at.LONGEST_WAIT_FACTOR} times it, where it pages."
)
DATA_AGE: Final = (
    "Now − the event time at which the slowest partition's figures stand. Everything on this "
    "screen is that "
    f"old; above {at.STREAM_STALE_SECONDS} s the alerts on queues are muted."
)
PRESSURE: Final = (
    "How near the queue is to a page or a ticket, in times the limit: the greatest of occupancy / "
    f"its limit, longest wait / ({at.LONGEST_WAIT_FACTOR} × its threshold) and abandonment / "
    f"{at.ABANDONMENT_TARGET:.0%}. 1 = at the limit."
)
SILENCE: Final = (
    "Now − the newest event or heartbeat of each source system. Shows a dead feed, which a "
    "watermark that follows the clock hides. SourceSilent pages above "
    f"{at.SOURCE_SILENT_SECONDS} s."
)
AGENTS: Final = (
    "Members of the queue by one exclusive state each, in this order of precedence: on contact, "
    "wrap-up, ringing, error, break, available, unknown, offline."
)
STUCK: Final = (
    "Members of the queue who have been in one state for longer than the queue's limit: in error, "
    "on a contact, in wrap-up, ringing or on a break. A dash where no agent is known."
)
OVER_LIMIT: Final = (
    "Limit = the wait that nobody should exceed, the queue's own (a minute for calls, none for "
    "chats); ringing is waiting. A dash where the queue has none."
)
OWED: Final = "Calls promised back that have not been reached, given up, cancelled or expired."
OVERDUE: Final = (
    "Of the calls owed back, those whose agreed time has passed; without such a time a call is "
    "never overdue. A dash where none is owed."
)
CONTAINED: Final = (
    "Contained = conversations of bots that ended without a person / all of them, contained or "
    "escalated to people."
)
HANDOFF: Final = "Mean time from a bot's hand-over to the first word of a person."
TICKETS_OPEN: Final = (
    "Tickets open now, by status open, pending and on hold: the stock, not the flow."
)
UNASSIGNED: Final = "Open tickets without an agent, whatever their status."
OLDEST_TICKET: Final = (
    "Now − the moment the oldest ticket that is still open was opened, by the clock on the wall."
)
SAME_DAY: Final = (
    "Resolved by a person on the local day of the opening / (opened − left on that day), of the "
    "last 24 hours. The record of a whole day has the exact figure."
)
RESOLVED: Final = (
    "Resolutions by a person in the last 24 hours, the first of a ticket and later ones."
)
REOPENED: Final = (
    "Tickets reopened in the last 24 hours, whenever they were resolved. Which share of the "
    "resolutions did not last is known when their days have passed."
)
WITHIN_DAYS: Final = (
    "Of the tickets of which it was decided in the last 24 hours, those resolved within the days "
    "(resolution_days) of their queue: decided at the resolution, or when the days are over."
)
REOPEN_DECIDED: Final = (
    "Resolutions of which it was decided in the last 24 hours whether they last: the ticket was "
    "reopened, or the queue's days (repeat_days) passed. Each once."
)
REOPENED_WITHIN: Final = (
    "Of those, the ones reopened within the days (repeat_days) of their queue. A mail of "
    "thanks that reopens a ticket counts, as everywhere."
)
COMPLAINTS: Final = "Tickets of kind complaint opened in the last 24 hours."
COMPLAINTS_OPEN: Final = "Open tickets that are complaints, by what is known of them now."
BOT_RESOLVED: Final = (
    "Resolutions by a bot in the last 24 hours, of tickets nobody had replied to; they are in no "
    "other figure of resolutions."
)

# Each (from, colour). Below the first there is no figure: zero is one.
OCCUPANCY_LIMITS: Final = (
    (0, BLUE),
    (at.OCCUPANCY_TARGET_LOW, GREEN),
    (at.OCCUPANCY_TARGET_HIGH, AMBER),
    (at.OCCUPANCY_LIMIT, RED),
)
# Over time idleness is told apart too.
OCCUPANCY_BANDS: Final = (
    (at.OCCUPANCY_IDLE, BLUE),
    (at.OCCUPANCY_TARGET_LOW, GREEN),
    (at.OCCUPANCY_TARGET_HIGH, AMBER),
    (at.OCCUPANCY_LIMIT, RED),
)
# Red where the page fires: a miss of BURN_PAGE times the budget.
SERVICE_LEVEL_PAGE: Final = round(1 - at.BURN_PAGE * (1 - at.SERVICE_LEVEL_TARGET), 4)
SERVICE_LEVEL_LIMITS: Final = (
    (0, RED),
    (SERVICE_LEVEL_PAGE, AMBER),
    (at.SERVICE_LEVEL_TARGET, GREEN),
)
ABANDONMENT_LIMITS: Final = (
    (0, GREEN),
    (at.ABANDONMENT_TARGET, AMBER),
    (at.ABANDONMENT_PAGE, RED),
)
# Of a wait in times its queue's threshold.
WAIT_LIMITS: Final = ((0, GREEN), (at.WAIT_AMBER, AMBER), (at.LONGEST_WAIT_FACTOR, RED))
AGE_LIMITS: Final = (
    (0, GREEN),
    (at.DATA_AGE_AMBER_SECONDS, AMBER),
    (at.STREAM_STALE_SECONDS, RED),
)
SILENCE_LIMITS: Final = (
    (0, GREEN),
    (at.SOURCE_SILENT_AMBER_SECONDS, AMBER),
    (at.SOURCE_SILENT_SECONDS, RED),
)
PRESSURE_LIMITS: Final = ((0, GREEN), (at.PRESSURE_AMBER, AMBER), (at.PRESSURE_RED, RED))
ANY_LIMITS: Final = ((0, GREEN), (at.ANY, RED))
# About to be broken, and too long in one state; what is broken is red.
RISK_LIMITS: Final = ((0, GREEN), (at.ANY, AMBER))
STUCK_LIMITS: Final = RISK_LIMITS
BELOW_TARGET_LIMITS: Final = ((0, GREEN), (at.BELOW_TARGET, RED))
BUDGET_LIMITS: Final = ((at.BUDGET_LEFT_RED, AMBER), (at.BUDGET_LEFT_AMBER, GREEN))

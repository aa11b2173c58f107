"""Layer 2: the numbers of every counter, sum, level and histogram that a contribution can name.

A contribution is (tenant, queue, channel, pane, counter, ±integer). Counters are small integers so
that a pane is a plain `dict[int, int]`, whose merge is addition. A level takes two of them, see
there. Changing a number changes stored state: append, never renumber.
"""

from functools import lru_cache
from hashlib import blake2b

from streams.contract.words import (
    AGENT_STATES,
    BACKLOG_AGES,
    BLOCK_REASONS,
    FLOW_OUT_REASONS,
    FOLLOWUP_OUTCOMES,
    HANDLE_BOUNDS_SECONDS,
    OFFER_OUTCOMES,
    SALE_KINDS,
    SLA_METRICS,
    STATE_LIMIT_SECONDS,
    SURVEY_KINDS,
    TICKET_LEAVES,
    TICKET_PRIORITIES,
    TICKET_STATUSES,
    WAIT_BOUNDS_SECONDS,
)

# counts, each at its own event's time
OFFERED, BLOCKED, ANSWERED, ABANDONED, SHORT_ABANDONED, SILENT_ABANDONED = range(6)
FLOWED_OUT, ORPHANED, HANDLED, TRANSFERRED = range(6, 10)
THRESHOLD_DECIDED, ANSWERED_IN_THRESHOLD, ABANDONED_IN_THRESHOLD, FLOWED_OUT_IN_THRESHOLD = range(
    10, 14
)
TICKETS_OPENED, FIRST_RESPONSES, TICKETS_RESOLVED, TICKETS_REOPENED = range(14, 18)
#: Not published, but a queue that an open ticket was moved to, or found in, exists.
TICKETS_MOVED_IN = 18
#: Orphaned visits of which the end was told after all.
ORPHANS_RECOVERED = 19

OFFERS = {name: 20 + index for index, name in enumerate(OFFER_OUTCOMES)}
ACCEPTED = OFFERS["accepted"]
#: Answers whose wait is known, and abandonments whose wait is not.
ANSWERED_MEASURED, ABANDONED_UNMEASURED = 25, 26
#: Wrap-ups that were awaited and not told, and those that were told.
WRAPUPS_UNREPORTED, WRAPUPS_REPORTED = 27, 28

REASONS = {name: 30 + index for index, name in enumerate(FLOW_OUT_REASONS)}
BLOCKED_REASONS = {name: 42 + index for index, name in enumerate(BLOCK_REASONS)}
#: Visits handled that were on hold.
HELD = 46
#: Entries of who had left the same queue just before: a visit goes on.
LAPS = 47
#: Contacts by their first, second and third visit, each when it is entered.
CONTACTS, CONTACTS_HOPPED, CONTACTS_OVER_TWO = HOPS = 70, 71, 72
#: Visits that still waited when the limit was over, and all of which that is known.
WAITED_OVER_LIMIT, LIMIT_DECIDED = 48, 49

#: Resolutions by a bot that nobody had answered, and first ones by a person of a ticket that nobody
#: ever replied to.
BOT_RESOLVED, RESOLVED_WITHOUT_REPLY = 29, 41

#: Tickets that left the figures, by why; later resolutions by a person; first assignments.
TICKETS_LEFT = {name: 60 + index for index, name in enumerate(TICKET_LEAVES)}
TICKETS_RESOLVED_AGAIN, TICKETS_ASSIGNED = 63, 64
#: Replies of a person to what the customer wrote after the first response.
NEXT_RESPONSES = 65
#: First resolutions of tickets whose time in pending is known.
RESOLVED_NET = 66
#: Tickets somebody has worked on, at the end of the first piece of work.
TICKETS_WORKED = 67

# sums of milliseconds
ANSWERED_WAIT, ABANDONED_WAIT, CLOSED_WAIT, TALK, HOLD, WRAPUP = range(50, 56)
FIRST_RESPONSE_TIME, RESOLUTION_TIME = 56, 57
#: From the contact's arrival to its first answer; how often that is known.
TIME_TO_ANSWER, TIMES_TO_ANSWER = 76, 73
#: All waits of the customer, at an answer and at an abandonment.
CUSTOMER_WAIT, CUSTOMER_WAIT_ABANDONED = 74, 75
RESOLUTION_CYCLE_TIME, ASSIGN_TIME, NEXT_RESPONSE_TIME = 80, 81, 82
#: From opening to first resolution less the time in pending, and what of it was on hold.
RESOLUTION_NET_TIME, ON_HOLD_TIME = 83, 84
WORK_TIME = 85

# A level (how many wait, how many agents are staffed) is booked as its changes. Its own number has
# their sum: added up from the beginning, that is its height. The next number is its moment: the sum
# of change x time. A change d at t raises the integral up to x by d (x - t), so the integral is
# x times the first number minus the second: both only ever add up, whatever comes late or is taken
# back. In a cell the time of a moment is counted from the pane's start, which keeps it small; panes
# count it from the epoch before they are added (`windows/panes.py`).
# `Ledger.level` books both numbers. Where a visit opens, is answered or closes, and for agents, the
# effects do it themselves, into a cell they looked up once: a twentieth of a contact's time.
#: Added to a level's number: its moment's.
MOMENT = 1

# levels of visits and tickets
WAITING, OVER_THRESHOLD, RINGING, HANDLING = 100, 102, 104, 106
WAITING_MOMENT = WAITING + MOMENT
OVER_THRESHOLD_MOMENT = OVER_THRESHOLD + MOMENT
RINGING_MOMENT = RINGING + MOMENT
HANDLING_MOMENT = HANDLING + MOMENT
BACKLOG = {name: 108 + 2 * index for index, name in enumerate(TICKET_STATUSES)}
OVER_LIMIT = 116
OVER_LIMIT_MOMENT = OVER_LIMIT + MOMENT
BACKLOG_UNASSIGNED = 130
# The numbers of other parts of a queue begin at 300, after those of agents.

# chats
FIRST_MESSAGES, FIRST_MESSAGE_TIME, RESPONSES, RESPONSE_TIME = range(300, 304)
#: Conversations that ended with messages told, those a customer's message ends, and those in which
#: he wrote nothing after the answer.
CHATS_MESSAGED, CHATS_LEFT_UNANSWERED, CHATS_NO_REPLY = range(304, 307)
# bots: how their conversations ended, those whose start is told, waits for a person after them
BOT_CONTAINED, BOT_ESCALATED, BOT_TIMED, BOT_TIME = range(310, 314)
BOT_HANDOFFS, BOT_HANDOFF_TIME = 314, 315

# call-backs: asked; attempts by outcome; how requests ended; times from asked, or agreed
CALLBACKS_ASKED, CALLBACKS_CONNECTED, CALLBACKS_NOT_REACHED = range(360, 363)
CALLBACKS_REACHED, CALLBACKS_GIVEN_UP, CALLBACKS_CANCELLED, CALLBACKS_EXPIRED = range(363, 367)
CALLBACKS_TIMED, CALLBACK_TIME, CALLBACK_VISITS = range(367, 370)
CALLBACKS_OWED, CALLBACKS_OVERDUE = 380, 382

# cohorts of tickets, and their times by the wall clock
RESOLVED_SAME_DAY, LEFT_SAME_DAY, RESOLUTION_DECIDED, RESOLVED_WITHIN = range(400, 404)
REOPEN_DECIDED, REOPENED_WITHIN = 404, 405
FIRST_RESPONSE_CALENDAR, NEXT_RESPONSE_CALENDAR, RESOLUTION_CALENDAR = range(410, 413)
RESOLUTION_CYCLE_CALENDAR, RESOLUTION_NET_CALENDAR, ASSIGN_CALENDAR = range(413, 416)
AGES = {name: 440 + 2 * index for index, name in enumerate(BACKLOG_AGES)}
COMPLAINTS_OPEN = 460

#: Counts and sums of tickets that are booked once more for a complaint, and under which number.
COMPLAINTS = {
    number: 500 + index
    for index, number in enumerate(
        (
            *(TICKETS_OPENED, FIRST_RESPONSES, FIRST_RESPONSE_TIME),
            *(NEXT_RESPONSES, NEXT_RESPONSE_TIME, TICKETS_RESOLVED, RESOLUTION_TIME),
            *(TICKETS_RESOLVED_AGAIN, RESOLUTION_CYCLE_TIME, RESOLVED_NET, RESOLUTION_NET_TIME),
            *(TICKETS_REOPENED, BOT_RESOLVED, RESOLVED_WITHOUT_REPLY, *TICKETS_LEFT.values()),
            *(TICKETS_ASSIGNED, ASSIGN_TIME, TICKETS_WORKED, WORK_TIME),
            *(RESOLVED_SAME_DAY, LEFT_SAME_DAY, RESOLUTION_DECIDED, RESOLVED_WITHIN),
            *(REOPEN_DECIDED, REOPENED_WITHIN),
        )
    )
}

# Surveys by kind, in the order of the words: sent, answered; further answers; answers without a
# sending; on a scale that the kind does not have; decided, and answered, within 7 days.
SURVEYS_SENT = {kind: 560 + index for index, kind in enumerate(SURVEY_KINDS)}
SURVEYS_ANSWERED = {kind: 570 + index for index, kind in enumerate(SURVEY_KINDS)}
SURVEYS_AGAIN = {kind: 580 + index for index, kind in enumerate(SURVEY_KINDS)}
SURVEYS_UNSOLICITED = {kind: 590 + index for index, kind in enumerate(SURVEY_KINDS)}
SURVEYS_OFF_SCALE = {kind: 600 + index for index, kind in enumerate(SURVEY_KINDS)}
SURVEYS_DECIDED = {kind: 610 + index for index, kind in enumerate(SURVEY_KINDS)}
SURVEYS_RESPONDED = {kind: 620 + index for index, kind in enumerate(SURVEY_KINDS)}
CSAT_SATISFIED, NPS_PROMOTERS, NPS_PASSIVES, NPS_DETRACTORS, SURVEY_YES = range(630, 635)
SALES = {kind: 640 + index for index, kind in enumerate(SALE_KINDS)}
SALES_CANCELLED = {kind: 645 + index for index, kind in enumerate(SALE_KINDS)}
FOLLOWUPS = {outcome: 650 + index for index, outcome in enumerate(FOLLOWUP_OUTCOMES)}
# customers
CONTACTS_WITH_REF, REPEAT_CONTACTS, RETURNING_CONTACTS = range(660, 663)
FCR_DECIDED, FCR_RESOLVED, FCR_UNKNOWN, FAILED_AGAIN, BOT_CONTAINED_RETURNED = range(663, 668)
# What is told apart by a topic, an instrument or a currency: `splits.py`.

#: By metric: the first number of what became of its promises: kept and broken, each by priority,
#: and withdrawn. A complaint's stand `SLA_OF_COMPLAINT` further on.
SLA = {metric: 700 + 30 * index for index, metric in enumerate(SLA_METRICS)}
MET = {name: index for index, name in enumerate(TICKET_PRIORITIES)}
BREACHED = {name: 10 + index for index, name in enumerate(TICKET_PRIORITIES)}
WITHDRAWN = 20
SLA_OF_COMPLAINT = 100
SLA_NEVER_DUE = 698
#: By metric: clocks that run, stand still, have little time left, were due and are not fulfilled.
RUNNING = {metric: 900 + 10 * index for index, metric in enumerate(SLA_METRICS)}
PAUSED = {metric: number + 2 for metric, number in RUNNING.items()}
AT_RISK = {metric: number + 4 for metric, number in RUNNING.items()}
BREACHED_OPEN = {metric: number + 6 for metric, number in RUNNING.items()}
#: No level: stands for the due times of the clocks that run, where the first is wanted.
NEXT_DUE = 990

#: Levels in which an entity stands since an instant: the oldest, or the first, is a figure.
VISIT_STANDING = (WAITING, HANDLING, BACKLOG["open"], CALLBACKS_OWED, NEXT_DUE)
VISIT_LEVELS = (
    *(WAITING, OVER_THRESHOLD, RINGING, HANDLING),
    *BACKLOG.values(),
    *(OVER_LIMIT, BACKLOG_UNASSIGNED, CALLBACKS_OWED, CALLBACKS_OVERDUE),
    *(*AGES.values(), COMPLAINTS_OPEN),
    *(*RUNNING.values(), *PAUSED.values(), *AT_RISK.values(), *BREACHED_OPEN.values()),
)

# levels of agents; from AGENT_BASE to AGENT_END, and below 0 (`break_level`), a queue's numbers are
# not part of `_all`, which has its own
AGENT_BASE = 200
HANDLING_AGENTS, STAFFED_AGENTS, SLOT_BUSY, SLOT_CAPACITY = 200, 202, 204, 206
STATES = {name: 208 + 2 * index for index, name in enumerate(AGENT_STATES)}
#: Of those in a state, the ones who have been there for longer than the queue's limit.
STUCK = {name: 224 + 2 * index for index, name in enumerate(STATE_LIMIT_SECONDS)}
#: Stands for all of them where the oldest is wanted.
ANY_STUCK = 224
#: How many contacts of the channel they have, not cut at their capacity.
AGENT_CONTACTS = 236
#: Those who have one of them or more.
CHANNEL_AGENTS = 238
AGENT_LEVELS = (
    *(HANDLING_AGENTS, STAFFED_AGENTS, SLOT_BUSY, SLOT_CAPACITY, AGENT_CONTACTS, CHANNEL_AGENTS),
    *(*STATES.values(), *STUCK.values()),
)
LEVELS = VISIT_LEVELS + AGENT_LEVELS
AGENT_END = 300


def is_of_agents(number: int) -> bool:
    """Whether a number is one of agents, who are in `_all` by themselves: a break's are below 0."""
    return number < 0 or AGENT_BASE <= number < AGENT_END


@lru_cache(maxsize=4_096)
def break_level(reason: str) -> int:
    """The level of agents on a break for a reason that a queue lists: an even number below 0.

    It is made of the name, not of its place in a list, so that no edit of a list renumbers what is
    stored. 48 bits of a hash: two of 64 names have the same one once in 10^11 lists. All numbers
    below 0 are such levels and their moments.
    """
    return -2 - 2 * int.from_bytes(blake2b(reason.encode(), digest_size=6).digest())


# log-linear histograms: base + bucket index of `histogram.py`; one ends where the next begins,
# beyond any wait (2,000 buckets: two years) and any time between two events (2,368 buckets)
WAIT_BUCKETS = 1_000
RESOLUTION_BUCKETS = 3_000
FIRST_RESPONSE_BUCKETS, FIRST_MESSAGE_BUCKETS, RESPONSE_BUCKETS = 6_000, 9_000, 12_000
CALLBACK_BUCKETS, TIME_TO_ANSWER_BUCKETS = 15_000, 18_000

# Classic buckets of the process's own histograms, counted at booking: from LOCAL on a number stays
# in the process and is not part of a pane. Bounds are inclusive, ms; the last bucket is "longer".
LOCAL = 30_000
#: Where the numbers of a histogram end.
BUCKETS_END = {
    WAIT_BUCKETS: RESOLUTION_BUCKETS,
    RESOLUTION_BUCKETS: FIRST_RESPONSE_BUCKETS,
    FIRST_RESPONSE_BUCKETS: FIRST_MESSAGE_BUCKETS,
    FIRST_MESSAGE_BUCKETS: RESPONSE_BUCKETS,
    RESPONSE_BUCKETS: CALLBACK_BUCKETS,
    CALLBACK_BUCKETS: TIME_TO_ANSWER_BUCKETS,
    TIME_TO_ANSWER_BUCKETS: TIME_TO_ANSWER_BUCKETS + 3_000,
}
WAIT_BOUNDS_MS = tuple(1_000 * bound for bound in WAIT_BOUNDS_SECONDS)
HANDLE_BOUNDS_MS = tuple(1_000 * bound for bound in HANDLE_BOUNDS_SECONDS)
ANSWERED_WITHIN = LOCAL
ABANDONED_WITHIN = LOCAL + 20
HANDLED_WITHIN = LOCAL + 40
HANDLE_TIME = LOCAL + 60

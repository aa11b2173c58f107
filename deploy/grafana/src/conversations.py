"""Of one queue of calls or chats: calls owed back, what chats say, what bots keep from people.

In: the board. Out: two sections of it. Invariant: what only chats have is hidden until it is
wanted, so that a queue of calls has no empty panels.
"""

from typing import Final

from deploy.grafana.src import figures as say
from deploy.grafana.src.board import Board
from deploy.grafana.src.kit import (
    AMBER,
    BLUE,
    BY_QUEUE,
    CLOCK,
    DAYS,
    GREEN,
    PALE_BLUE,
    PURPLE,
    QUEUES,
    RED,
    SECONDS,
    SHARE,
    YELLOW,
    Panel,
    grown,
    mean_grown,
)
from deploy.grafana.src.panels import coloured, lines, on_the_right, tile

CALLS_USUAL, TALKS_USUAL, SECONDS_USUAL, SHARE_USUAL = 5, 10, 60, 0.5  # least tops of axes
HOUR, HALF_HOUR = "1h", "30m"
BEFORE = " Counted in the hour before each moment, first bookings."


def _level(metric: str) -> str:
    """A gauge of the queue: the owner's, whichever worker that is."""
    return f"max by ({BY_QUEUE}) (contactcenter_queue_{metric}{{{QUEUES}}})"


OWED: Final = _level("callbacks_owed")
OVERDUE: Final = _level("callbacks_overdue")


def calls_owed() -> list[Panel]:
    """Tiles: how many calls the queue owes, how many are late, for how long the oldest."""
    asked = f"contactcenter_queue_oldest_callback_timestamp_seconds{{{QUEUES}}}"
    return [
        tile("Calls owed back", OWED, say.OWED),
        tile("Overdue", f"{OVERDUE} and {OWED} > 0", say.OVERDUE, limits=say.ANY_LIMITS),
        tile(
            "Oldest call owed",
            f"time() - min by ({BY_QUEUE}) ({asked})",
            "Now − the moment the oldest of the calls owed back was asked for.",
            DAYS,
        ),
    ]


def _hour(metric: str, more: str = "") -> str:
    return grown(metric, QUEUES + more, HOUR)


def callbacks(board: Board) -> None:
    """The stock of calls owed, what became of them, and how long it took."""
    board.section("Call-backs")
    stock = lines(
        "Calls owed back over time",
        [(OVERDUE, "overdue"), (OWED, "owed")],
        f"{say.OWED} Overdue = the agreed time has passed.",
        up_to=CALLS_USUAL,
    )
    ends = {"reached": GREEN, "given_up": AMBER, "cancelled": PURPLE, "expired": RED}
    named = {outcome.replace("_", " "): colour for outcome, colour in ends.items()}
    fate = lines(
        "Call-backs in the hour before",
        [
            (_hour("callbacks_asked_total"), "asked"),
            *(
                (_hour("callbacks_ended_total", f', outcome="{outcome}"'), name)
                for outcome, name in zip(ends, named, strict=True)
            ),
            (
                _hour("callbacks_attempted_total", ', outcome="not_reached"'),
                "attempts that reached nobody",
            ),
        ],
        "Requests asked for, and how they ended, each once; expired = nobody said a word of it for "
        "days. Attempts may be several a request." + BEFORE,
        up_to=CALLS_USUAL,
    )
    fate = coloured(fate, {"asked": BLUE, "attempts that reached nobody": YELLOW} | named)
    reach = lines(
        "Time to reach",
        [
            (
                mean_grown("callbacks_reach_seconds_total", "callbacks_timed_total", QUEUES, HOUR),
                "mean",
            )
        ],
        "Mean time from the asking, or the time agreed if that is later, to the customer on the "
        "line, of those reached in the hour before each moment.",
        SECONDS,
        up_to=SECONDS_USUAL,
    )
    board.row(
        8,
        (coloured(stock, {"owed": BLUE, "overdue": RED}), 8),
        (fate, 8),
        (coloured(reach, {"mean": BLUE}), 8),
    )


def _chats() -> list[Panel]:
    times = lines(
        "First message and response",
        [
            (mean_grown("chats_first_message_seconds_total", "chats_first_messages_total", QUEUES,
                        HALF_HOUR), "first message"),
            (mean_grown("chats_response_seconds_total", "chats_responses_total", QUEUES,
                        HALF_HOUR), "response"),
        ],
        "Means of chats. First message = from the entry to the first message by an agent, no bot's "
        "and no automatic one; response = from the customer's first unanswered message to the "
        "agent's next. Of those in the half hour before each moment.",
        SECONDS,
        up_to=SECONDS_USUAL,
    )  # fmt: skip
    whole = _hour("chats_messaged_total")

    def share(kind: str) -> str:
        return (
            f"{_hour('chats_unanswered_total', f', kind={chr(34)}{kind}{chr(34)}')} / ({whole} > 0)"
        )

    silence = lines(
        "Chats without an answer",
        [(share("left"), "left unanswered"), (share("silent"), "the customer fell silent")],
        "Shares of the conversations that ended with any message of the customer told. Left "
        "unanswered = the customer's last message has no answer; silent = no word of the customer "
        "after an agent was there." + BEFORE,
        SHARE,
        up_to=SHARE_USUAL,
    )
    return [
        coloured(times, {"first message": BLUE, "response": PALE_BLUE}),
        coloured(silence, {"left unanswered": AMBER, "the customer fell silent": BLUE}),
    ]


def chats_and_bots(board: Board) -> None:
    """What chats alone have, and bots."""
    board.section("Chats and bots", closed=True)
    board.row(8, *((panel, 12) for panel in _chats()))
    contained = _hour("bots_conversations_total", ', outcome="contained"')
    wait = mean_grown("bots_handoff_wait_seconds_total", "bots_handoffs_total", QUEUES, HOUR)
    ended = lines(
        "Conversations of bots",
        [
            (contained, "contained"),
            (_hour("bots_conversations_total", ', outcome="escalated"'), "escalated"),
            (wait, "wait for a person (right)"),
        ],
        f"{say.CONTAINED} The wait, on the right axis: {say.HANDOFF[0].lower()}{say.HANDOFF[1:]}"
        f"{BEFORE} A bot that names no queue is in the queue _bot.",
        up_to=TALKS_USUAL,
    )
    ended = on_the_right(ended, "C", SECONDS, SECONDS_USUAL)
    named = {"contained": GREEN, "escalated": BLUE, "wait for a person (right)": AMBER}
    share = tile(
        "Contained, last hour",
        f"{contained} / ({_hour('bots_conversations_total')} > 0)",
        f"{say.CONTAINED} Ended in the last hour.",
        SHARE,
        decimals=1,
    )
    after = tile(
        "Wait after a bot, last hour",
        wait,
        f"{say.HANDOFF} Of those in the last hour.",
        CLOCK,
    )
    board.row(8, (coloured(ended, named), 12), (share, 6), (after, 6))

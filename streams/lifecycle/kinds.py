"""What a legal event in an unexpected state is called, and what became of it.

Three sorts: it took effect otherwise than it says; an age gave something up; it did nothing. The
last are what an adapter mostly does wrong, and what an operator has to hear of.
"""

from typing import Final, Literal

Sort = Literal["took effect otherwise", "given up by age", "did nothing"]
OTHERWISE: Final = "took effect otherwise"
BY_AGE: Final = "given up by age"
NOTHING: Final = "did nothing"

#: Kind to its sort and what it means.
KINDS: Final[dict[str, tuple[Sort, str]]] = {
    "clamped": (OTHERWISE, "came before what it needs, within grace, and took effect after it"),
    "revision": (OTHERWISE, "an id said again with a higher revision, which counts"),
    "wrapup_capped": (OTHERWISE, "a wrap-up beyond its cap, of which the cap is booked"),
    "handling_expired": (BY_AGE, "a conversation whose end was never told"),
    "conflict": (NOTHING, "an id said again with another content: the least content counts"),
    "answered_without_visit": (NOTHING, "an answer to nobody who waits"),
    "answered_again": (NOTHING, "an answer in a conversation"),
    "abandoned_without_visit": (NOTHING, "an abandonment of nobody who waits"),
    "ended_without_visit": (NOTHING, "the end of no conversation"),
    "transferred_without_visit": (NOTHING, "a transfer out of no conversation"),
    "flowed_out_without_visit": (NOTHING, "a flow-out of nobody who waits"),
    "flowed_out_while_connected": (NOTHING, "a flow-out of somebody who is talking"),
    "offered_without_visit": (NOTHING, "an offer of nobody who waits"),
    "offered_while_connected": (NOTHING, "an offer of somebody who is talking"),
    "offer_failed_without_visit": (NOTHING, "a failed offer of nobody who waits"),
    "hold_without_visit": (NOTHING, "a hold of no conversation"),
    "hold_while_waiting": (NOTHING, "a hold before the answer"),
    "hold_repeated": (NOTHING, "a hold while on hold"),
    "hold_not_started": (NOTHING, "the end of a hold that never began"),
    "wrapup_without_visit": (NOTHING, "a wrap-up of no conversation that waits for one"),
    "said_again": (NOTHING, "what was said within grace before"),
    "status_after_resolution": (NOTHING, "a status within grace after the resolution, part of it"),
    "ticket_unknown": (NOTHING, "a ticket that was never opened, or is forgotten"),
    "ticket_opened_again": (NOTHING, "a second opening"),
    "ticket_not_resolved": (NOTHING, "a reopening of a ticket that is open"),
    "ticket_resolved": (NOTHING, "said of a ticket that is resolved, and means nothing there"),
    "ticket_closed": (NOTHING, "said of a ticket that is closed, and means nothing there"),
}

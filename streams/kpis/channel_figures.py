"""Layer 4: the parts of a window's figures that not every channel has, from its sums.

In: `View`, the integer sums of a window, and its `numbers_of`. Out: the structs of
`contract/channel_figures.py`; None where the channel has no such part. Definitions:
`DEFINITIONS.md` beside this file. Cost: a part of which a window has no number is made once.
"""

from collections.abc import Sequence
from typing import Final, get_args

from streams.contract.channel_figures import (
    BotFigures,
    CallbackFigures,
    ChatFigures,
    Cohorts,
    ComplaintPromises,
    Complaints,
    PromiseFigures,
    Promises,
    SlaFigures,
    TicketFigures,
)
from streams.contract.words import SLA_METRICS
from streams.kpis.quantiles import has_any, quantiles
from streams.kpis.rounding import mean_seconds, ratio, seconds
from streams.lifecycle import counters as c
from streams.windows.views import Span, View


def bot_figures(view: View, numbers: Sequence[int]) -> BotFigures:
    """What bots did; any channel has them."""
    return _bot(view) if has_any(numbers, c.BOT_CONTAINED, c.BOT_HANDOFF_TIME) else _NO_BOT


def _bot(view: View) -> BotFigures:
    count = view.sums.get
    contained, escalated = count(c.BOT_CONTAINED, 0), count(c.BOT_ESCALATED, 0)
    handoffs = count(c.BOT_HANDOFFS, 0)
    return BotFigures(
        conversations=contained + escalated,
        contained=contained,
        escalated=escalated,
        containment_ratio=ratio(contained, contained + escalated),
        timed=count(c.BOT_TIMED, 0),
        timed_seconds=seconds(count(c.BOT_TIME, 0)),
        timed_mean_seconds=mean_seconds(count(c.BOT_TIME, 0), count(c.BOT_TIMED, 0)),
        handoff_wait_count=handoffs,
        handoff_wait_seconds=seconds(count(c.BOT_HANDOFF_TIME, 0)),
        handoff_wait_mean_seconds=mean_seconds(count(c.BOT_HANDOFF_TIME, 0), handoffs),
    )


def chat_figures(view: View, numbers: Sequence[int]) -> ChatFigures:
    """What chats have beside calls."""
    some = has_any(numbers, c.FIRST_MESSAGES, c.CHATS_NO_REPLY)
    if not (some or view.integral(c.AGENT_CONTACTS) or view.integral(c.CHANNEL_AGENTS)):
        return _NO_CHAT
    return _chat(view, numbers)


def _chat(view: View, numbers: Sequence[int]) -> ChatFigures:
    count = view.sums.get
    first, responses = count(c.FIRST_MESSAGES, 0), count(c.RESPONSES, 0)
    contacts, busy = view.integral(c.AGENT_CONTACTS), view.integral(c.CHANNEL_AGENTS)
    handle = count(c.TALK, 0) + count(c.HOLD, 0) + count(c.WRAPUP, 0)
    return ChatFigures(
        first_message_count=first,
        first_message_seconds=seconds(count(c.FIRST_MESSAGE_TIME, 0)),
        first_message_mean_seconds=mean_seconds(count(c.FIRST_MESSAGE_TIME, 0), first),
        first_message_quantiles_seconds=quantiles(view, c.FIRST_MESSAGE_BUCKETS, numbers)[0],
        responses=responses,
        response_seconds=seconds(count(c.RESPONSE_TIME, 0)),
        response_mean_seconds=mean_seconds(count(c.RESPONSE_TIME, 0), responses),
        response_quantiles_seconds=quantiles(view, c.RESPONSE_BUCKETS, numbers)[0],
        messaged=count(c.CHATS_MESSAGED, 0),
        left_unanswered=count(c.CHATS_LEFT_UNANSWERED, 0),
        answered_no_reply=count(c.CHATS_NO_REPLY, 0),
        contact_seconds=seconds(contacts),
        channel_agent_seconds=seconds(busy),
        concurrency_mean=ratio(contacts, busy),
        # (handle / handled) / (contacts / busy), rounded once.
        handle_adjusted_mean_seconds=mean_seconds(handle * busy, count(c.HANDLED, 0) * contacts),
    )


def callback_figures(view: View, numbers: Sequence[int]) -> CallbackFigures:
    """Calls that were promised back."""
    some = has_any(numbers, c.CALLBACKS_ASKED, c.CALLBACK_VISITS)
    return _callbacks(view, numbers) if some else _NO_CALLBACKS


def _callbacks(view: View, numbers: Sequence[int]) -> CallbackFigures:
    count = view.sums.get
    reached, timed = count(c.CALLBACKS_REACHED, 0), count(c.CALLBACKS_TIMED, 0)
    given_up, cancelled = count(c.CALLBACKS_GIVEN_UP, 0), count(c.CALLBACKS_CANCELLED, 0)
    expired = count(c.CALLBACKS_EXPIRED, 0)
    return CallbackFigures(
        asked=count(c.CALLBACKS_ASKED, 0),
        attempted={
            "connected": count(c.CALLBACKS_CONNECTED, 0),
            "not_reached": count(c.CALLBACKS_NOT_REACHED, 0),
        },
        reached=reached,
        given_up=given_up,
        cancelled=cancelled,
        expired=expired,
        reached_ratio=ratio(reached, reached + given_up + cancelled + expired),
        reach_count=timed,
        reach_seconds=seconds(count(c.CALLBACK_TIME, 0)),
        reach_mean_seconds=mean_seconds(count(c.CALLBACK_TIME, 0), timed),
        reach_quantiles_seconds=quantiles(view, c.CALLBACK_BUCKETS, numbers)[0],
        visits=count(c.CALLBACK_VISITS, 0),
    )


def ticket_figures(view: View, span: Span, numbers: Sequence[int]) -> TicketFigures:
    """Promises, complaints, and times by the wall clock."""
    count = view.sums.get
    return TicketFigures(
        first_response_calendar_seconds=seconds(count(c.FIRST_RESPONSE_CALENDAR, 0)),
        next_response_calendar_seconds=seconds(count(c.NEXT_RESPONSE_CALENDAR, 0)),
        resolution_calendar_seconds=seconds(count(c.RESOLUTION_CALENDAR, 0)),
        resolution_cycle_calendar_seconds=seconds(count(c.RESOLUTION_CYCLE_CALENDAR, 0)),
        resolution_net_calendar_seconds=seconds(count(c.RESOLUTION_NET_CALENDAR, 0)),
        assign_calendar_seconds=seconds(count(c.ASSIGN_CALENDAR, 0)),
        first_response_quantiles_seconds=quantiles(view, c.FIRST_RESPONSE_BUCKETS, numbers)[0],
        sla=Promises(**{name: _sla(view, c.SLA[name], numbers) for name in SLA_METRICS}),
        sla_never_due=count(c.SLA_NEVER_DUE, 0),
        complaints=_complaints(view, span, numbers),
        cohorts=_cohorts(view, span, {}),
    )


def in_time_ratio(view: View, numbers: Sequence[int]) -> float | None:
    """Resolutions by their due time / those decided."""
    return _sla(view, c.SLA["resolution"], numbers).compliance_ratio


def _sla(view: View, first: int, numbers: Sequence[int]) -> SlaFigures:
    if not has_any(numbers, first, first + c.WITHDRAWN):
        return _NO_PROMISE
    return _promise(view, first)


def _promise(view: View, first: int) -> SlaFigures:
    count = view.sums.get
    met = {name: count(first + place, 0) for name, place in c.MET.items()}
    breached = {name: count(first + place, 0) for name, place in c.BREACHED.items()}
    kept, broken = sum(met.values()), sum(breached.values())
    return SlaFigures(
        met=kept,
        breached=broken,
        withdrawn=count(first + c.WITHDRAWN, 0),
        compliance_ratio=ratio(kept, kept + broken),
        met_by_priority=met,
        breached_by_priority=breached,
    )


def _complaint_promises(view: View, numbers: Sequence[int]) -> ComplaintPromises:
    found = {name: _sla(view, c.SLA[name] + c.SLA_OF_COMPLAINT, numbers) for name in SLA_METRICS}
    return ComplaintPromises(
        **{
            name: PromiseFigures(
                met=one.met,
                breached=one.breached,
                withdrawn=one.withdrawn,
                compliance_ratio=one.compliance_ratio,
            )
            for name, one in found.items()
        }
    )


def _cohorts(view: View, span: Span, number_of: dict[int, int]) -> Cohorts | None:
    """`number_of`: where a counter stands for complaints; empty for all tickets."""
    if span == "short":
        return None

    def count(number: int) -> int:
        return view.count(number_of.get(number, number))

    same_day, left = count(c.RESOLVED_SAME_DAY), count(c.LEFT_SAME_DAY)
    decided, within = count(c.RESOLUTION_DECIDED), count(c.RESOLVED_WITHIN)
    opened = count(c.TICKETS_OPENED) - left
    return Cohorts(
        resolved_same_day=same_day,
        left_same_day=left,
        resolved_same_day_ratio=ratio(same_day, opened) if span == "days" else None,
        resolution_decided=decided,
        resolved_within=within,
        resolved_within_ratio=ratio(within, decided),
        reopen_decided=count(c.REOPEN_DECIDED),
        reopened_within=count(c.REOPENED_WITHIN),
        reopen_ratio=ratio(count(c.REOPENED_WITHIN), count(c.REOPEN_DECIDED)),
    )


def _complaints(view: View, span: Span, numbers: Sequence[int]) -> Complaints:
    some = any(has_any(numbers, first, last) for first, last in _OF_COMPLAINTS)
    return _of_complaints(view, span, numbers) if some else _NO_COMPLAINTS[span]


#: Where the numbers of complaints lie.
_OF_COMPLAINTS: Final = (
    (min(c.COMPLAINTS.values()), max(c.COMPLAINTS.values())),
    *(
        (first + c.SLA_OF_COMPLAINT, first + c.SLA_OF_COMPLAINT + c.WITHDRAWN)
        for first in c.SLA.values()
    ),
)


def _of_complaints(view: View, span: Span, numbers: Sequence[int]) -> Complaints:
    sums, number_of = view.sums.get, c.COMPLAINTS

    def count(number: int) -> int:
        return sums(number_of[number], 0)

    responses, resolved = count(c.FIRST_RESPONSES), count(c.TICKETS_RESOLVED)
    return Complaints(
        opened=count(c.TICKETS_OPENED),
        first_responses=responses,
        first_response_seconds=seconds(count(c.FIRST_RESPONSE_TIME)),
        first_response_mean_seconds=mean_seconds(count(c.FIRST_RESPONSE_TIME), responses),
        next_responses=count(c.NEXT_RESPONSES),
        next_response_seconds=seconds(count(c.NEXT_RESPONSE_TIME)),
        resolved=resolved,
        resolution_seconds=seconds(count(c.RESOLUTION_TIME)),
        resolution_mean_seconds=mean_seconds(count(c.RESOLUTION_TIME), resolved),
        resolved_again=count(c.TICKETS_RESOLVED_AGAIN),
        resolution_cycle_seconds=seconds(count(c.RESOLUTION_CYCLE_TIME)),
        resolution_net_count=count(c.RESOLVED_NET),
        resolution_net_seconds=seconds(count(c.RESOLUTION_NET_TIME)),
        reopened=count(c.TICKETS_REOPENED),
        bot_resolved=count(c.BOT_RESOLVED),
        resolved_without_reply=count(c.RESOLVED_WITHOUT_REPLY),
        left=sum(count(number) for number in c.TICKETS_LEFT.values()),
        assigned=count(c.TICKETS_ASSIGNED),
        assign_seconds=seconds(count(c.ASSIGN_TIME)),
        worked=count(c.TICKETS_WORKED),
        work_seconds=seconds(count(c.WORK_TIME)),
        sla=_complaint_promises(view, numbers),
        cohorts=_cohorts(view, span, c.COMPLAINTS),
    )


_NOTHING = View({}, {}, 0)
_NO_BOT = _bot(_NOTHING)
_NO_CHAT = _chat(_NOTHING, ())
_NO_CALLBACKS = _callbacks(_NOTHING, ())
_NO_PROMISE = _promise(_NOTHING, 0)
_NO_COMPLAINTS = {span: _of_complaints(_NOTHING, span, ()) for span in get_args(Span)}

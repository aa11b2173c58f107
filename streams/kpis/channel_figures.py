"""Layer 4: the parts of a window's figures that not every channel has, from its sums.

In: `View`, the integer sums of a window, and its `buckets_of`. Out: the structs of
`contract/channel_figures.py`; None where the channel has no such part. Definitions:
`DEFINITIONS.md` beside this file.
"""

from collections.abc import Sequence

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
from streams.kpis.quantiles import quantiles
from streams.kpis.rounding import mean_seconds, ratio, seconds
from streams.lifecycle import counters as c
from streams.windows.views import View


def bot_figures(view: View) -> BotFigures:
    """What bots did; any channel has them."""
    count = view.count
    contained, escalated = count(c.BOT_CONTAINED), count(c.BOT_ESCALATED)
    handoffs = count(c.BOT_HANDOFFS)
    return BotFigures(
        conversations=contained + escalated,
        contained=contained,
        escalated=escalated,
        containment_ratio=ratio(contained, contained + escalated),
        timed=count(c.BOT_TIMED),
        timed_seconds=seconds(count(c.BOT_TIME)),
        timed_mean_seconds=mean_seconds(count(c.BOT_TIME), count(c.BOT_TIMED)),
        handoff_wait_count=handoffs,
        handoff_wait_seconds=seconds(count(c.BOT_HANDOFF_TIME)),
        handoff_wait_mean_seconds=mean_seconds(count(c.BOT_HANDOFF_TIME), handoffs),
    )


def chat_figures(view: View, buckets: Sequence[int]) -> ChatFigures:
    """What chats have beside calls."""
    count = view.count
    first, responses = count(c.FIRST_MESSAGES), count(c.RESPONSES)
    contacts, busy = view.integral(c.AGENT_CONTACTS), view.integral(c.CHANNEL_AGENTS)
    handle = count(c.TALK) + count(c.HOLD) + count(c.WRAPUP)
    return ChatFigures(
        first_message_count=first,
        first_message_seconds=seconds(count(c.FIRST_MESSAGE_TIME)),
        first_message_mean_seconds=mean_seconds(count(c.FIRST_MESSAGE_TIME), first),
        first_message_quantiles_seconds=quantiles(view, c.FIRST_MESSAGE_BUCKETS, buckets)[0],
        responses=responses,
        response_seconds=seconds(count(c.RESPONSE_TIME)),
        response_mean_seconds=mean_seconds(count(c.RESPONSE_TIME), responses),
        response_quantiles_seconds=quantiles(view, c.RESPONSE_BUCKETS, buckets)[0],
        messaged=count(c.CHATS_MESSAGED),
        left_unanswered=count(c.CHATS_LEFT_UNANSWERED),
        answered_no_reply=count(c.CHATS_NO_REPLY),
        contact_seconds=seconds(contacts),
        channel_agent_seconds=seconds(busy),
        concurrency_mean=ratio(contacts, busy),
        # (handle / handled) / (contacts / busy), rounded once.
        handle_adjusted_mean_seconds=mean_seconds(handle * busy, count(c.HANDLED) * contacts),
    )


def callback_figures(view: View, buckets: Sequence[int]) -> CallbackFigures:
    """Calls that were promised back."""
    count = view.count
    reached, timed = count(c.CALLBACKS_REACHED), count(c.CALLBACKS_TIMED)
    given_up, cancelled = count(c.CALLBACKS_GIVEN_UP), count(c.CALLBACKS_CANCELLED)
    expired = count(c.CALLBACKS_EXPIRED)
    return CallbackFigures(
        asked=count(c.CALLBACKS_ASKED),
        attempted={
            "connected": count(c.CALLBACKS_CONNECTED),
            "not_reached": count(c.CALLBACKS_NOT_REACHED),
        },
        reached=reached,
        given_up=given_up,
        cancelled=cancelled,
        expired=expired,
        reached_ratio=ratio(reached, reached + given_up + cancelled + expired),
        reach_count=timed,
        reach_seconds=seconds(count(c.CALLBACK_TIME)),
        reach_mean_seconds=mean_seconds(count(c.CALLBACK_TIME), timed),
        reach_quantiles_seconds=quantiles(view, c.CALLBACK_BUCKETS, buckets)[0],
        visits=count(c.CALLBACK_VISITS),
    )


def ticket_figures(view: View, span: str, buckets: Sequence[int]) -> TicketFigures:
    """Promises, complaints, and times by the wall clock."""
    count = view.count
    return TicketFigures(
        first_response_calendar_seconds=seconds(count(c.FIRST_RESPONSE_CALENDAR)),
        next_response_calendar_seconds=seconds(count(c.NEXT_RESPONSE_CALENDAR)),
        resolution_calendar_seconds=seconds(count(c.RESOLUTION_CALENDAR)),
        resolution_cycle_calendar_seconds=seconds(count(c.RESOLUTION_CYCLE_CALENDAR)),
        resolution_net_calendar_seconds=seconds(count(c.RESOLUTION_NET_CALENDAR)),
        assign_calendar_seconds=seconds(count(c.ASSIGN_CALENDAR)),
        first_response_quantiles_seconds=quantiles(view, c.FIRST_RESPONSE_BUCKETS, buckets)[0],
        sla=Promises(**{name: _sla(view, c.SLA[name]) for name in SLA_METRICS}),
        sla_never_due=count(c.SLA_NEVER_DUE),
        complaints=_complaints(view, span),
        cohorts=_cohorts(view, span, {}),
    )


def in_time_ratio(view: View) -> float | None:
    """Resolutions by their due time / those decided."""
    return _sla(view, c.SLA["resolution"]).compliance_ratio


def _sla(view: View, first: int) -> SlaFigures:
    met = {name: view.count(first + place) for name, place in c.MET.items()}
    breached = {name: view.count(first + place) for name, place in c.BREACHED.items()}
    kept, broken = sum(met.values()), sum(breached.values())
    return SlaFigures(
        met=kept,
        breached=broken,
        withdrawn=view.count(first + c.WITHDRAWN),
        compliance_ratio=ratio(kept, kept + broken),
        met_by_priority=met,
        breached_by_priority=breached,
    )


def _complaint_promises(view: View) -> ComplaintPromises:
    found = {name: _sla(view, c.SLA[name] + c.SLA_OF_COMPLAINT) for name in SLA_METRICS}
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


def _cohorts(view: View, span: str, number_of: dict[int, int]) -> Cohorts | None:
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


def _complaints(view: View, span: str) -> Complaints:
    def count(number: int) -> int:
        return view.count(c.COMPLAINTS[number])

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
        sla=_complaint_promises(view),
        cohorts=_cohorts(view, span, c.COMPLAINTS),
    )

"""Layer 2: the life of a contact (voice, chat), one transition table.

A contact stands in one queue at a time (a visit: waiting, then connected), and beside that may have
wrap-ups that are not reported yet. Every (place, event) pair is in `TABLE`: an effect, or the name
of the anomaly that is counted while nothing changes. In which order events are taken is decided in
`contact_order.py`; what they do stands in `contact_effects.py`, `contact_leave.py`,
`contact_talk.py`, `contact_words.py` and `contact_aged.py`; `step` and `fire` in
`contact_deadlines.py` take one event, or the earliest implied one. Cost: about a microsecond.
"""

from collections.abc import Callable

from streams.lifecycle import contact_aged as aged
from streams.lifecycle import contact_effects as effects
from streams.lifecycle import contact_leave as leaving
from streams.lifecycle import contact_talk as talk
from streams.lifecycle import contact_words as words
from streams.lifecycle import feedback
from streams.lifecycle.contact_state import CONNECTED, IDLE, WAITING, ContactState
from streams.lifecycle.facts import Fact
from streams.lifecycle.ledger import Ledger

Effect = Callable[[ContactState, Fact, Ledger], None]

# The rules that do not fit the table:
#
# Order. Events are taken by time, but within grace (`grace_seconds`, 5 s) by meaning. Who leaves
# goes before who comes: where an entry, or an answer in another queue, finds a visit open, the
# first event within grace after it that says how that visit ended is taken first. What needs
# something waits for it: an answer for its entry, an end for its answer, the end of a hold for its
# start, a wrap-up for the end of its conversation. Both are counted as `clamped`. Who leaves a
# queue by a flow-out and enters it again within grace never left: a `lap`, one visit, one wait.
#
# Whose event it is. One that names a queue is about the visit in that queue: an event for another
# queue than the open visit's is in the last column. One that names none is about the open visit.
# But within grace after a visit closed, what ends one without naming a queue, or with that of both,
# may be about the former: a transfer or end if that was connected and the new one is not yet, or if
# it names the former's agent; a flow-out if the former waited; an abandonment if it waited and the
# new one is a `contact.resumed`. What is said of a visit whose end is known is `said_again`.
#
# Who opens a visit. `contact.enqueued` and `contact.resumed`, which share the first row; after the
# silence deadline ended a visit, the customer's next message, in the same queue; an answer that
# finds nobody waiting in its queue; an abandonment that finds no visit remembered there. The last
# two count, but their wait is in no figure (`answered_measured`, `abandoned_unmeasured`), unless
# the answer tells `entered_at`. What opens a visit while one is open ends that one first: a waiting
# one flows out, by the reason the entry gives, as `other`, or as `answered_elsewhere`; a connected
# one is transferred.
#
# Who closes a visit. While it waits: `contact.abandoned`, `contact.flowed_out`, and, as flowing
# out too, `contact.transferred` (`transfer`) and `contact.ended` (`other`). While it is connected:
# `contact.transferred`, `contact.ended`, and `contact.abandoned` as if it were `contact.ended`,
# for who was answered has not abandoned. By implied events: silence (abandoned), the maximum
# waiting age (orphaned) and the maximum handling age (answered, never handled).
#
# What an age concluded stays booked. What is said of that visit within 72 hours is counted beside
# it (`recovered`): of an orphaned one its answer, abandonment or flow-out (`orphans_recovered`), of
# a silent one its answer, as a new visit, of an expired one its end. The threshold is not decided
# again, and the depth not raised.
#
# A second answer within grace, or of the same agent, is `answered_again`. A later one of another
# agent hands the conversation over: an end that names the former agent closes nothing then. After
# `contact.transferred` and no entry since, an answer in that queue goes on with the visit: it is
# handled already, and the further talk is added at its end. A message of a human agent answers who
# waits, unless it is the last word of the agent who had the contact until just now.
#
# Wrap-ups outlive the visit. Every connected visit that is transferred or ended leaves a `Wrapup`
# beside the visits to come. A transferred one is handled at once. So is an ended one, unless its
# queue waits for wrap-ups: then it is handled when its wrap-up is reported, or when the cap has
# passed, at that time, without wrap-up (`wrapups_unreported`). `wrapup.ended` takes one that fits
# its queue and agent: its agent's, one that ended at this instant, the oldest; more than the cap is
# cut. A visit that is handled already gets its wrap-up time when that is reported.
#
# Implied events have a due time and happen as if they were events of that time, after all real
# ones of the millisecond: an answer at exactly the threshold is in time. Of equal due times the
# order is threshold, limit of the wait, silence, maximum waiting age, wrap-up cap, maximum handling
# age, forgetting.
# A contact is forgotten a horizon after its last visit was closed, and handled if a wrap-up was
# awaited, and not before 72 hours after an age closed one; an event after that finds nothing. Where
# no visit is remembered, what was written or handed over by a bot is, a horizon after the last of
# it.
#
# Rules through time. Thresholds, limits, ages, silence, cap, and whether the queue waits for
# wrap-ups: as they were when the visit was enqueued.
#
# Outbound. A visit that an outbound event opened goes through the same phases and is in no figure:
# whatever books asks first. Its anomalies are counted like any other's. A visit with the reason
# `callback` is in no figure of waiting, for nobody waits in it: counted by itself, it is handled
# like any other. The promise itself is another entity (`callback.py`), and so is each attempt.
#
# What is written. In a visit whose wait is known, the first message of an agent is one figure; a
# later one that answers what the customer wrote is a response, timed from the first message of his
# run. Only a person's message ends a run, wherever it is written. Where the customer was waiting
# for a response when he was transferred, the next visit's first message is one too. A conversation
# that ends is counted by its last word, and by whether the customer wrote after the visit's answer.
#
# Bots. `bot.ended` is counted in its queue, or in `_bot`, whatever the contact does. What was
# handed over waits for a person: on a chat for his next message in a visit, or, where nothing was
# ever written, as on calls, for the next answer.
#
# Surveys, sales, follow-ups. They count in the queue they name, else in that of the open visit,
# else of the last one while it is remembered, else in `_none`; of a contact of which nothing is
# known too. They open nothing. A survey is decided by its first answer, or 7 days after it was
# sent; an answer is remembered for 7 days. That keeps a contact, but its visits are forgotten as
# before.
#
# Topics. What any event of the contact tells holds from there on, for that event too, even if it
# does nothing else; it is forgotten with the last that is remembered, surveys included. Where a
# queue has a list of topics, some of its figures are booked once more under it (`topics.py`).
#
# Refold. Events come late and in any order. What sorts last and finds nothing in doubt takes one
# step. For anything else `entity.py` folds the contact twice: as it was, with the ledger's sign -1,
# and with the event in its place, with +1; what remains is the difference.

#: The phases an effect may lead to. One that is not named here leaves the phase as it is, and so
#: does one that only counts an anomaly: said twice, or by the agent before.
LEADS_TO: dict[Effect, tuple[int, ...]] = {
    effects.enqueued: (WAITING,),
    effects.requeued: (WAITING,),
    effects.moved_on: (WAITING,),
    effects.answered: (CONNECTED,),
    leaving.abandoned: (IDLE,),
    leaving.flowed_out: (IDLE,),
    leaving.waiting_ended: (IDLE,),
    leaving.waiting_transferred: (IDLE,),
    talk.ended: (IDLE,),
    talk.transferred: (IDLE,),
    effects.wrote: (CONNECTED,),
    effects.wrote_again: (WAITING,),
    aged.answered_unseen: (CONNECTED,),
}
PHASES = ("no visit open", "waiting", "connected", "open in another queue")
#: The last column.
ELSEWHERE = 3

_OTHER = "other_queue"
_NO_OFFER, _NO_HOLD = "offered_without_visit", "hold_started_without_visit"
_NO_HOLD_END = "hold_ended_without_visit"

#: event: what it does when no visit is open, while one waits, while one is connected, and while one
#: is open in another queue than the event names.
TABLE: dict[str, tuple[Effect | str, Effect | str, Effect | str, Effect | str]] = {
    "contact.enqueued": (
        effects.enqueued,
        effects.enqueued_again,
        effects.moved_on,
        effects.requeued,
    ),
    "contact.blocked": (effects.blocked,) * 4,
    "contact.offered": (_NO_OFFER, effects.offered, _NO_OFFER, _OTHER),
    "offer.failed": (effects.offer_failed,) * 4,
    "contact.answered": (
        aged.answered_unseen,
        effects.answered,
        effects.answered_again,
        aged.answered_unseen,
    ),
    "hold.started": (_NO_HOLD, _NO_HOLD, talk.hold_started, _OTHER),
    "hold.ended": (_NO_HOLD_END, _NO_HOLD_END, talk.hold_ended, _OTHER),
    "contact.transferred": (
        aged.transferred_late,
        leaving.waiting_transferred,
        talk.transferred,
        aged.transferred_late,
    ),
    "contact.ended": (
        aged.ended_late,
        leaving.waiting_ended,
        talk.ended,
        aged.ended_late,
    ),
    "wrapup.ended": (talk.wrapup_ended,) * 4,
    "contact.abandoned": (
        aged.abandoned_late,
        leaving.abandoned,
        talk.ended,
        aged.abandoned_late,
    ),
    "contact.flowed_out": (
        aged.flowed_out_late,
        leaving.flowed_out,
        "flowed_out_while_connected",
        aged.flowed_out_late,
    ),
    "message.sent": (effects.wrote_again, effects.wrote, effects.spoke, effects.nothing),
    "bot.ended": (words.bot_ended,) * 4,
    "callback.attempted": (effects.nothing,) * 4,
    "followup.completed": (feedback.followed_up,) * 4,
    "survey.sent": (feedback.survey_sent,) * 4,
    "survey.answered": (feedback.survey_answered,) * 4,
    "sale.closed": (feedback.sale_closed,) * 4,
    "sale.cancelled": (feedback.sale_cancelled,) * 4,
}

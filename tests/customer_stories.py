"""Stories of what customers say and buy, of what it is about, and of customers who come again.

In: a `Chooser`. Out: legal event dicts without ids, in the order of the story. `told_of_customers`
puts a customer and a topic on the events of any other story. Times are gaps that matter: the week
in which a survey is answered, `repeat_days`, 24 hours after a bot, 30 days.
"""

from hashlib import sha256
from typing import Any
from unicodedata import normalize
from zlib import crc32

from tests.stories import (
    BASE_MS,
    DAY,
    DAY_GAPS,
    HOUR,
    MINUTE,
    QUEUES,
    SHORT_GAPS,
    SOURCES,
    STARTS,
    TENANTS,
    Chooser,
    Event,
    legal,
)

#: A few customers, as sources tell them: keyed hashes, 64 hexadecimal digits.
REFS = tuple(sha256(name.encode()).hexdigest() for name in ("ada", "bob", "cy", "dot"))
#: Of a queue's list or not, untrimmed, empty, and one text in two forms of Unicode.
TOPICS = (
    "bill",
    "order",
    " bill ",
    "café",
    normalize("NFD", "café"),
    "",
    " ",
    "rare",
    "_other",
    "_none",
)
ALL_CHANNELS = ("voice", "chat", "ticket")
FEEDBACK = (
    *("survey.answered",) * 4,
    *("survey.sent",) * 3,
    *("sale.closed", "sale.closed", "sale.cancelled", "followup.completed"),
)
KINDS = ("csat", "nps", "ces", "resolved")
SURVEYS = (None, None, "s1", "s2")
#: (least, greatest) score.
SCALES = ((1, 5), (0, 10), (0, 1), (1, 4), (1, 7), (-2, 2), (0.5, 5.5), (1, 2), (0, 0.0004))
#: Where on its scale a score is.
SHARES = (1.0, 0.75, 0.0, 0.5, 0.9, 0.6, 0.7, 0.7499, 0.2)
VERSIONS = ("v1", "v1", "v2", "CES 2.0", *(f"w{n}" for n in range(8)))
CURRENCIES = ("EUR", "EUR", "USD", "JPY", "CHF", "GBP", "SEK", "NOK", "DKK", "PLN", "CZK")
AMOUNTS: tuple[Any, ...] = (
    *("12.90", 12.9, 5, None, "0.0005", "0.0015", 0.0025, 1e-7, "007.1234", 0, 2.0),
    *("999999999999.999499", 1_000_000_000_000),
)
WEEK_GAPS = (*SHORT_GAPS[:6], MINUTE, HOUR, 4 * HOUR, 4 * HOUR + 1, DAY, 3 * DAY, *DAY_GAPS)
#: From one coming of a customer to the next.
RETURN_GAPS = (
    *(HOUR, 0, 1, 1_000, MINUTE, 4 * HOUR + 1, DAY - 1, DAY, DAY + 1, 2 * DAY, 2 * DAY + 1),
    *(3 * DAY, 7 * DAY - 1, 7 * DAY, 7 * DAY + 1, 30 * DAY - 1, 30 * DAY, 30 * DAY + 1),
)


def whole(number: float) -> int | float:
    """A whole number as an integer, as most systems write it."""
    return int(number) if number == int(number) else number


def said(chooser: Chooser, who: Event, kind: str, at: int, /, **given: Any) -> Event:
    """A survey, a sale or a follow-up; what `given` does not say is chosen."""
    event: Event = {"type": kind, "occurred_at": at, **who}
    choices: dict[str, tuple] = {
        "queue": (None, None, None, *QUEUES),
        "direction": (None,) * 9 + ("outbound",),
    }
    if kind.startswith("survey."):
        choices |= {"kind": KINDS, "survey_id": SURVEYS}
    elif kind.startswith("sale."):
        choices |= {"kind": ("upsell", "cross_sell"), "amount": AMOUNTS, "currency": CURRENCIES}
    else:
        choices |= {"outcome": ("satisfied", "unsatisfied", "not_reached")}
    for name, options in choices.items():
        value = given[name] if name in given else chooser.pick(options)
        if value is not None:
            event[name] = value
    if kind == "survey.answered":
        usual = {"nps": (0, 10), "resolved": (0, 1)}.get(event["kind"], (1, 5))
        least, greatest = chooser.pick((usual, usual, *SCALES))
        score = round(least + (greatest - least) * chooser.pick(SHARES), 6)
        if chooser.pick((True, True, True, False)) and greatest - least >= 1:
            score = max(least, min(round(score), greatest))
        event["scale_min"], event["scale_max"], event["score"] = least, greatest, whole(score)
        event["higher_is_better"] = chooser.pick((True, True, True, False))
        event["version"] = chooser.pick(VERSIONS)
    return event


def life_of(chooser: Chooser, who: Event, how: str, at: int, queue: str) -> list[Event]:
    """A short contact or ticket that is `handled`, `left`, `given_up`, `open` or `contained`."""
    ticket = who["channel"] == "ticket"
    steps: dict[str, tuple[str, ...]] = {
        "handled": ("contact.enqueued", "contact.answered", "contact.ended"),
        "left": ("contact.enqueued", "contact.abandoned"),
        "given_up": ("contact.enqueued", "contact.flowed_out"),
        "open": ("contact.enqueued",),
        "contained": ("bot.ended",),
        "escalated": ("bot.ended", "contact.enqueued", "contact.answered", "contact.ended"),
        "moved_on": (
            *("contact.enqueued", "contact.answered", "contact.transferred"),
            *("contact.enqueued", "contact.answered", "contact.ended"),
        ),
    }
    if ticket:
        steps = {
            "handled": ("ticket.opened", "ticket.resolved"),
            "left": ("ticket.opened", "ticket.resolved", "ticket.reopened", "ticket.resolved"),
            "given_up": ("ticket.opened", "ticket.closed"),
            "contained": ("ticket.opened", "bot.ended"),
            "moved_on": ("ticket.opened", "ticket.moved", "ticket.resolved"),
        }
    told = []
    for kind in steps.get(how, ("ticket.opened",) if ticket else ("contact.enqueued",)):
        given: Event = {"queue": queue, "author": None}
        if kind == "contact.flowed_out":
            given["reason"] = chooser.pick(("timeout", "no_agents", "error", "overflow"))
        elif kind == "bot.ended":
            given = {"outcome": how if how in ("contained", "escalated") else "contained"}
        elif kind in ("contact.enqueued", "contact.transferred", "ticket.moved"):
            given = {"queue": chooser.pick((queue, queue, *QUEUES))}
            queue = given["queue"]
            if kind == "contact.enqueued":
                given |= {"reason": chooser.pick((None,) * 9 + ("callback",))}
        told.append(legal(chooser, who, kind, at, **given))
        at += chooser.pick((1_000, 0, 1, 4_999, 5_000, 5_001, 6_000, MINUTE, HOUR))
    return told


HOW = ("handled", "handled", "left", "given_up", "open", "contained", "escalated", "moved_on")


def feedback_story(chooser: Chooser, contacts: int = 4) -> list[Event]:
    """What is said of one contact or ticket before, while and after it is known, or never."""
    channel = chooser.pick(ALL_CHANNELS)
    who = {
        "tenant": chooser.pick(TENANTS),
        "channel": channel,
        "contact_id": f"s{chooser.pick(range(max(2, contacts // 2)))}",
        "source": chooser.pick(SOURCES),
    }
    at = BASE_MS + chooser.pick(STARTS)
    told: list[Event] = []
    lives = chooser.pick((1, 1, 0, 2))
    many = chooser.pick((False,) * 19 + (True,))
    if many:  # more surveys than a contact keeps
        told += [
            said(chooser, who, "survey.sent", at + n, survey_id=f"m{n}", kind="csat")
            for n in range(18)
        ]
    for _ in range(chooser.pick((3, 1, 2, 4, 6, 9))):
        if lives and chooser.pick((True, True, False)):
            lives -= 1
            told += life_of(chooser, who, chooser.pick(HOW), at, chooser.pick(QUEUES))
            at = told[-1]["occurred_at"] + chooser.pick((0, 0, 1_000, HOUR))
        told.append(said(chooser, who, chooser.pick(FEEDBACK), at))
        if chooser.pick((True, True, True, False)):
            told[-1] |= {"topic": chooser.pick(TOPICS)}
        at += chooser.pick(WEEK_GAPS)
    return told


def survey_story(chooser: Chooser, contacts: int = 4) -> list[Event]:
    """One survey that is sent, answered, answered again, around the week that it has."""
    who = {
        "tenant": chooser.pick(TENANTS),
        "channel": chooser.pick(ALL_CHANNELS),
        "contact_id": f"v{chooser.pick(range(contacts))}",
        "source": chooser.pick(SOURCES),
    }
    which = {"kind": chooser.pick(KINDS), "survey_id": chooser.pick(SURVEYS)}
    at = BASE_MS + chooser.pick(STARTS)
    told = []
    for kind in chooser.pick(
        (
            ("survey.sent", "survey.answered", "survey.answered"),
            ("survey.sent",),
            ("survey.sent", "survey.sent", "survey.answered", "survey.sent"),
            ("survey.answered", "survey.sent", "survey.answered", "survey.answered"),
        )
    ):
        told.append(said(chooser, who, kind, at, **which))
        at += chooser.pick((HOUR, *DAY_GAPS, 0, 1, 1_000, 3 * DAY))
    return told


def customer_story(chooser: Chooser, contacts: int = 4) -> list[Event]:
    """A customer who comes again and again, by call, chat and ticket, over days and weeks."""
    tenant, ref = chooser.pick(TENANTS), chooser.pick(REFS)
    at = BASE_MS + chooser.pick(STARTS)
    told: list[Event] = []
    for _ in range(chooser.pick((2, 1, 3, 4, 6))):
        who = {
            "tenant": tenant,
            "channel": chooser.pick(ALL_CHANNELS),
            "contact_id": f"k{chooser.pick(range(2 * contacts))}",
            "source": chooser.pick(SOURCES),
        }
        life = life_of(chooser, who, chooser.pick(HOW), at, chooser.pick(QUEUES))
        if chooser.pick((False, False, True)):
            after = life[-1]["occurred_at"] + chooser.pick((0, 1_000, HOUR, DAY))
            life.append(said(chooser, who, chooser.pick(FEEDBACK), after))
        if chooser.pick((False,) * 5 + (True,)):
            life[0]["direction"] = "outbound"
        tells = chooser.pick(("all", "all", "all", "first", "last", "none"))
        spoken = chooser.pick((None, "bill", "bill", "order", "rare"))
        for n, event in enumerate(life):
            if tells == "all" or n == {"first": 0, "last": len(life) - 1}.get(tells):
                event["customer_ref"] = ref
            if spoken is not None and chooser.pick((True, True, False)):
                event["topic"] = spoken
        told += life
        from_end = chooser.pick((True, True, False))
        at = (life[-1]["occurred_at"] if from_end else at) + chooser.pick(RETURN_GAPS)
    if chooser.pick((False,) * 3 + (True,)):
        told.append({"type": "source.heartbeat", "occurred_at": at, "source": "acd"})
    return told


def told_of_customers(events: list[Event], salt: int) -> list[Event]:
    """The same events, most of them telling whose they are and what they are about.

    By the names and times that they have: nothing is chosen, so no other choice moves.
    """
    found = []
    for event in events:
        if "contact_id" in event:
            contact = f"{salt} {event['channel']} {event['contact_id']}"
            own, now = crc32(contact.encode()), crc32(f"{contact} {event['occurred_at']}".encode())
            extra: Event = {}
            if own % 5 and now % 3 == 0:  # one in nine tells another customer than the others do
                ref = REFS[(own + (now % 9 == 0 and now % 7 == 0)) % len(REFS)]
                extra["customer_ref"] = ref.upper() if now % 11 == 0 else ref
            if now % 4 == 1:
                extra["topic"] = TOPICS[(own // 7 + now // 5 % 3) % len(TOPICS)]
            found.append(extra | event)
        else:
            found.append(event)
    return found


CUSTOMER_STORIES = (feedback_story, feedback_story, survey_story, customer_story, customer_story)

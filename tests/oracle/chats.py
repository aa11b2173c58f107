"""The oracle's words: what customers, agents and bots said in a contact, and what that counts for.

In: the past of one contact, a list of (what, when, visit) in the order of effect. Out: rows (time,
queue, name, amount; sums in ms). Each figure looks back over the list from the line at which it is
booked.
"""

from collections.abc import Callable, Iterator

from tests.oracle.visits import Visit

Line = tuple[str, int, Visit | None]
Row = tuple[int, str, str, int]

ENTERED, BEGUN, END = "entered a queue", "a conversation began", "a conversation ended"
CUSTOMER, AGENT, OTHER = "customer wrote", "agent wrote", "a bot or a machine wrote"
ESCALATED, FORGOTTEN = "a bot handed it over", "all was forgotten"
MESSAGES = (CUSTOMER, AGENT, OTHER)
#: What is remembered though no visit is.
TOLD = (*MESSAGES, ESCALATED)


def last_of(past: list[Line], *names: str) -> int:
    """The place of the last line with one of these names; -1 without one."""
    backwards = range(len(past) - 1, -1, -1)
    return next((n for n in backwards if past[n][0] in names), -1)


def since(past: list[Line], *names: str) -> list[Line]:
    """The lines after the last with one of these names."""
    return past[last_of(past, *names) + 1 :]


def of_words(past: list[Line], channel: str) -> Iterator[Row]:
    """All rows of one contact's past; what is said in outbound visits counts nowhere."""
    for place, (what, at, visit) in enumerate(past):
        if visit is None or not visit.inbound:
            continue
        if is_a_persons_word(past, place, channel):
            asked = escalated_at(past, place, channel)
            if asked is not None:
                yield at, visit.queue, "bot.handoff_wait_count", 1
                yield at, visit.queue, "bot.handoff_wait_ms", at - asked
        if channel == "chat" and what in (AGENT, END):
            before = since(past[:place], FORGOTTEN)
            rows = of_agents_message if what == AGENT else of_end
            yield from rows(before, at, visit)


def of_agents_message(before: list[Line], at: int, visit: Visit) -> Iterator[Row]:
    """A first message, a response, or neither."""
    asked = [when for what, when, _ in since(before, AGENT) if what == CUSTOMER]
    first = not any(what == AGENT and where is visit for what, _, where in before)
    if first and visit.measured and not visit.called_back:
        yield at, visit.queue, "chat.first_message_count", 1
        yield at, visit.queue, "chat.first_message_ms", at - visit.enqueued_at
    if asked and (not first or runs_on(before, visit)):
        yield at, visit.queue, "chat.responses", 1
        yield at, visit.queue, "chat.response_ms", at - asked[0]


def runs_on(before: list[Line], visit: Visit) -> bool:
    """Whether the customer was waiting for an answer already when he was handed to this visit."""
    talk = since(before, END)
    answered = last_of(talk, AGENT)
    run = [what for what, *_ in talk[answered + 1 :]]
    entry = [n for n, (what, _, where) in enumerate(talk) if what == ENTERED and where is visit]
    return answered >= 0 and entry != [] and entry[0] > answered + 1 + run.index(CUSTOMER)


def of_end(before: list[Line], at: int, visit: Visit) -> Iterator[Row]:
    """How a conversation ended, where messages are told at all."""
    if last_of(before, CUSTOMER) < 0:
        return
    yield at, visit.queue, "chat.messaged", 1
    if last_of(since(before, AGENT), CUSTOMER) >= 0:
        yield at, visit.queue, "chat.left_unanswered", 1
    began = [n for n, (what, _, where) in enumerate(before) if what == BEGUN and where is visit]
    if last_of(before[began[0] :], CUSTOMER) < 0:
        yield at, visit.queue, "chat.answered_no_reply", 1


def is_a_persons_word(past: list[Line], place: int, channel: str) -> bool:
    """Whether a person speaks there to who was handed over: in a chat, writes, if anybody does."""
    what, _, visit = past[place]
    if visit is None:
        return False
    if what != BEGUN or channel == "voice":
        return what == (BEGUN if channel == "voice" else AGENT)
    return not any(name in MESSAGES for name, *_ in since(past[:place], FORGOTTEN))


def escalated_at(past: list[Line], place: int, channel: str) -> int | None:
    """When a bot handed it over last, if no person has spoken since."""
    for n in range(place - 1, -1, -1):
        what, at, _ = past[n]
        if what == FORGOTTEN or is_a_persons_word(past, n, channel):
            return None
        if what == ESCALATED:
            return at
    return None


def of_bots(events: list[dict], anomaly: Callable[[str], None]) -> Iterator[Row]:
    """What bots ended, in the queue told or in `_bot`."""
    for event in events:
        at, queue = event["occurred_at"], event.get("queue") or "_bot"
        yield at, queue, f"bot.{event['outcome']}", 1
        began = event.get("started_at")
        if began is not None:
            if began > at:
                anomaly("clamped")
            yield at, queue, "bot.timed", 1
            yield at, queue, "bot.timed_ms", max(0, at - began)

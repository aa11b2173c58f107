"""Messages of chats and what bots hand over, worked out by hand."""

from itertools import permutations
from typing import Any

from streams.contract.words import BOT
from streams.lifecycle import counters as c
from streams.lifecycle.histogram import bucket_of
from streams.lifecycle.lifecycles import CONTACT
from tests.lifecycle.lives import HOUR, SECOND, Life, Told, contact, facts, ticket
from tests.lifecycle.test_entity import One

HORIZON = 4 * HOUR
ENTERED: Told = ("enqueued", 0)
ANSWERED: Told = ("answered", 30 * SECOND, {"agent_id": "anna"})


def wrote(seconds: int, author: str, **fields: Any) -> Told:
    """A message after so many seconds; the agent is Anna."""
    who = {"agent_id": "anna"} if author == "agent" else {}
    return "message.sent", seconds * SECOND, {"author": author, "queue": None} | who | fields


def bot(seconds: int, outcome: str = "escalated", **fields: Any) -> Told:
    """The end of a bot's conversation."""
    return "bot.ended", seconds * SECOND, {"outcome": outcome} | fields


def chat(*events: Told, now: int | None = None) -> Life:
    """A chat's life."""
    return contact(*events, now=now, channel="chat")


def seconds(life: Life, counter: int, queue: str = "billing") -> dict[float, float]:
    """A sum of ms, and when, in seconds."""
    return {at / SECOND: ms / SECOND for at, ms in life.dated(counter, queue).items()}


def count(life: Life, counter: int, queue: str = "billing") -> dict[float, int]:
    """A count, and when, in seconds."""
    return {at / SECOND: n for at, n in life.dated(counter, queue).items()}


def test_the_first_message_is_timed_from_the_entry() -> None:
    """An agent's, once a visit; a bot's and an automatic one are none."""
    life = chat(
        ENTERED, ANSWERED, wrote(31, "bot"), wrote(32, "agent", automatic=True),
        wrote(40, "agent"), wrote(50, "agent"),
    )  # fmt: skip
    assert count(life, c.FIRST_MESSAGES) == {40: 1}
    assert seconds(life, c.FIRST_MESSAGE_TIME) == {40: 40}
    assert count(life, c.FIRST_MESSAGE_BUCKETS + bucket_of(40_000)) == {40: 1}
    answers = chat(ENTERED, wrote(20, "agent"))
    assert count(answers, c.ANSWERED) == count(answers, c.FIRST_MESSAGES) == {20: 1}
    unseen = chat(ANSWERED, wrote(40, "agent"), wrote(50, "customer"), wrote(55, "agent"))
    assert unseen.total(c.FIRST_MESSAGES) == 0
    assert seconds(unseen, c.RESPONSE_TIME) == {55: 5}
    assert contact(ENTERED, ANSWERED, wrote(40, "agent")).total(c.FIRST_MESSAGES) == 0


def test_a_response_is_timed_from_the_first_message_of_a_run() -> None:
    """A run is one, the first message of an agent is no response, and bots answer nobody."""
    life = chat(
        ENTERED, wrote(5, "customer"), ANSWERED, wrote(40, "agent"),
        wrote(50, "customer"), wrote(55, "customer"), wrote(57, "bot"), wrote(60, "agent"),
        wrote(61, "agent"), wrote(70, "customer"), wrote(90, "agent"),
    )  # fmt: skip
    assert count(life, c.RESPONSES) == {60: 1, 90: 1}
    assert seconds(life, c.RESPONSE_TIME) == {60: 10, 90: 20}
    assert count(life, c.RESPONSE_BUCKETS + bucket_of(10_000)) == {60: 1}


def test_a_run_goes_on_through_a_transfer() -> None:
    """The next visit's first message is a response too, where the customer waited for one."""
    first = (ENTERED, ANSWERED, wrote(40, "agent"))
    moved: tuple[Told, ...] = (
        ("transferred", 60 * SECOND, {"agent_id": "anna"}),
        ("enqueued", 60 * SECOND, {"queue": "sales"}),
        ("answered", 70 * SECOND, {"queue": "sales", "agent_id": "bob"}),
    )
    life = chat(*first, wrote(50, "customer"), *moved, wrote(80, "agent", agent_id="bob"))
    assert seconds(life, c.FIRST_MESSAGE_TIME, "sales") == {80: 20}
    assert seconds(life, c.RESPONSE_TIME, "sales") == {80: 30}
    later = chat(*first, *moved, wrote(75, "customer"), wrote(80, "agent", agent_id="bob"))
    assert later.total(c.RESPONSES, "sales") == 0
    before = chat(ENTERED, wrote(5, "customer"), ANSWERED, *moved, wrote(80, "agent"))
    assert before.total(c.RESPONSES, "sales") == 0
    goodbye, anew = wrote(62, "agent"), (wrote(65, "customer"), wrote(80, "agent", agent_id="bob"))
    ended = chat(*first, wrote(50, "customer"), *moved[:2], goodbye, moved[2], *anew)
    assert ended.total(c.RESPONSES, "sales") == 0


def test_a_conversation_is_counted_by_its_last_word() -> None:
    """At its end, if the customer wrote in it: unanswered, and whether he wrote at all since."""
    ended: Told = ("ended", 90 * SECOND)
    for written, unanswered, silent in (
        ((wrote(5, "customer"), wrote(40, "agent")), {}, {90: 1}),
        ((wrote(40, "customer"), wrote(50, "agent")), {}, {}),
        ((wrote(40, "agent"), wrote(50, "customer")), {90: 1}, {}),
        ((wrote(5, "customer"),), {90: 1}, {90: 1}),
    ):
        life = chat(*sorted((ENTERED, ANSWERED, *written, ended), key=lambda told: told[1]))
        assert count(life, c.CHATS_MESSAGED) == {90: 1}
        assert count(life, c.CHATS_LEFT_UNANSWERED) == unanswered
        assert count(life, c.CHATS_NO_REPLY) == silent
    assert chat(ENTERED, ANSWERED, wrote(40, "agent"), ended).total(c.CHATS_MESSAGED) == 0
    moved = chat(ENTERED, ANSWERED, wrote(40, "customer"), ("transferred", 90 * SECOND))
    assert moved.total(c.CHATS_MESSAGED) == 0
    hung_up = chat(ENTERED, ANSWERED, wrote(40, "customer"), ("abandoned", 90 * SECOND))
    assert count(hung_up, c.CHATS_MESSAGED) == {90: 1}
    outbound = chat(
        ("enqueued", 0, {"direction": "outbound"}), ANSWERED, wrote(40, "customer"), ended
    )
    assert outbound.total(c.CHATS_MESSAGED) == 0


def test_only_a_person_ends_a_run() -> None:
    """Wherever he writes: after the end too; an end alone does not."""
    again: tuple[Told, ...] = (
        ("enqueued", 100 * SECOND),
        ("answered", 110 * SECOND),
        ("ended", 120 * SECOND),
    )
    told = (ENTERED, ANSWERED, wrote(40, "customer"), ("ended", 90 * SECOND))
    life = chat(*told, *again)
    assert count(life, c.CHATS_LEFT_UNANSWERED) == {90: 1, 120: 1}
    assert count(chat(*told, wrote(95, "bot"), *again), c.CHATS_LEFT_UNANSWERED) == {90: 1, 120: 1}
    late = chat(*told, wrote(95, "agent"), *again)
    assert count(late, c.CHATS_LEFT_UNANSWERED) == {90: 1}
    assert count(late, c.CHATS_MESSAGED) == {90: 1, 120: 1}


def test_a_conversation_that_an_age_closed_ends_when_that_is_told() -> None:
    """Not at the age; and with what the customer wrote since its answer."""
    late = 13 * HOUR
    life = chat(ENTERED, ANSWERED, wrote(40, "customer"), ("ended", late), now=late + 1)
    assert life.anomalies == {"handling_expired": 1, "recovered": 1}
    assert life.dated(c.CHATS_MESSAGED) == life.dated(c.CHATS_LEFT_UNANSWERED) == {late: 1}
    assert life.total(c.CHATS_NO_REPLY) == 0


def test_bots_are_counted_in_the_queue_they_name() -> None:
    """Or in `_bot`; with their time, where the start is told."""
    life = contact(bot(50, "contained", started_at=1_700_000_000_000), bot(60, queue=None))
    assert count(life, c.BOT_CONTAINED) == count(life, c.BOT_TIMED) == {50: 1}
    assert seconds(life, c.BOT_TIME) == {50: 50}
    assert count(life, c.BOT_ESCALATED, BOT) == {60: 1}
    assert life.total(c.OFFERED) == 0
    ahead = contact(bot(0, started_at=1_700_000_000_001))
    assert ahead.anomalies == {"clamped": 1}
    assert (ahead.total(c.BOT_TIMED), ahead.total(c.BOT_TIME)) == (1, 0)
    assert contact(bot(0, direction="outbound")).contributions == {}


def test_what_a_bot_hands_over_waits_for_a_person() -> None:
    """On a call for its answer, on a chat for a message; the last hand-over before it, once."""
    call = contact(bot(0), bot(10), ("enqueued", 10 * SECOND), ANSWERED, ("ended", 40 * SECOND))
    assert count(call, c.BOT_HANDOFFS) == {30: 1}
    assert seconds(call, c.BOT_HANDOFF_TIME) == {30: 20}
    written = (wrote(0, "customer"), bot(10), ("enqueued", 10 * SECOND), ANSWERED)
    message = chat(*written, wrote(45, "agent"), wrote(50, "agent"))
    assert seconds(message, c.BOT_HANDOFF_TIME) == {45: 35}
    unwritten = chat(bot(10), ("enqueued", 10 * SECOND), ANSWERED, wrote(45, "agent"))
    assert seconds(unwritten, c.BOT_HANDOFF_TIME) == {30: 20}
    outbound = contact(bot(0), ("enqueued", 0, {"direction": "outbound"}), ANSWERED)
    assert outbound.total(c.BOT_HANDOFFS) == 0


def test_words_are_remembered_a_horizon() -> None:
    """Or as long as the contact's visits, with which they are forgotten."""
    for waited, counted in ((HORIZON, 1), (HORIZON + 1, 0)):
        life = contact(bot(0), ("enqueued", waited), ("answered", waited))
        assert life.total(c.BOT_HANDOFFS) == counted
        assert life.total(c.CONTACTS) == 1
    left: tuple[Told, ...] = (ENTERED, ("abandoned", 10 * SECOND), bot(20))
    for again, contacts in ((HORIZON + 10 * SECOND, 1), (HORIZON + 10 * SECOND + 1, 2)):
        life = contact(*left, ("enqueued", again), ("answered", again))
        assert (life.total(c.CONTACTS), life.total(c.BOT_HANDOFFS)) == (contacts, 2 - contacts)
    assert contact(bot(0), now=HORIZON).state.words is not None
    assert contact(bot(0), now=HORIZON + 1).state.words is None


def test_a_ticket_waits_for_its_reply_after_a_bot() -> None:
    """The first response is timed from the hand-over, and so is the wait, of a known ticket."""
    life = ticket(
        ("opened", 0), bot(10), ("replied", 30 * SECOND, {"author": "agent"}),
        ("replied", 40 * SECOND, {"author": "agent"}),
    )  # fmt: skip
    assert seconds(life, c.FIRST_RESPONSE_TIME) == seconds(life, c.BOT_HANDOFF_TIME) == {30: 20}
    within = ticket(bot(0), ("opened", 2 * SECOND), ("replied", 30 * SECOND, {"author": "agent"}))
    assert count(within, c.BOT_ESCALATED) == {2: 1}
    assert seconds(within, c.BOT_HANDOFF_TIME) == {30: 28}
    assert within.anomalies == {"clamped": 1}
    unknown = ticket(bot(0), ("opened", 6 * SECOND), ("replied", 30 * SECOND, {"author": "agent"}))
    assert count(unknown, c.BOT_ESCALATED) == {0: 1}
    assert seconds(unknown, c.FIRST_RESPONSE_TIME) == {30: 24}
    assert unknown.total(c.BOT_HANDOFFS) == 0
    answered = ticket(
        ("opened", 0), ("replied", 10 * SECOND, {"author": "agent"}), bot(20, "contained")
    )
    assert count(answered, c.BOT_CONTAINED) == {20: 1}
    assert seconds(answered, c.FIRST_RESPONSE_TIME) == {10: 10}
    left = ticket(("opened", 0), ("resolved", 1, {"reason": "spam"}), bot(20))
    assert left.total(c.BOT_ESCALATED) == 0


def test_nobody_waits_in_a_call_back() -> None:
    """It is handled, and in no figure of waiting; how it ends unanswered is in none either."""
    entered = ("enqueued", 0, {"reason": "callback"})
    life = contact(
        entered, ("offered", 80 * SECOND, {"agent_id": "anna"}), ("answered", 90 * SECOND),
        ("ended", 100 * SECOND),
    )  # fmt: skip
    assert life.contributions == {
        ("billing", 0, c.CALLBACK_VISITS): 1,
        ("billing", 90_000, c.ACCEPTED): 1,
        ("billing", 90_000, c.HANDLING): 1,
        ("billing", 100_000, c.HANDLING): -1,
        ("billing", 100_000, c.HANDLED): 1,
        ("billing", 100_000, c.TALK): 10_000,
        ("billing", 100_000, c.HANDLED_WITHIN): 1,
        ("billing", 100_000, c.HANDLE_TIME): 10_000,
    }
    visit = {("billing", 0, c.CALLBACK_VISITS): 1}
    for end in (("abandoned", SECOND), ("flowed_out", SECOND, {"reason": "timeout"})):
        assert contact(entered, end).contributions == visit
    orphan = contact(entered, now=5 * HOUR)
    assert (orphan.contributions, orphan.anomalies) == (visit, {"orphaned": 1})
    assert CONTACT.standing(contact(entered).state) == ()
    ordinary = contact(entered, ("abandoned", SECOND), ("enqueued", 60 * SECOND))
    assert count(ordinary, c.OFFERED) == count(ordinary, c.CONTACTS) == {60: 1}


def test_any_order_gives_the_same_words() -> None:
    """Each message once, whatever comes first."""
    told = [
        bot(0), wrote(1, "customer"), ("enqueued", 2 * SECOND), ANSWERED, wrote(40, "agent"),
        wrote(50, "customer"), ("ended", 60 * SECOND),
    ]  # fmt: skip
    made = facts(told, "chat")
    expected = chat(*told, now=2 * HORIZON).contributions
    for order in list(permutations(made))[::7]:
        one = One(CONTACT, "chat")
        for fact in order:
            one.add(fact)
            one.add(fact)
        one.fire_until(2 * HORIZON)
        booked = {
            (entry.queue, at - 1_700_000_000_000, counter): n
            for entry in one.ledger.entries.values()
            for at, cell in entry.panes.items()
            for counter, n in cell.items()
            if n
        }
        assert booked == expected


def test_a_run_of_a_visit_that_an_age_closed_is_its_own() -> None:
    """Nobody waited for a response when it was entered: its first message is none."""
    late = 5 * HOUR // SECOND
    life = chat(
        wrote(0, "agent"), ("enqueued", SECOND), wrote(2, "customer"),
        ("answered", 5 * HOUR), wrote(late + 1, "agent"),
    )  # fmt: skip
    assert life.anomalies == {"orphaned": 1, "recovered": 1}
    assert count(life, c.FIRST_MESSAGES) == {late + 1: 1}
    assert life.total(c.RESPONSES) == 0

"""Surveys, sales and follow-ups: what one contact or ticket contributes, worked out by hand."""

from dataclasses import replace
from itertools import permutations
from typing import Any

import msgspec
import pytest

from streams.lifecycle import contact_state as visit
from streams.lifecycle import counters as c
from streams.lifecycle import splits, ticket_state
from streams.lifecycle.facts import content_of, in_order
from streams.lifecycle.feedback import MAX_SURVEYS
from streams.lifecycle.lifecycles import CONTACT, TICKET
from streams.lifecycle.rules import DEFAULTS, NEVER, QueueRules
from streams.lifecycle.thousandths import in_thousandths
from tests.lifecycle.lives import DAY, FAR, HOUR, MINUTE, START, Life, Told, contact, fact, ticket
from tests.lifecycle.test_entity import One
from tests.lifecycle.test_store import HORIZON, Unit, key

WEEK = 7 * DAY
#: The queue is not named.
UNNAMED: dict[str, Any] = {"queue": None}
FIVE = {"scale_min": 1, "scale_max": 5}


def sent(at: int, kind: str = "csat", **fields: Any) -> Told:
    """A survey that goes out at `at` ms."""
    return "survey.sent", at, {"kind": kind} | fields


def answered(at: int, score: float = 4, kind: str = "csat", **fields: Any) -> Told:
    """Its answer; on a scale from 1 to 5 unless said."""
    told = {"kind": kind, "score": score, "higher_is_better": True, "version": "v1"}
    return "survey.answered", at, told | FIVE | fields


def sale(at: int, kind: str = "upsell", what: str = "closed", **fields: Any) -> Told:
    """Something sold, or undone."""
    return f"sale.{what}", at, {"kind": kind} | fields


def followed_up(at: int, outcome: str = "satisfied", **fields: Any) -> Told:
    """The customer was asked."""
    return "followup.completed", at, {"outcome": outcome} | fields


def score(scale: tuple[float, float], said: float, kind: str = "csat", **fields: Any) -> Life:
    """The life of a contact that answers one survey."""
    least, greatest = scale
    return contact(answered(0, said, kind, scale_min=least, scale_max=greatest, **fields))


# -- scores ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("scale", "satisfied"),
    [
        ((1, 2), {2}),
        ((1, 3), {3}),
        ((1, 4), {4}),
        ((1, 5), {4, 5}),
        ((1, 7), {6, 7}),
        ((1, 10), {8, 9, 10}),
        ((0, 1), {1}),
        ((-2, 2), {1, 2}),
    ],
)
@pytest.mark.parametrize("is_mirrored", [False, True])
def test_who_is_satisfied_scores_in_the_better_quarter(
    scale: tuple[int, int], satisfied: set[int], is_mirrored: bool
) -> None:
    """The upper one; where low is good the lower one."""
    least, greatest = scale
    for each in range(least, greatest + 1):
        said = least + greatest - each if is_mirrored else each
        life = score(scale, said, higher_is_better=not is_mirrored)
        assert life.total(c.SURVEYS_ANSWERED["csat"]) == 1
        assert life.total(c.CSAT_SATISFIED) == (each in satisfied), each


def test_a_quarter_is_exact_in_thousandths() -> None:
    """A score of 4.25 of 1.25 to 5.25 is in the upper quarter, one thousandth less is not."""
    assert score((1.25, 5.25), 4.25).total(c.CSAT_SATISFIED) == 1
    assert score((1.25, 5.25), 4.249).total(c.CSAT_SATISFIED) == 0
    assert score((1.25, 5.25), 4.2495).total(c.CSAT_SATISFIED) == 1  # half to even: 4.250
    assert score((1.25, 5.25), 4.2485).total(c.CSAT_SATISFIED) == 0


def test_a_queue_may_say_from_which_score_on_customers_are_satisfied() -> None:
    """Where low is good, down from it; by the rule in force at the answer."""
    rules = replace(
        DEFAULTS["voice"],
        csat_satisfied_from=3_000,
        later=((START + MINUTE, QueueRules(csat_satisfied_from=5_000)),),
    )

    def satisfied(at: int, said: float, **fields: Any) -> int:
        return contact(answered(at, said, **fields), rules=rules).total(c.CSAT_SATISFIED)

    assert [satisfied(0, said) for said in (2.999, 3, 4)] == [0, 1, 1]
    assert [satisfied(0, said, higher_is_better=False) for said in (3.001, 3, 2)] == [0, 1, 1]
    assert [satisfied(MINUTE, said) for said in (4, 5)] == [0, 1]


@pytest.mark.parametrize(
    ("said", "counter"),
    [
        *((said, c.NPS_DETRACTORS) for said in (0, 6)),
        *((said, c.NPS_PASSIVES) for said in (7, 8, 8.0)),
        *((said, c.NPS_PROMOTERS) for said in (9, 10)),
    ],
)
def test_the_net_promoter_score_is_made_of_whole_scores_from_0_to_10(
    said: float, counter: int
) -> None:
    """0 to 6, 7 and 8, 9 and 10."""
    life = score((0, 10), said, "nps")
    booked = (c.NPS_DETRACTORS, c.NPS_PASSIVES, c.NPS_PROMOTERS, c.SURVEYS_OFF_SCALE["nps"])
    assert {one: n for one in booked if (n := life.total(one))} == {counter: 1}
    assert life.total(c.SURVEYS_ANSWERED["nps"]) == 1


@pytest.mark.parametrize(
    ("scale", "said", "higher"),
    [((1, 10), 9, True), ((0, 5), 5, True), ((0, 10), 8.5, True), ((0, 10), 9, False)],
)
def test_another_scale_of_the_net_promoter_score_is_no_score(
    scale: tuple[int, int], said: float, higher: bool
) -> None:
    """Never rescaled: answered, off the scale, and neither for nor against."""
    life = score(scale, said, "nps", higher_is_better=higher)
    assert life.total(c.SURVEYS_ANSWERED["nps"]) == life.total(c.SURVEYS_OFF_SCALE["nps"]) == 1
    for counter in (c.NPS_DETRACTORS, c.NPS_PASSIVES, c.NPS_PROMOTERS):
        assert life.total(counter) == 0


def test_whether_all_was_solved_is_asked_with_0_and_1() -> None:
    """Yes is the better of the two; anything between, or another scale, is off it."""
    yes, off = c.SURVEY_YES, c.SURVEYS_OFF_SCALE["resolved"]
    found = {
        (scale, said, higher): (life.total(yes), life.total(off))
        for scale, said, higher in (
            ((0, 1), 1, True),
            ((0, 1), 0, True),
            ((0, 1), 0, False),
            ((0, 1), 1, False),
            ((0, 1), 0.5, True),
            ((1, 2), 2, True),
        )
        for life in (score(scale, said, "resolved", higher_is_better=higher),)
    }
    assert list(found.values()) == [(1, 0), (0, 0), (1, 0), (0, 0), (0, 1), (0, 1)]


def test_effort_is_kept_apart_by_instrument() -> None:
    """Version, scale and direction: two of opposite direction are two, and are never mixed."""
    told = [
        answered(0, 6, "ces", scale_max=7, survey_id="1"),
        answered(1, 2.5, "ces", scale_max=7, survey_id="2"),
        answered(2, 2, "ces", scale_max=7, survey_id="3", higher_is_better=False),
        answered(3, 4, "ces", survey_id="4", version="v 2"),
    ]
    life = contact(*told)
    assert life.total(c.SURVEYS_ANSWERED["ces"]) == 4
    found = {}
    for value in (
        splits.instrument("v1", 1_000, 7_000, True),
        splits.instrument("v1", 1_000, 7_000, False),
        splits.instrument("v 2", 1_000, 5_000, True),
    ):
        first = splits.number_of("instrument", value)
        found[value] = (
            life.total(first + splits.INSTRUMENT_ANSWERS),
            life.total(first + splits.INSTRUMENT_SCORE),
        )
    assert list(found.values()) == [(2, 8_500), (1, 2_000), (1, 4_000)]


# -- sent and answered -----------------------------------------------------------------------------


def test_a_survey_is_decided_at_its_answer() -> None:
    """Sent, answered, decided and responded, the last two where it was sent."""
    life = contact(sent(0), answered(HOUR, queue="sales"), now=FAR)
    assert life.dated(c.SURVEYS_SENT["csat"]) == {0: 1}
    assert life.dated(c.SURVEYS_ANSWERED["csat"], "sales") == {HOUR: 1}
    for counter in (c.SURVEYS_DECIDED["csat"], c.SURVEYS_RESPONDED["csat"]):
        assert life.dated(counter) == {HOUR: 1}
        assert life.dated(counter, "sales") == {}
    assert life.total(c.SURVEYS_UNSOLICITED["csat"], "sales") == 0
    assert life.anomalies == {}


@pytest.mark.parametrize(
    ("later", "decided", "responded", "unsolicited"),
    [
        (WEEK - 1, WEEK - 1, 1, 0),
        (WEEK, WEEK, 1, 0),
        (WEEK + 1, WEEK, 0, 1),
    ],
)
def test_an_answer_has_seven_days(
    later: int, decided: int, responded: int, unsolicited: int
) -> None:
    """To the millisecond; after them it is a score, and no response."""
    life = contact(sent(0), answered(later), now=FAR)
    assert life.dated(c.SURVEYS_DECIDED["csat"]) == {decided: 1}
    assert life.total(c.SURVEYS_RESPONDED["csat"]) == responded
    assert life.total(c.SURVEYS_UNSOLICITED["csat"]) == unsolicited
    assert life.total(c.SURVEYS_ANSWERED["csat"]) == life.total(c.CSAT_SATISFIED) == 1


def test_a_further_answer_replaces_nothing() -> None:
    """For seven days after the first; then it is an answer that nobody asked for."""
    life = contact(sent(0), answered(HOUR, 5), answered(2 * HOUR, 1), answered(HOUR + WEEK, 1))
    assert life.dated(c.SURVEYS_ANSWERED["csat"]) == {HOUR: 1}
    assert life.dated(c.SURVEYS_AGAIN["csat"]) == {2 * HOUR: 1, HOUR + WEEK: 1}
    assert life.total(c.CSAT_SATISFIED) == 1
    late = contact(sent(0), answered(HOUR), answered(HOUR + WEEK + 1), now=FAR)
    assert late.dated(c.SURVEYS_UNSOLICITED["csat"]) == {HOUR + WEEK + 1: 1}
    assert late.total(c.SURVEYS_ANSWERED["csat"]) == 2


def test_a_second_sending_does_nothing_while_the_first_is_known() -> None:
    """Undecided or answered; after that it is another one."""
    again = contact(sent(0), sent(HOUR), answered(2 * HOUR), sent(3 * HOUR), now=FAR)
    assert again.total(c.SURVEYS_SENT["csat"]) == again.total(c.SURVEYS_DECIDED["csat"]) == 1
    assert again.anomalies == {"survey_sent_again": 2}
    anew = contact(sent(0), sent(WEEK + 1), answered(WEEK + HOUR), now=FAR)
    assert anew.dated(c.SURVEYS_SENT["csat"]) == {0: 1, WEEK + 1: 1}
    assert anew.dated(c.SURVEYS_DECIDED["csat"]) == {WEEK: 1, WEEK + HOUR: 1}
    assert anew.anomalies == {}


def test_a_sending_after_an_answer_that_nobody_asked_for_is_one_like_any() -> None:
    """The answer before it is none to it; one after that is forgotten may be."""
    life = contact(answered(0), sent(HOUR), answered(2 * HOUR), now=FAR)
    assert life.dated(c.SURVEYS_UNSOLICITED["csat"]) == {0: 1}
    assert life.dated(c.SURVEYS_AGAIN["csat"]) == {2 * HOUR: 1}
    assert life.dated(c.SURVEYS_DECIDED["csat"]) == {HOUR + WEEK: 1}
    assert life.total(c.SURVEYS_RESPONDED["csat"]) == 0
    later = contact(answered(0), sent(HOUR), answered(WEEK + 1), now=FAR)
    assert later.dated(c.SURVEYS_RESPONDED["csat"]) == {WEEK + 1: 1}


def test_surveys_are_told_apart_by_kind_and_name() -> None:
    """One without a name is another than any that has one."""
    told = [sent(0), sent(1, survey_id="a"), sent(2, "nps", survey_id="a"), sent(3, survey_id="b")]
    life = contact(*told, answered(HOUR, survey_id="b"), now=FAR)
    assert life.total(c.SURVEYS_SENT["csat"]) == 3
    assert life.total(c.SURVEYS_SENT["nps"]) == 1
    assert life.dated(c.SURVEYS_DECIDED["csat"]) == {HOUR: 1, WEEK: 1, WEEK + 1: 1}
    assert life.dated(c.SURVEYS_RESPONDED["csat"]) == {HOUR: 1}


def test_of_too_many_surveys_the_oldest_is_forgotten() -> None:
    """Undecided for good, and counted as given up."""
    told = [sent(n, survey_id=str(n)) for n in range(MAX_SURVEYS + 1)]
    life = contact(*told, answered(HOUR, survey_id="0"), now=FAR)
    assert life.total(c.SURVEYS_SENT["csat"]) == MAX_SURVEYS + 1
    assert life.dated(c.SURVEYS_UNSOLICITED["csat"]) == {HOUR: 1}
    # The answer is remembered in the place of another.
    assert life.anomalies == {"survey_forgotten": 2}
    assert life.total(c.SURVEYS_DECIDED["csat"]) == MAX_SURVEYS - 1


def test_what_we_send_of_ourselves_is_in_no_figure() -> None:
    """Surveys and sales that are outbound count nowhere; who is asked after the case does."""
    ours: dict[str, Any] = {"direction": "outbound"}
    life = contact(
        sent(0, **ours), answered(1, **ours), sale(2, **ours), followed_up(3, **ours), now=FAR
    )
    assert life.contributions == {("billing", 3, c.FOLLOWUPS["satisfied"]): 1}


# -- where they count ------------------------------------------------------------------------------


def test_without_a_queue_they_count_where_the_contact_is_or_was() -> None:
    """In the open visit's queue, then in the last one's while it is known, then in `_none`."""
    life = contact(
        sale(0, **UNNAMED),
        ("enqueued", 10, {"queue": "sales"}),
        sale(20, **UNNAMED),
        sale(30, queue="support"),
        ("answered", 40, {"queue": "sales"}),
        ("ended", 50, UNNAMED),
        sale(60, **UNNAMED),
        sale(50 + HORIZON, **UNNAMED),
        sale(51 + HORIZON, **UNNAMED),
    )
    upsell = c.SALES["upsell"]
    assert life.dated(upsell, "_none") == {0: 1, 51 + HORIZON: 1}
    assert life.dated(upsell, "sales") == {20: 1, 60: 1, 50 + HORIZON: 1}
    assert life.dated(upsell, "support") == {30: 1}


def test_without_a_queue_a_tickets_count_where_it_is_or_was() -> None:
    """Of one that is closed too; of one that is not known, or comes within grace, in `_none`."""
    life = ticket(
        sale(-1, **UNNAMED),
        ("opened", 0, {"queue": "mail"}),
        sale(0, **UNNAMED),
        ("moved", 10, {"queue": "letters"}),
        sale(10, **UNNAMED),
        ("closed", 20, UNNAMED),
        sale(30, **UNNAMED),
    )
    upsell = c.SALES["upsell"]
    assert life.dated(upsell, "_none") == {-1: 1}
    assert life.dated(upsell, "mail") == {0: 1}
    assert life.dated(upsell, "letters") == {10: 1, 30: 1}


def test_they_say_nothing_of_a_visit() -> None:
    """Nothing is opened, doubted or put in another order by them."""
    call: tuple[Told, ...] = (
        ("enqueued", 0),
        ("answered", 9_000),
        ("ended", 60_000),
        ("wrapup.ended", 70_000),
    )
    plain = contact(*call, now=FAR)
    among = contact(
        *(sale(at, queue="sales") for at in (0, 1, 9_000, 59_000, 60_000, 61_000)),
        *call,
        now=FAR,
    )
    booked = {place: n for place, n in among.contributions.items() if place[0] != "sales"}
    assert booked == plain.contributions
    assert among.anomalies == plain.anomalies


# -- memory ----------------------------------------------------------------------------------------


def test_a_survey_keeps_a_contact_and_not_its_visits() -> None:
    """The visit is forgotten a horizon after it closed; the survey a week after it was sent."""
    told: tuple[Told, ...] = (("enqueued", 0), ("abandoned", 10), sent(20))
    state = contact(*told, now=10 + HORIZON).state
    assert (state.last is None, len(state.surveys)) == (False, 1)
    state = contact(*told, now=11 + HORIZON).state
    assert (state.last, len(state.surveys), state.due) == (None, 1, START + 20 + WEEK)
    assert not visit.is_blank(state, START + FAR)
    state = contact(*told, now=21 + WEEK).state
    assert (state.surveys, state.due) == ((), NEVER)
    assert visit.is_blank(state, START + FAR)


def test_a_survey_keeps_a_ticket_and_does_not_lengthen_its_memory() -> None:
    """It is forgotten on the day that its own last event says; the survey goes on."""
    told: tuple[Told, ...] = (("opened", 0), ("resolved", 10))
    forgotten = ticket(*told, now=20).state.forgotten_at
    asked = sent(80 * DAY), answered(81 * DAY), sent(88 * DAY, "nps")
    state = ticket(*told, *asked, now=89 * DAY).state
    assert state.forgotten_at == forgotten
    assert not ticket_state.is_resting(state)
    late = sent(forgotten - START - DAY)
    state = ticket(*told, late, now=forgotten - START + 1).state
    assert (state.phase, len(state.surveys)) == (ticket_state.NONE, 1)
    state = ticket(*told, late, now=FAR).state
    assert (state.surveys, state.due) == ((), NEVER)


@pytest.mark.parametrize("channel", ["voice", "ticket"])
@pytest.mark.parametrize("is_known", [True, False])
def test_a_unit_decides_it_in_time_and_drops_what_is_over(channel: str, is_known: bool) -> None:
    """Restarted on each of the days too; nothing of the contact or ticket is left at the end."""
    name = key(1) if channel == "voice" else "t\0default\0ticket\x001"
    life: dict[str, list[Told]] = {
        "voice": [("enqueued", 0), ("abandoned", 1_000)],
        "ticket": [("opened", 0), ("resolved", 1_000)],
    }
    told = [*(life[channel] if is_known else []), sent(MINUTE)]
    unit, booked = Unit(), dict[int, int]()
    for n, (kind, at, *more) in enumerate(told):
        unit.add(name, fact(kind, at, n, channel, **(more[0] if more else {})), MINUTE)
    for hour in (*range(0, 24 * 10, 3), 120 * 24):
        unit.turn(2 * MINUTE + hour * HOUR)
        booked |= {
            (at - START): n
            for (queue, at, counter), n in unit.booked().items()
            if counter == c.SURVEYS_DECIDED["csat"] and queue == "billing"
        }
        unit = Unit(unit.log, 2 * MINUTE + hour * HOUR)
    assert booked == {WEEK + MINUTE - (START + MINUTE) % 10_000: 1}
    assert [one for one in unit.log if one[0] in "ct"] == []


def test_what_a_survey_keeps_of_a_contact_is_short() -> None:
    """Once its visits are final nothing of them is stored with it."""
    unit = Unit()
    for n, (kind, at, *more) in enumerate((("enqueued", 0), ("abandoned", 1_000), sent(MINUTE))):
        unit.add(key(1), fact(kind, at, n, **(more[0] if more else {})), MINUTE)
    for hour in range(10):
        unit.turn(2 * MINUTE + hour * HOUR)
    ((_, kept),) = unit.store.entities()
    assert (kept.tail, kept.base) == ([], kept.state)
    assert replace_surveys(kept.state) == visit.ContactState(doubt=kept.state.doubt)


def replace_surveys(state: visit.ContactState) -> visit.ContactState:
    """The state without its surveys."""
    return msgspec.structs.replace(state, surveys=(), due=NEVER)


@pytest.mark.parametrize(("life", "channel"), [(CONTACT, "voice"), (TICKET, "ticket")])
def test_in_whatever_order_they_come_the_figures_are_the_same(life: Any, channel: str) -> None:
    """And with deadlines between, late or in time."""
    told = [
        sent(0),
        answered(WEEK - 1, 5, queue="sales"),
        answered(WEEK, 1),
        sent(WEEK + 1, queue="sales"),
        sale(WEEK, amount="12.90", currency="EUR"),
    ]
    facts = [
        fact(kind, at, n, channel, **(more[0] if more else {}))
        for n, (kind, at, *more) in enumerate(told)
    ]
    found = set()
    for order in permutations(facts):
        one = One(life, channel)
        for place, each in enumerate(order):
            one.add(each, 3 * WEEK if place % 2 else WEEK)
        one.fire_until(4 * WEEK)
        found.add(
            tuple(
                sorted(
                    (entry.queue, at, counter, n)
                    for entry in one.ledger.entries.values()
                    for at, cell in entry.panes.items()
                    for counter, n in cell.items()
                    if n
                )
            )
        )
    assert len(found) == 1


# -- sales and follow-ups --------------------------------------------------------------------------


def amounts(life: Life, currency: str, queue: str = "billing") -> list[int]:
    """Sales with an amount and their sum, and the same of those undone."""
    first = splits.number_of("currency", currency)
    return [life.total(first + place, queue) for place in range(4)]


def test_amounts_are_exact_and_each_currency_is_apart() -> None:
    """Text, whole and broken numbers; a half of a thousandth goes to the even one."""
    life = contact(
        sale(0, amount="12.90", currency="EUR"),
        sale(1, amount=19.9, currency="EUR"),
        sale(2, "cross_sell", amount=3, currency="USD"),
        sale(3, amount="0.0005", currency="USD"),
        sale(4, amount="0.0015", currency="USD"),
        sale(5, currency="CHF"),
        sale(6),
    )
    assert life.total(c.SALES["upsell"]) == 6
    assert life.total(c.SALES["cross_sell"]) == 1
    assert amounts(life, "EUR") == [2, 32_800, 0, 0]
    assert amounts(life, "USD") == [3, 3_002, 0, 0]
    assert amounts(life, "CHF") == [0, 0, 0, 0]


def test_a_sale_that_is_undone_stays_one_and_is_counted_beside() -> None:
    """At its own time and with its own amount, whatever was sold before."""
    life = contact(
        sale(0, amount=10, currency="EUR"),
        sale(DAY, what="cancelled", amount="9.5", currency="EUR"),
        sale(DAY, "cross_sell", "cancelled"),
    )
    assert life.dated(c.SALES["upsell"]) == {0: 1}
    assert life.dated(c.SALES_CANCELLED["upsell"]) == {DAY: 1}
    assert life.dated(c.SALES_CANCELLED["cross_sell"]) == {DAY: 1}
    assert amounts(life, "EUR") == [1, 10_000, 1, 9_500]


@pytest.mark.parametrize("outcome", sorted(c.FOLLOWUPS))
def test_a_follow_up_counts_by_its_outcome(outcome: str) -> None:
    """Of calls and tickets, each time."""
    for life in (contact, ticket):
        told = life(followed_up(0, outcome), followed_up(DAY, outcome))
        assert told.dated(c.FOLLOWUPS[outcome]) == {0: 1, DAY: 1}


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        (3, 3_000),
        (19.9, 19_900),
        (1e-7, 0),
        ("0.0025", 2),
        ("999999999999.9995", 10**15),
        (-2, -2_000),
    ],
)
def test_numbers_are_thousandths_of_their_text(number: float | str, expected: int) -> None:
    """No binary fraction comes between."""
    assert in_thousandths(number) == expected


# -- repeats ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("least", "other"),
    [
        (sent(0), sent(0, "nps")),
        (sent(0, direction="inbound"), sent(0, direction="outbound")),
        (sent(0), sent(0, survey_id="a")),
        (answered(0, 9, scale_max=10), answered(0, 10, scale_max=10)),
        (answered(0, survey_id="a", version="z"), answered(0, survey_id="b", version="a")),
        (answered(0, 5, version="a"), answered(0, 1, version="b")),
        (answered(0, 5, scale_max=9), answered(0, 1, scale_max=10)),
        (answered(0, 5, higher_is_better=False), answered(0, 1)),
        (sale(0), sale(0, amount=0, currency="EUR")),
        (sale(0, amount=9, currency="EUR"), sale(0, amount=10, currency="EUR")),
        (sale(0, amount=9, currency="EUR"), sale(0, amount=1, currency="USD")),
    ],
)
@pytest.mark.parametrize("order", [1, -1])
def test_of_one_id_told_in_two_ways_the_least_counts(least: Told, other: Told, order: int) -> None:
    """By kind and direction, then by what else is said of it, numbers as numbers."""
    told = [fact(kind, at, **(more[0] if more else {})) for kind, at, *more in (least, other)]
    assert content_of(told[0]) < content_of(told[1])
    assert in_order(told[::order]) == ([told[0]], 0, 1)

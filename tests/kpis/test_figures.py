"""Figures by hand, from the integer sums of one window."""

import random
from collections import defaultdict
from fractions import Fraction
from typing import Any

import msgspec
import pytest

from streams.contract.fields import fields_of
from streams.contract.figures import Figures, ServiceLevel
from streams.contract.words import CHANNELS
from streams.kpis import channel_figures as parts
from streams.kpis import figures as f
from streams.kpis import single_figures as single
from streams.kpis.customer_figures import survey_figures
from streams.kpis.definitions import Definitions
from streams.kpis.figures import figures
from streams.kpis.quantiles import numbers_of, quantiles
from streams.lifecycle import counters as c
from streams.lifecycle.histogram import bucket_of
from streams.settings import QueueSettings, Settings
from streams.windows.views import Span, View
from tests.examples import QUICK, examples
from tests.laws.test_live_equals_replay import lately, live
from tests.strategies import QUEUE_VARIANTS

SURVEY_COUNTERS = {
    *c.SURVEYS_SENT.values(),
    *c.SURVEYS_ANSWERED.values(),
    *c.SURVEYS_AGAIN.values(),
    *c.SURVEYS_UNSOLICITED.values(),
    *c.SURVEYS_OFF_SCALE.values(),
    *c.SURVEYS_DECIDED.values(),
    *c.SURVEYS_RESPONDED.values(),
    *(c.CSAT_SATISFIED, c.NPS_PROMOTERS, c.NPS_PASSIVES, c.NPS_DETRACTORS, c.SURVEY_YES),
}
#: 21 visits: 13 answered (8 in threshold, one without a known wait), 5 abandoned (2 short, 3 in
#: threshold), 3 flowed out.
WINDOW = View(
    {
        c.OFFERED: 21,
        c.ANSWERED: 13,
        c.ANSWERED_MEASURED: 12,
        c.ANSWERED_IN_THRESHOLD: 8,
        c.ABANDONED: 5,
        c.SHORT_ABANDONED: 2,
        c.ABANDONED_IN_THRESHOLD: 3,
        c.FLOWED_OUT: 3,
        c.THRESHOLD_DECIDED: 18,
        c.HANDLED: 4,
        c.TALK: 400_000,
        c.HOLD: 20_000,
        c.WRAPUP: 60_000,
        c.ANSWERED_WAIT: 120_000,
    },
    {
        c.HANDLING_AGENTS: 850_000,
        c.STAFFED_AGENTS: 1_000_000,
        c.SLOT_BUSY: 3,
        c.SLOT_CAPACITY: 4,
        c.WAITING: 90_000,
    },
    60_000,
)


@pytest.mark.parametrize("channel", CHANNELS)
@pytest.mark.parametrize("span", ["short", "interval", "days"])
def test_a_window_in_which_nothing_was_has_the_figures_of_zeros(channel: str, span: Span) -> None:
    """They are made once for all such windows: of whatever channel, length and reasons."""
    zeros = dict.fromkeys(range(0, c.LOCAL, 7), 0)
    for length in (0, 60_000):
        for reasons in (f.NO_REASONS, {"lunch": -2}):
            for has_topics in (False, True):
                found, almost = (
                    figures(View(sums, {}, length), channel, span, reasons, {}, has_topics)
                    # One lap, which is in no other figure, and the long way is gone.
                    for sums in (zeros, {c.LAPS: 1})
                )
                assert found == msgspec.structs.replace(almost, laps=0)


@pytest.mark.parametrize("number", range(c.SURVEYS_SENT["csat"], c.SURVEY_YES + 1))
def test_any_count_of_surveys_makes_figures_of_surveys(number: int) -> None:
    """No counter of theirs is passed over where nobody seems to have been asked."""
    is_counter = number in SURVEY_COUNTERS
    found = survey_figures(View({number: 1}, {}, 60_000), {}, [number])
    assert (found != survey_figures(View({}, {}, 60_000), {}, [])) == is_counter


def test_the_four_service_levels() -> None:
    """Numerator and denominator are counted at the instant of decision; answered at the answer."""
    assert f.service_levels(WINDOW) == ServiceLevel(
        answered_only=0.666667,
        offered=0.444444,
        offered_less_short=0.5,
        removed_in_threshold=0.611111,
    )


def test_abandonment_leaves_short_ones_out_above_and_below() -> None:
    """(5 - 2) / (13 + 5 - 2 + 3)."""
    assert f.abandonment_ratio(WINDOW) == 0.157895


def test_handle_time_and_occupancy() -> None:
    """AHT is talk, hold and wrap-up of handled visits; occupancy is busy of staffed time."""
    assert f.handle_mean_seconds(WINDOW) == 120.0
    assert f.occupancy_ratio(WINDOW) == 0.85
    found = figures(WINDOW, "voice", "days")
    assert (found.slot_occupancy_ratio, found.depth_mean) == (0.75, 1.5)
    assert f.wait_mean_seconds(WINDOW) == 10.0


def test_offers_are_answered_of_those_that_were_the_agents_to_answer() -> None:
    """7 / (7 + 1 + 2): who hung up, and what was taken back, are in neither part."""
    names = ("accepted", "rejected", "timeout", "customer_left", "rescinded")
    numbers = dict(zip(names, (7, 1, 2, 40, 50), strict=True))
    assert f.offer_answer_ratio(View({c.OFFERS[n]: numbers[n] for n in names}, {}, 0)) == 0.7
    assert f.offer_answer_ratio(View({c.OFFERS["customer_left"]: 40}, {}, 0)) is None


def test_ready_is_of_the_time_signed_in() -> None:
    """(300 + 60 + 40 + 200) / (600 + 150 + 250); offline and unknown are in neither part."""
    spent = {"on_contact": 300, "wrapup": 60, "ringing": 40, "available": 200, "error": 150}
    spent |= {"break": 250, "offline": 5_000, "unknown": 7_000}
    view = View({}, {c.STATES[state]: ms for state, ms in spent.items()}, 0)
    assert f.ready_ratio(view) == 0.6
    assert figures(view, "voice", "days").agent_state_seconds == {
        state: ms / 1_000 for state, ms in spent.items()
    }
    assert f.ready_ratio(View({}, {c.STATES["offline"]: 5_000}, 0)) is None


def test_breaks_without_a_listed_reason_are_other() -> None:
    """700 - 300 - 150 of the state's own time; without a list all of it."""
    lunch, training = c.break_level("lunch"), c.break_level("training")
    view = View({}, {c.STATES["break"]: 700, lunch: 300, training: 150}, 0)
    listed = {"training": training, "lunch": lunch}
    found = figures(view, "voice", "days", listed).break_seconds
    assert found == {"training": 0.15, "lunch": 0.3, "other": 0.25}
    assert figures(view, "voice", "days").break_seconds == {"other": 0.7}


def test_quantiles_are_nearest_rank() -> None:
    """Of 1 … 100 ms (exact buckets) the p-th is p; without a sample there is none."""
    view = View({c.WAIT_BUCKETS + bucket_of(ms): 1 for ms in range(1, 101)}, {}, 0)
    found, longest = quantiles(view, c.WAIT_BUCKETS, numbers_of(view))
    assert found == {"p50": 0.05, "p80": 0.08, "p90": 0.09, "p95": 0.095, "p99": 0.099}
    assert longest == 0.1
    assert quantiles(View({}, {}, 0), c.WAIT_BUCKETS, []) == (dict.fromkeys(found), None)


def test_an_empty_window_has_zeros_and_no_ratios() -> None:
    """Counts and sums are 0, and None stands where there is nothing to divide by."""
    empty = figures(View({}, {}, 0), "voice", "days")
    for name, field in fields_of(Figures).items():
        value = getattr(empty, name)
        if field.by_name:
            assert value == {"other": 0}, name
        elif field.additive and not field.each:
            assert value == 0, name
        elif field.nullable and field.kind != "frame":
            assert value is None, name


@pytest.mark.parametrize("seed", range(3 if QUICK else 6))
def test_service_levels_lie_within_0_and_1_in_every_window(seed: int) -> None:
    """Of one population in numerator and denominator, at any instant of any history."""
    queues = QUEUE_VARIANTS[seed % len(QUEUE_VARIANTS)]
    pipeline = live(lately(seed, 20), queues, seed, intervals=False)
    chance = random.Random(seed)
    now = max(intake.now for intake in pipeline.intakes)
    for _ in range(examples(12)):
        now += chance.choice((1_000, 10_000, 60_000, 900_000))
        pipeline.turn(now)
        for record in pipeline.kpis().values():
            for window in record["windows"].values():
                levels = window["service_level"]
                decided = [levels["offered"], levels["removed_in_threshold"]]
                assert all(level is None or 0 <= level <= 1 for level in decided)


class Asked(dict[int, int]):
    """Sums that remember which numbers were asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.numbers: set[int] = set()

    def get(self, number: int, default: Any = None) -> Any:
        """Nothing was."""
        self.numbers.add(number)
        return default


@pytest.mark.parametrize("seed", range(3 if QUICK else 6))
def test_a_ticket_makes_no_visit_and_a_contact_no_ticket(seed: int) -> None:
    """So the figures of either are left out where the other is: nothing is booked that is lost."""
    of_visits, of_tickets = Asked(), Asked()
    f._visits(View(of_visits, {}, 0), ())
    f._tickets(View(of_tickets, {}, 0), ())
    booked: defaultdict[bool, set[int]] = defaultdict(set)
    pipeline = live(lately(seed, 40), QUEUE_VARIANTS[seed % len(QUEUE_VARIANTS)], seed)
    for unit in pipeline.queues:
        for (_, _, channel), queue in unit.queues.items():
            for interval in queue.panes.intervals.values():
                booked[channel == "ticket"] |= interval.sums.keys()
    assert booked[True].isdisjoint(of_visits.numbers)
    assert booked[False].isdisjoint(of_tickets.numbers)
    of_one_number = {*single.COUNTS.values(), *single.TIMES.values()}
    assert booked[True] & of_tickets.numbers
    assert len(booked[True] & (of_tickets.numbers | of_one_number)) > 4
    assert len(booked[False] & of_visits.numbers) > 10


@pytest.mark.parametrize("seed", range(50))
def test_a_figure_of_one_number_is_there_whatever_else_is(seed: int) -> None:
    """Windows are gone through by their numbers: the same as looking up each figure's."""
    chance = random.Random(seed)
    told = chance.sample(range(100), chance.randrange(100))
    sums = {number: chance.choice((0, 1, 3, -2, 1_001)) for number in told}

    def over(of: tuple[int, int], least: int) -> float | None:
        number, count = (sums.get(one, 0) for one in of)
        return float(round(Fraction(number, count * least), 6)) if count > 0 else None

    count = sums.get
    every: dict[str, Any] = {name: count(number, 0) for name, number in single.COUNTS.items()}
    every |= {name: count(number, 0) / 1_000 for name, number in single.TIMES.items()}
    for table, least in ((single.MEANS, 1_000), (single.RATIOS, 1)):
        every |= {name: over(of, least) for name, of in table.items()}
    for name, words in single.BY_WORD.items():
        every[name] = {word: count(number, 0) for word, number in words.items()}
    assert single.NOTHING | single.single_figures(sums) == every


@pytest.mark.parametrize("part", ["bot", "chat", "callbacks", "complaints", "promise"])
def test_a_part_is_made_as_soon_as_one_of_its_numbers_is_there(part: str) -> None:
    """What spares the work where a window has none of them leaves nothing out."""
    made, anew = {
        "bot": (parts.bot_figures, lambda view, _: parts._bot(view)),
        "chat": (parts.chat_figures, parts._chat),
        "callbacks": (parts.callback_figures, parts._callbacks),
        "complaints": (
            lambda view, numbers: parts._complaints(view, "days", numbers),
            lambda view, numbers: parts._of_complaints(view, "days", numbers),
        ),
        "promise": (
            lambda view, numbers: parts._sla(view, c.SLA["resolution"], numbers),
            lambda view, _: parts._promise(view, c.SLA["resolution"]),
        ),
    }[part]
    for number in range(c.WAIT_BUCKETS):
        for area in ({}, {c.AGENT_CONTACTS: 5_000}, {c.CHANNEL_AGENTS: 5_000}):
            view = View({number: 2}, area, 10_000)
            assert made(view, [number]) == anew(view, [number]), number
    view = View({}, {}, 10_000)
    assert made(view, []) is made(view, [])


@pytest.mark.parametrize("level", [c.WAITING, c.HANDLING, *c.AGENT_LEVELS])
def test_what_agents_did_is_there_as_soon_as_one_level_stood(level: int) -> None:
    """Else it is what it is where nobody did anything."""
    view = View({}, {level: 7_000}, 10_000)
    anew = f._waits(view) | f._agents(view, "chat", {})
    of_nothing = f._waits(View({}, {}, 10_000)) | f._agents(View({}, {}, 10_000), "chat", {})
    assert of_nothing | f._levels(view, "chat", {}) == anew


def test_all_shows_a_definition_only_where_its_queues_agree() -> None:
    """T differs between the queues, S does not."""
    queues = (
        QueueSettings(name="a", service_level_seconds=20),
        QueueSettings(name="b", service_level_seconds=30),
    )
    found = Definitions(Settings(queues=queues)).of(("default", "_all", "voice"), 0)
    assert (found.service_level_seconds, found.short_abandon_seconds) == (None, 5)
    assert found.targets.occupancy_limit == 0.85

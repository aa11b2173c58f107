"""Why agents are on a break: by the list of the time when it began, whatever is edited later."""

import pytest

from streams.lifecycle import counters as c
from streams.lifecycle.rules import QueueRules
from tests.lifecycle.lives import FAR, START, agent

LUNCH, COFFEE = c.break_level("lunch"), c.break_level("coffee")
LISTS = QueueRules(break_reasons=("lunch",), later=((START + 50_000, QueueRules()),))


def on_break(reason: str | None = None, **fields: object) -> dict[str, object]:
    """A snapshot of an agent on a break."""
    return {"state": "break", **fields} | ({"reason": reason} if reason else {})


def test_a_listed_reason_counts_from_its_first_word_to_the_change() -> None:
    """However often it is said, and however it is written."""
    life = agent(
        (0, on_break("lunch")),
        (10_000, on_break(" LUNCH ")),
        (20_000, {"state": "available"}),
        rules=LISTS,
    )
    assert life.dated(LUNCH) == life.dated(LUNCH, "_all") == {0: 1, 20_000: -1}


def test_what_no_queue_lists_has_no_number() -> None:
    """It is what the listed reasons leave of the state: nothing unbounded is stored."""
    life = agent((0, on_break("coffee")), (10_000, on_break()), now=20_000, rules=LISTS)
    assert life.dated(c.STATES["break"]) == {0: 1}
    assert not [number for _, _, number in life.contributions if number < 0]


def test_another_reason_is_another_break() -> None:
    """From one listed reason to the other at once."""
    rules = QueueRules(break_reasons=("coffee", "lunch"))
    life = agent((0, on_break("lunch")), (10_000, on_break("coffee")), now=FAR, rules=rules)
    assert life.dated(LUNCH) == {0: 1, 10_000: -1}
    assert life.dated(COFFEE)[10_000] == 1
    assert life.total(COFFEE) == 0, "the word of the agent is over at last"


def test_a_break_goes_by_the_list_of_its_beginning() -> None:
    """A list that changes meanwhile ends no break; the next one goes by the new list."""
    life = agent(
        (0, on_break("lunch")),
        (60_000, on_break("lunch", ringing=1)),
        (70_000, on_break("lunch")),
        (80_000, {"state": "available"}),
        (90_000, on_break("lunch")),
        rules=LISTS,
    )
    assert life.dated(LUNCH) == {0: 1, 60_000: -1, 70_000: 1, 80_000: -1}


@pytest.mark.parametrize("first", ["acd", "crm"])
def test_of_two_systems_the_break_that_began_first_counts(first: str) -> None:
    """Whichever of the systems says it; then the other one's, if that still holds."""
    rules = QueueRules(break_reasons=("coffee", "lunch"))
    other = "crm" if first == "acd" else "acd"
    life = agent(
        (0, on_break("lunch", source=first)),
        (10_000, on_break("coffee", source=other)),
        (20_000, on_break("lunch", source=first)),
        (30_000, {"state": "offline", "source": first}),
        (40_000, {"state": "offline", "source": other}),
        rules=rules,
    )
    assert life.dated(LUNCH) == {0: 1, 30_000: -1}
    assert life.dated(COFFEE) == {30_000: 1, 40_000: -1}


def test_all_of_the_agent_s_queues_are_asked_for_the_whole() -> None:
    """Also one in which another system shows him otherwise."""
    life = agent(
        (0, {"state": "offline", "source": "crm"}),
        (10_000, on_break("lunch", source="acd", queues=[])),
        now=20_000,
        rules=QueueRules(break_reasons=("lunch",)),
    )
    assert life.dated(LUNCH, "_all") == {10_000: 1}
    assert not life.dated(LUNCH)


def test_a_number_is_the_name_s_alone() -> None:
    """No place in a list is in it: stored sums keep their meaning when a list is edited."""
    assert (LUNCH, COFFEE) == (-464_763_784_443_202, -519_907_391_927_372)
    names = [f"reason {number}" for number in range(2_000)]
    numbers = {c.break_level(name) for name in names}
    assert len(numbers) == len(names)
    assert all(number < 0 and number % 2 == 0 for number in numbers)

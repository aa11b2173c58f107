"""One agent's figures: the identities that hold of any history, in the oracle and in the engine."""

from collections import Counter
from itertools import pairwise
from zlib import crc32

from hypothesis import HealthCheck, given, settings

from tests.examples import examples
from tests.oracle.agent_figures import agent_figures, agents_of
from tests.oracle.agents import KEEP_MS
from tests.oracle.oracle import Oracle, Result
from tests.oracle.repeats import AGENT_RANKS, without_repeats
from tests.stories import AGENTS, DAY
from tests.strategies import histories, queue_settings

law = settings(
    max_examples=examples(60), deadline=None, suppress_health_check=[HealthCheck.too_slow]
)


def surveys_of_agents(history: list[dict]) -> list[dict]:
    """The same events; some surveys name an agent, by what they are: nothing is chosen."""
    found = []
    for event in history:
        number = crc32(f"{event.get('contact_id')} {event['occurred_at']}".encode())
        named = event["type"].startswith("survey.") and number % 3 == 0
        extra = {"agent_id": AGENTS[number // 3 % len(AGENTS)]} if named else {}
        found.append(event | extra)
    return found


def ended(history: list[dict]) -> list[dict]:
    """The history, and so long afterwards that no conversation and no wrap-up is open."""
    end = max((event["occurred_at"] for event in history), default=0) + 2 * DAY
    beat = {"type": "source.heartbeat", "event_id": "end", "source": "acd", "occurred_at": end}
    return [*history, beat]


def legs(result: Result) -> dict[str, Counter[str]]:
    """By tenant, what the legs of all agents add up to."""
    found: dict[str, Counter[str]] = {}
    for tenant, agent in agents_of(result):
        figures = agent_figures(result, tenant, agent)
        sums = found.setdefault(tenant, Counter())
        sums["handled"] += figures["legs_handled"]
        for name in ("talk", "hold", "wrapup"):
            sums[name] += round(1000 * figures[f"leg_{name}_seconds"])
        for name, amount in figures["offers"].items():
            sums[f"offers.{name}"] += amount
        for name in ("answered", "satisfied"):
            sums[f"surveys.{name}"] += figures["surveys"][name]
    return found


def visits(result: Result) -> dict[str, Counter[str]]:
    """By tenant, what all queues of all channels add up to."""
    found: dict[str, Counter[str]] = {}
    for scope in result.scopes():
        if scope[1] != "_all":
            continue
        figures = result.figures(*scope)
        sums = found.setdefault(scope[0], Counter())
        sums["handled"] += figures["handled"]
        for name in ("talk", "hold", "wrapup"):
            sums[name] += round(1000 * figures[f"{name}_seconds"])
        for name, amount in figures["offers"].items():
            sums[f"offers.{name}"] += amount
        sums["surveys.answered"] += figures["surveys"]["answered"]["csat"]
        sums["surveys.satisfied"] += figures["surveys"]["csat_satisfied"]
    return found


@law
@given(histories(), queue_settings())
def test_what_agents_did_is_what_queues_had(history: list[dict], queues: list[dict]) -> None:
    """Talk, hold, wrap-up, offers and surveys of all agents are those of all queues."""
    result = Oracle(queues).run(ended(surveys_of_agents(history)))
    of_agents, of_queues = legs(result), visits(result)
    for tenant in of_agents | of_queues:
        own, whole = of_agents.get(tenant, Counter()), of_queues.get(tenant, Counter())
        assert own.pop("handled", 0) >= whole.pop("handled", 0)
        assert +own == +whole


@law
@given(histories(), queue_settings())
def test_an_agent_is_in_one_state_as_long_as_he_is_known(
    history: list[dict], queues: list[dict]
) -> None:
    """The eight states add up to the time from his first word to 90 days after his last."""
    result = Oracle(queues).run(history)
    said: dict[tuple[str, str], list[int]] = {}
    for event in without_repeats(history, Counter()):
        if event["type"] in AGENT_RANKS:
            agent = event.get("tenant", "default"), event["agent_id"]
            said.setdefault(agent, []).append(event["occurred_at"])
    for agent in agents_of(result) | set(said):
        times = sorted(said.get(agent, [result.as_of]))
        known = sum(min(b - a, KEEP_MS) for a, b in pairwise([*times, result.as_of]))
        spent = agent_figures(result, *agent)["state_seconds"]
        assert round(1000 * sum(spent.values())) == known

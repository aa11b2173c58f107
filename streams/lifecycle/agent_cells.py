"""Layer 2: where the figures of single agents are written down, beside those of queues.

In: the agent that a booking is of, by the id in an event. Out: the pane to book it in, under the
name that is published: the id, or its pseudonym; `_nobody` where there is none, `_other` beyond the
limit of a tenant (a safety valve). An agent stands in cells, panes and intervals like a queue, with
`words.OF_AGENT` in the place of the channel. Invariant: nothing of it is in a queue's figures.
Cost: a look-up; where no figures of agents are wanted, nobody comes here.
"""

import hashlib
import hmac
from collections import defaultdict
from typing import Any, Final

from streams.contract.words import NOBODY, OF_AGENT, OTHER, QueueKey
from streams.lifecycle.rules import Rules

#: Bytes of the keyed hash that a pseudonym shows, in hexadecimal digits.
PSEUDONYM_BYTES: Final = 16
#: Names that are no agent's.
NO_AGENTS: Final = frozenset({NOBODY, OTHER})

#: By the start of a pane: the sums there.
Panes = defaultdict[int, defaultdict[int, int]]


def _panes() -> Panes:
    return defaultdict(lambda: defaultdict(int))


class AgentCells:
    """The open contributions of the agents of one unit."""

    __slots__ = ("_key", "_known", "_most", "_names", "open", "over_limit")

    def __init__(self, rules: Rules) -> None:
        self._key, self._most = rules.agent_key, rules.max_agents
        #: By tenant and id: the name it is published under.
        self._names: dict[tuple[str, str], str] = {}
        self._known: defaultdict[str, set[str]] = defaultdict(set)
        #: What is not collected yet.
        self.open: defaultdict[QueueKey, Panes] = defaultdict(_panes)
        #: Look-ups of agents beyond the limit.
        self.over_limit = 0

    def name_of(self, tenant: str, agent: str | None) -> str:
        """The name that the figures of this agent are published under."""
        if agent is None or agent in NO_AGENTS:
            return NOBODY
        name = self._names.get((tenant, agent))
        return name if name is not None else self._new_name(tenant, agent)

    def _new_name(self, tenant: str, agent: str) -> str:
        name, known = pseudonym(self._key, tenant, agent), self._known[tenant]
        if name not in known and (tenant == OTHER or len(known) >= self._most):
            self.over_limit += 1
            return OTHER
        known.add(name)
        self._names[tenant, agent] = name
        return name

    def know(self, tenant: str, name: str) -> None:
        """A published name that has stored figures keeps its place."""
        if name not in NO_AGENTS:
            self._known[tenant].add(name)

    def cell(self, tenant: str, name: str, pane: int) -> defaultdict[int, int]:
        """The sums of a published name in the pane that begins at `pane` (ms)."""
        return self.open[tenant, name, OF_AGENT][pane]

    def collect(self) -> list[tuple[QueueKey, Panes]]:
        """What was booked since the last call."""
        taken = list(self.open.items())
        self.open.clear()
        return taken


def pseudonym(key: bytes, tenant: str, agent: str) -> str:
    """What stands for the agent; without a key its own id."""
    if not key:
        return agent
    digest = hmac.digest(key, f"{tenant}\0{agent}".encode(), hashlib.sha256)
    return digest[:PSEUDONYM_BYTES].hex()


def named_by(rules: Rules) -> tuple[Any, ...]:
    """Which figures of agents the rules want, and under which names: part of their version."""
    if not rules.has_agents:
        return ()
    if not rules.agent_key:
        return (1,)
    # So that another key is another version; the key itself is stored nowhere.
    known = hmac.digest(rules.agent_key, b"\0version", hashlib.sha256)[:4]
    return (2 + int.from_bytes(known, "big"),)

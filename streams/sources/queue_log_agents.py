"""Lines of a queue log about members, and who is on a call, to snapshots of agents.

In: changes (second, agent, what). Out: at each second at which something changed for an agent, one
whole snapshot. Paused in one of several queues: that queue is left out; in all of them: `break`;
in none any more: `offline`. Nothing here ends with a restart of Asterisk, for members and pauses
live on.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from streams.contract.limits import MAX_TEXT
from streams.sources.json_records import Record
from streams.sources.queue_log_lines import Line, short

MEMBERS: Final = frozenset(
    {"ADDMEMBER", "REMOVEMEMBER", "PAUSE", "UNPAUSE", "PAUSEALL", "UNPAUSEALL"}
)
_SEEN: Final = "SEEN"
_BUSY: Final = "BUSY"


class Change(NamedTuple):
    """What changed for an agent; `rank` is the line that says so."""

    second: int
    order: int
    rank: int
    agent: str
    what: str
    queue: str
    text: str = ""
    calls: int = 0


@dataclass(slots=True)
class _Agent:
    #: Queue to the reason of the pause there, None where there is none.
    queues: dict[str, str | None] = field(default_factory=dict)
    #: Queues into or out of which a line put the agent.
    told: set[str] = field(default_factory=set)
    calls: int = 0
    last: Record | None = None


class Agents:
    """Takes changes in any order; `snapshots` once, after all of them."""

    def __init__(self, common: Record) -> None:
        self._common = common
        self._changes: list[Change] = []
        self._agents: dict[str, _Agent] = {}
        #: (agent, queue) of members that no line added: they are such from their first line on.
        self.not_added: set[tuple[str, str]] = set()
        self._added: set[str] = set()
        self._called: set[str] = set()

    def busy(self, rank: int, second: int, agent: str, queue: str, calls: int) -> None:
        """The agent got a call (+1), or one is over (-1)."""
        self._note(Change(second, len(self._changes), rank, agent, _BUSY, queue, calls=calls))

    def seen(self, rank: int, line: Line) -> None:
        """A phone of the agent's rang for the queue, or took a call of it."""
        self._called.add(line.agent)
        self._note(Change(line.second, len(self._changes), rank, line.agent, _SEEN, line.queue))

    def member(self, rank: int, line: Line) -> str:
        """Take a line about a member; return why it says nothing, if so."""
        if not line.agent or (not line.queue and not line.event.endswith("ALL")):
            return f"{line.event} without an agent or a queue"
        if line.event == "ADDMEMBER":
            self._added.add(line.agent)
        text = line.data[0] if line.data else ""
        order = len(self._changes)
        self._note(Change(line.second, order, rank, line.agent, line.event, line.queue, text))
        return ""

    def strangers(self) -> tuple[int, int]:
        """How many were added and never called; how many were called and never added."""
        return len(self._added - self._called), len(self._called - self._added)

    def snapshots(self) -> Iterator[tuple[int, Record]]:
        """Yield the rank of the line behind it, and the snapshot, in time order."""
        self._changes.sort(key=lambda change: (change.second, change.order))
        touched: dict[str, int] = {}
        second = 0
        for change in self._changes:
            if change.second != second:
                yield from self._told(second, touched)
                touched, second = {}, change.second
            self._apply(change)
            touched[change.agent] = change.rank
        yield from self._told(second, touched)

    def _note(self, change: Change) -> None:
        self._changes.append(change)

    def _apply(self, change: Change) -> None:
        agent = self._agents.setdefault(change.agent, _Agent())
        queues, queue = agent.queues, change.queue
        if change.what in (_SEEN, "PAUSE", "UNPAUSE") and queue not in queues:
            # Late lines of a call say nothing against the one that took him out of the queue.
            if change.what == _SEEN and queue in agent.told:
                return
            queues[queue] = None
            if queue not in agent.told:
                self.not_added.add((change.agent, queue))
        match change.what:
            case "ADDMEMBER":
                agent.told.add(queue)
                queues[queue] = "" if change.text == "PAUSED" else queues.get(queue)
            case "REMOVEMEMBER":
                agent.told.add(queue)
                queues.pop(queue, None)
            case "PAUSE":
                queues[queue] = change.text
            case "UNPAUSE":
                queues[queue] = None
            case "PAUSEALL":
                queues.update(dict.fromkeys(queues, change.text))
            case "UNPAUSEALL":
                queues.update(dict.fromkeys(queues))
            case _:
                agent.calls = max(0, agent.calls + change.calls)

    def _told(self, second: int, touched: dict[str, int]) -> Iterator[tuple[int, Record]]:
        for name, rank in touched.items():
            agent = self._agents[name]
            now = self._snapshot(agent)
            if now == agent.last:
                continue
            agent.last = now
            yield (
                rank,
                self._common
                | now
                | {
                    "type": "agent.state",
                    "event_id": short(f"{name}:{second}"),
                    "occurred_at": second * 1000,
                    "agent_id": name,
                },
            )

    def _snapshot(self, agent: _Agent) -> Record:
        here = [queue for queue, pause in agent.queues.items() if pause is None]
        state = "available" if here else "break" if agent.queues else "offline"
        pauses = [pause for pause in agent.queues.values() if pause]
        now: Record = {"state": state, "queues": sorted(here or agent.queues)}
        if state == "break" and pauses:
            now["reason"] = pauses[-1][:MAX_TEXT]
        if agent.calls:
            now["handling"] = {"voice": agent.calls}
        return now

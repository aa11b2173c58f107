"""The agents of the simulated centre: seats, shifts, breaks, snapshots, and their seconds.

In: what the contact and ticket desks do to an agent. Out: `agent.state` snapshots at each change
(one an agent and millisecond), `agent.heartbeat` in between, and the truth of agent seconds.
Invariant: seconds are added before the state they belong to is changed; an agent who handles or
wraps up anything is busy whatever the status says.
"""

from collections.abc import Callable, Collection, Iterable
from typing import Any

from streams.simulate.agent_books import AGENT_STATES, AgentSeconds
from streams.simulate.config import CHAT, CentreConfig, PoolPlan
from streams.simulate.kernel import Kernel

SOURCE = "acd"
SHIFTS = "abc"


class Agent:
    """One person: the three of a seat relieve each other, so at most one of them is signed in."""

    __slots__ = (
        "capacity", "dirty", "free_since_ms", "handling", "id", "leaving", "load", "pool", "queues",
        "reason", "ringing", "seconds", "session", "since_ms", "slots", "state", "wants_break",
        "wrapping",
    )  # fmt: skip

    def __init__(self, agent_id: str, pool: PoolPlan) -> None:
        self.id = agent_id
        self.pool = pool
        self.queues = list(pool.queues)
        self.capacity = dict(pool.capacity)
        self.state = "offline"
        self.reason: str | None = None
        self.handling: dict[str, int] = {}
        self.wrapping: dict[str, int] = {}
        self.load = 0
        """Contacts in hand: handling and wrapping, all channels."""
        self.ringing = 0
        self.dirty = False
        self.leaving = False
        self.wants_break = False
        self.free_since_ms = 0
        self.session = 0
        self.since_ms = 0
        self.seconds = AgentSeconds()
        self.slots = {channel: AgentSeconds() for channel in pool.capacity}

    def used(self, channel: str) -> int:
        """Slots of the channel that are taken: contacts handled or wrapped up."""
        return self.handling.get(channel, 0) + self.wrapping.get(channel, 0)

    def shown_as(self) -> str:
        """The one state the agent is counted in."""
        if self.handling:
            return "on_contact"
        if self.wrapping:
            return "wrapup"
        return "ringing" if self.ringing else self.state

    def can_take(self, channel: str) -> bool:
        """Voice and tickets need the whole person, chats a free slot beside other chats only."""
        if self.state != "available" or self.ringing or self.wants_break or self.leaving:
            return False
        if channel != CHAT:
            return self.load == 0
        used = self.used(CHAT)
        return used < self.capacity.get(CHAT, 0) and self.load == used


class Floor:
    """All agents of the centre."""

    def __init__(self, kernel: Kernel, config: CentreConfig) -> None:
        self.kernel = kernel
        self.config = config
        self.on_free: Callable[[Agent], None] = lambda _: None
        self.seats: list[tuple[int, list[Agent]]] = []
        self.pools: dict[str, list[Agent]] = {queue.name: [] for queue in config.queues}
        self._on_duty: dict[str, dict[str, Agent]] = {queue: {} for queue in self.pools}
        self._dirty: list[Agent] = []
        for pool in config.pools:
            for number in range(1, pool.seats + 1):
                crew = [Agent(f"{pool.team}-{number:02d}{shift}", pool) for shift in SHIFTS]
                self.seats.append((len(self.seats), crew))
                for queue in pool.queues:
                    self.pools[queue].extend(crew)

    def open(self) -> None:
        """Every seat is taken by the agent whose shift it is."""
        shift_ms = self.config.shift_seconds * 1000
        for seat, crew in self.seats:
            # Hand-overs are spread over half an hour, as rosters do.
            offset = (seat * 7 % 30) * 60_000
            number, into = divmod(self.kernel.now_ms - offset, shift_ms)
            self._sign_in(crew[number % len(crew)])
            self.kernel.at(
                self.kernel.now_ms + shift_ms - into, self._hand_over, crew, number + 1, shift_ms
            )

    def _hand_over(self, crew: list[Agent], number: int, shift_ms: int) -> None:
        leaver, successor = crew[(number - 1) % len(crew)], crew[number % len(crew)]
        leaver.leaving = True
        self._leave_if_idle(leaver)
        self._sign_in(successor)
        self.kernel.at(self.kernel.now_ms + shift_ms, self._hand_over, crew, number + 1, shift_ms)

    def _sign_in(self, agent: Agent) -> None:
        agent.leaving = agent.wants_break = False
        self.change(agent, state="available", reason=None)
        agent.session += 1
        for queue in agent.queues:
            self._on_duty[queue][agent.id] = agent
        self._plan_break(agent)
        self._plan_heartbeat(agent)
        self.freed(agent)

    def _leave_if_idle(self, agent: Agent) -> None:
        if agent.load == 0 and not agent.ringing and agent.state != "offline":
            agent.session += 1
            self.change(agent, state="offline", reason="shift_end")
            for queue in agent.queues:
                del self._on_duty[queue][agent.id]

    def _plan_break(self, agent: Agent) -> None:
        rng = self.kernel.rng
        delay = self.config.break_every_seconds * rng.uniform(0.5, 1.5)
        self.kernel.after(delay, self._break_due, agent, agent.session)

    def _break_due(self, agent: Agent, session: int) -> None:
        if agent.session != session or agent.state == "offline":
            return
        if agent.state == "break":  # already away for a missed offer
            self._plan_break(agent)
            return
        agent.wants_break = True
        # Half of the agents press the button during the contact, the others after it.
        if agent.load == 0 or self.kernel.chance(0.5):
            self._start_break(agent)

    def _start_break(self, agent: Agent) -> None:
        if agent.ringing:
            return  # taken when the ringing is over
        rng = self.kernel.rng
        reason = "lunch" if rng.random() < 0.15 else "pause"
        self.change(agent, state="break", reason=reason)
        delay = self.config.break_seconds * rng.uniform(0.6, 1.4)
        self.kernel.after(delay, self._break_over, agent, agent.session)

    def step_out(self, agent: Agent, seconds: float) -> None:
        """Not ready for a moment, because an offer was missed."""
        if agent.state == "available":
            self.change(agent, state="break", reason="missed_offer")
            self.kernel.after(seconds, self._break_over, agent, agent.session)

    def _break_over(self, agent: Agent, session: int) -> None:
        if agent.session != session or agent.state != "break":
            return
        if agent.reason != "missed_offer":
            agent.wants_break = False
            self._plan_break(agent)
        self.change(agent, state="available", reason=None)
        self.freed(agent)

    def _plan_heartbeat(self, agent: Agent) -> None:
        low, high = self.config.heartbeat_seconds
        delay = self.kernel.rng.uniform(low, high)
        self.kernel.after(delay, self._heartbeat, agent, agent.session)

    def _heartbeat(self, agent: Agent, session: int) -> None:
        if agent.session == session and agent.state != "offline":
            if not agent.dirty:  # a change of this millisecond says it all
                self._snapshot(agent, "agent.heartbeat")
            self._plan_heartbeat(agent)

    def change(self, agent: Agent, **fields: Any) -> None:
        """The agent's seconds so far are booked, then the given fields are set."""
        self.book(agent)
        for name, value in fields.items():
            setattr(agent, name, value)
        self._mark(agent)

    def shift_count(self, agent: Agent, kind: str, channel: str, step: int) -> None:
        """`step` contacts more (or fewer) in `handling` or `wrapping`."""
        self.book(agent)
        counts: dict[str, int] = getattr(agent, kind)
        counts[channel] = counts.get(channel, 0) + step
        agent.load += step
        if not counts[channel]:
            del counts[channel]
        self._mark(agent)

    def freed(self, agent: Agent) -> None:
        """Something was taken off the agent's hands: leave, pause, or take the next contact."""
        agent.free_since_ms = self.kernel.now_ms
        if agent.leaving:
            self._leave_if_idle(agent)
        elif agent.wants_break and agent.state == "available":
            if agent.load == 0:
                self._start_break(agent)
        else:
            self.on_free(agent)

    def pick(self, queue: str, channel: str, not_to: Collection[str]) -> Agent | None:
        """The least loaded, longest idle agent of the queue who can take the channel now."""
        best: Agent | None = None
        best_rank: tuple[int, int] = (0, 0)
        for agent in self._on_duty[queue].values():
            if not agent.can_take(channel) or agent.id in not_to:
                continue
            rank = (agent.load, agent.free_since_ms)
            if best is None or rank < best_rank:
                best, best_rank = agent, rank
        return best

    def book(self, agent: Agent) -> None:
        """Add the time since the last booking to the agent's seconds."""
        now = self.kernel.now_ms
        passed = now - agent.since_ms
        agent.since_ms = now
        if not passed or agent.session == 0:
            return
        agent.seconds.spend(agent.shown_as(), passed)
        busy = passed if agent.load else 0
        staffed = passed if agent.load or agent.state == "available" else 0
        if not staffed:
            return
        agent.seconds.add(busy, staffed, 0, 0)
        for channel, seconds in agent.slots.items():
            slots = agent.capacity[channel]
            if channel == CHAT:
                chats = agent.handling.get(CHAT, 0)
                seconds.contact_ms += chats * passed
                seconds.channel_ms += passed if chats else 0
            seconds.add(0, 0, min(agent.used(channel), slots) * passed, slots * passed)

    def flush(self) -> None:
        """One snapshot for each agent changed in this millisecond has been emitted."""
        for agent in self._dirty:
            agent.dirty = False
            self._snapshot(agent, "agent.state")
        self._dirty.clear()

    def _mark(self, agent: Agent) -> None:
        if not agent.dirty:
            agent.dirty = True
            self._dirty.append(agent)

    def _snapshot(self, agent: Agent, kind: str) -> None:
        signed_in = agent.state != "offline"
        self.kernel.emit(
            SOURCE, kind, agent.id, agent_id=agent.id, state=agent.state, reason=agent.reason,
            queues=agent.queues, ringing=agent.ringing, handling=dict(agent.handling),
            wrapping=dict(agent.wrapping), capacity=agent.capacity,
            ttl_seconds=self.config.agent_ttl_seconds if signed_in else None,
        )  # fmt: skip

    def seconds_of(self, agents: Iterable[Agent], channel: str) -> AgentSeconds:
        """The sum over the given agents who have slots for the channel, booked up to now."""
        total = AgentSeconds()
        for agent in agents:
            slots = agent.slots.get(channel)
            if slots is None:
                continue
            self.book(agent)
            total.add(
                agent.seconds.handling_ms, agent.seconds.staffed_ms,
                slots.slot_busy_ms, slots.slot_capacity_ms,
            )  # fmt: skip
            total.contact_ms += slots.contact_ms
            total.channel_ms += slots.channel_ms
            for state, spent in agent.seconds.state_ms.items():
                total.spend(state, spent)
        return total

    def everyone(self) -> list[Agent]:
        """The agents of every seat, those going and those coming."""
        return [agent for _, crew in self.seats for agent in crew]

    def states(self, agents: Iterable[Agent], channel: str) -> dict[str, int]:
        """Agents by their one exclusive state now (contract: live.agents), never-seen ones left
        out."""
        found = dict.fromkeys(AGENT_STATES, 0)
        for agent in agents:
            if agent.session == 0 or channel not in agent.capacity:
                continue
            found[agent.shown_as()] += 1
        return found

"""The stored format: what running workers have written is loaded by every later version."""

from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from streams.lifecycle import agent_state, changelog, contact_state, ticket
from streams.lifecycle import counters as c
from streams.lifecycle.changelog import key_of, kind_of, parts_of
from streams.lifecycle.ranks import AGENT_RANKS, CALLBACK_RANKS, CONTACT_RANKS, TICKET_RANKS
from streams.lifecycle.rules import NEVER

CALL = "c\0default\0voice\0call-1"
KEYS = [
    (changelog.CONTACT, ("default", "voice", "call-1"), CALL),
    (changelog.TICKET, ("default", "ticket", "7"), "t\0default\0ticket\x007"),
    (changelog.AGENT, ("default", "", "anna"), "a\0default\0\0anna"),
    (changelog.CALLBACK, ("default", "", "call-1"), "b\0default\0\0call-1"),
    (
        changelog.PANE,
        ("default", "billing", "voice", "90000"),
        "x\0default\0billing\0voice\x0090000",
    ),
    (changelog.RULES, ("default", "billing", "voice"), "r\0default\0billing\0voice"),
    (changelog.INPUT, ("contact.events",), "s\0contact.events"),
    (changelog.INTERVAL, ("default", "billing", "voice", "0"), "i\0default\0billing\0voice\x000"),
    (changelog.QUEUE, ("default", "_all", "chat"), "q\0default\0_all\0chat"),
]


@pytest.mark.parametrize(("kind", "parts", "key"), KEYS)
def test_a_key_is_its_kind_and_its_parts(kind: str, parts: tuple[str, ...], key: str) -> None:
    """Written and read alike, an empty part too."""
    assert key_of(kind, *parts) == key
    assert (kind_of(key), tuple(parts_of(key))) == (kind, parts)


@pytest.mark.parametrize(
    ("kind", "key"),
    [(changelog.TIMES, "m\0"), (changelog.COUNTS, "n\0"), (changelog.PROGRESS, "p\0")],
)
def test_a_key_without_parts_ends_in_nul(kind: str, key: str) -> None:
    """One record a unit."""
    assert key_of(kind) == key
    assert kind_of(key) == kind


def test_a_chunk_is_stored_under_its_entitys_key() -> None:
    """All of that key's parts, then the chunk's number."""
    key = key_of(changelog.CHUNK, CALL, "3")
    assert key == f"k\0{CALL}\x003"
    assert parts_of(key) == ["c", "default", "voice", "call-1", "3"]


def test_each_kind_has_a_letter_of_its_own() -> None:
    """So a key says by itself what stands under it."""
    letters = [
        changelog.CONTACT,
        changelog.TICKET,
        changelog.AGENT,
        changelog.CALLBACK,
        changelog.CHUNK,
        changelog.PANE,
        changelog.RULES,
        changelog.INPUT,
        changelog.COUNTS,
        changelog.INTERVAL,
        changelog.QUEUE,
        changelog.PROGRESS,
        changelog.TIMES,
    ]
    assert len(set(letters)) == len(letters)


def test_the_number_of_a_counter_never_changes() -> None:
    """Panes hold numbers: with another one, what was stored would count as something else."""
    assert (c.OFFERED, c.BLOCKED, c.ANSWERED, c.ABANDONED) == (0, 1, 2, 3)
    assert (c.SHORT_ABANDONED, c.SILENT_ABANDONED, c.FLOWED_OUT, c.ORPHANED) == (4, 5, 6, 7)
    assert (c.HANDLED, c.TRANSFERRED, c.THRESHOLD_DECIDED) == (8, 9, 10)
    assert (c.ANSWERED_IN_THRESHOLD, c.ABANDONED_IN_THRESHOLD) == (11, 12)
    assert (c.FLOWED_OUT_IN_THRESHOLD, c.TICKETS_OPENED, c.FIRST_RESPONSES) == (13, 14, 15)
    assert (c.TICKETS_RESOLVED, c.TICKETS_REOPENED, c.TICKETS_MOVED_IN) == (16, 17, 18)
    assert (c.ANSWERED_WAIT, c.ABANDONED_WAIT, c.CLOSED_WAIT) == (50, 51, 52)
    assert (c.TALK, c.HOLD, c.WRAPUP) == (53, 54, 55)
    assert (c.FIRST_RESPONSE_TIME, c.RESOLUTION_TIME) == (56, 57)
    assert (c.WAITING, c.OVER_THRESHOLD, c.RINGING, c.HANDLING) == (100, 102, 104, 106)
    assert (c.HANDLING_AGENTS, c.STAFFED_AGENTS, c.SLOT_BUSY, c.SLOT_CAPACITY) == (
        200,
        202,
        204,
        206,
    )
    assert (
        *(46, 47, 48, 49),
        116,
    ) == (c.HELD, c.LAPS, c.WAITED_OVER_LIMIT, c.LIMIT_DECIDED, c.OVER_LIMIT)
    assert c.HOPS == (70, 71, 72)
    assert (c.CUSTOMER_WAIT, c.CUSTOMER_WAIT_ABANDONED) == (74, 75)
    assert (c.TIME_TO_ANSWER, c.TIMES_TO_ANSWER) == (76, 73)
    assert list(c.STUCK.values()) == [224, 226, 228, 230, 232]
    assert c.ANY_STUCK == 224
    assert (c.BOT_RESOLVED, c.RESOLVED_WITHOUT_REPLY) == (29, 41)
    assert list(c.SURVEYS_OFF_SCALE.values()) == [600, 601, 602, 603]
    assert (c.MOMENT, c.WAIT_BUCKETS, c.RESOLUTION_BUCKETS) == (1, 1_000, 3_000)
    assert (c.AGENT_BASE, c.AGENT_END) == (200, 300)


def numbers_taken() -> Iterator[tuple[str, int]]:
    """(owner, number) of every number that `counters` gives away, each owner once."""
    levels, buckets = set(c.LEVELS), c.BUCKETS_END
    local = {"ANSWERED_WITHIN": c.WAIT_BOUNDS_MS, "ABANDONED_WITHIN": c.WAIT_BOUNDS_MS}
    local["HANDLED_WITHIN"] = c.HANDLE_BOUNDS_MS

    def taken(owner: str, first: int) -> Iterator[tuple[str, int]]:
        end = first + (2 if first in levels else 1)  # a level, and its moment
        if owner in local:
            end = first + len(local[owner]) + 1
        yield from ((owner, number) for number in range(first, buckets.get(first, end)))

    for name, value in vars(c).items():
        if not name.isupper() or name in NO_NUMBERS or name.endswith("_MOMENT"):
            continue
        if isinstance(value, dict):
            for key, first in value.items():
                yield from taken(f"{name} {key}", first)
        elif isinstance(value, int):
            yield from taken(name, value)
    ends = [
        (f"{how} {word}", n) for how in ("MET", "BREACHED") for word, n in getattr(c, how).items()
    ]
    for metric, first in c.SLA.items():
        for whose in (0, c.SLA_OF_COMPLAINT):
            for how, place in (*ends, ("WITHDRAWN", c.WITHDRAWN)):
                yield f"{metric} {whose} {how}", first + whose + place


#: Widths, borders and places from which others are counted; other names of what has one.
NO_NUMBERS = {
    *("MOMENT", "AGENT_BASE", "AGENT_END", "LOCAL", "BUCKETS_END", "SLA_OF_COMPLAINT"),
    *("SLA", "MET", "BREACHED", "WITHDRAWN", "ACCEPTED", "ANY_STUCK"),
    *("AGENT_STATES", "STATE_LIMIT_SECONDS"),
}


def test_no_two_counters_have_one_number() -> None:
    """Of counts, sums, levels with their moments, and buckets of histograms: each has its own.

    Groups that grow with the contract's words grow into nothing else.
    """
    owners: dict[int, str] = {}
    for owner, number in numbers_taken():
        assert number >= 0, "those are the levels of breaks"
        assert owners.setdefault(number, owner) == owner, (owner, owners[number], number)
    assert {c.ACCEPTED, c.ANY_STUCK, *c.HOPS, *c.LEVELS} <= owners.keys()
    named = {n for name, n in vars(c).items() if name.endswith("_MOMENT")}
    assert named <= {level + c.MOMENT for level in c.LEVELS}
    assert set(owners) >= set(range(c.WAIT_BUCKETS, c.TIME_TO_ANSWER_BUCKETS + 3_000))
    agents = {number for number, owner in owners.items() if owner.startswith(("STATES", "STUCK"))}
    assert agents <= set(range(c.AGENT_BASE, c.AGENT_END))


def test_a_word_of_the_contract_keeps_its_number() -> None:
    """A new outcome, reason, status or state comes last in its list, for its place is stored."""
    offers = ("accepted", "rejected", "timeout", "customer_left", "rescinded")
    reasons = (
        *("timeout", "overflow", "key", "voicemail", "callback", "transfer", "no_agents"),
        *("closed", "error", "other"),
    )
    states = ("error", "on_contact", "wrapup", "ringing", "break", "available", "unknown")
    for numbers, first, step, names in (
        (c.OFFERS, 20, 1, offers),
        (c.REASONS, 30, 1, reasons),
        (c.BLOCKED_REASONS, 42, 1, ("full", "closed", "no_agents", "other")),
        (c.BACKLOG, 108, 2, ("open", "pending", "on_hold")),
        (c.STATES, 208, 2, (*states, "offline")),
    ):
        assert list(numbers.items())[: len(names)] == [
            (name, first + step * place) for place, name in enumerate(names)
        ]


def test_what_a_process_counts_for_itself_stays_out_of_every_pane() -> None:
    """Its numbers begin where those of panes end, and no two of its histograms meet."""
    assert max(*c.LEVELS, *c.BUCKETS_END) < c.LOCAL == c.ANSWERED_WITHIN
    waits, handles = len(c.WAIT_BOUNDS_MS), len(c.HANDLE_BOUNDS_MS)
    assert c.ANSWERED_WITHIN + waits < c.ABANDONED_WITHIN
    assert c.ABANDONED_WITHIN + waits < c.HANDLED_WITHIN
    assert c.HANDLED_WITHIN + handles < c.HANDLE_TIME


def test_phases_and_times_keep_their_numbers() -> None:
    """They stand in every stored contact and ticket, and under `m`; `NEVER` is a due time too."""
    assert NEVER == 1 << 60
    assert (contact_state.IDLE, contact_state.WAITING, contact_state.CONNECTED) == (0, 1, 2)
    assert (ticket.NONE, ticket.OPEN, ticket.RESOLVED, ticket.CLOSED, ticket.LEFT) == (
        0,
        1,
        2,
        3,
        4,
    )
    assert (changelog.NOW, changelog.CLOSED_BEFORE) == (0, 1)
    assert (changelog.AS_OF, changelog.REVISION, changelog.SOURCES) == (0, 1, 2)


def test_the_rank_of_an_event_never_changes() -> None:
    """Ranks are stored with the facts: a new type of event comes last."""
    contacts = [0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15]
    assert list(CONTACT_RANKS.values())[: len(contacts)] == contacts
    assert list(TICKET_RANKS.values())[:12] == list(range(12))
    assert AGENT_RANKS == {"agent.state": 0, "agent.heartbeat": 1}
    assert list(CALLBACK_RANKS.values()) == [0, 1, 2]


CONTACT_FIELDS = """
    phase queue entered_at outbound threshold_decided answered_at agent hold_since hold ringing
    customer_at wrapups closed_at answer_before_enqueue_at answer_before_enqueue_agent silent_queue
    due
"""
WRAPUP_FIELDS = "ended_at queue agent outbound completes_visit talk hold entered_at"
TICKET_FIELDS = """
    phase queue status opened_at responded resolved settled_at due version unknown_opening replied
    since_reopening awaits_customer by_bot response_from resolution_from reopened_at
"""
AGENT_FIELDS = "state queues ringing handling wrapping capacity last_at due"


@pytest.mark.parametrize(
    ("state", "first"),
    [
        (contact_state.ContactState, CONTACT_FIELDS),
        (contact_state.Wrapup, WRAPUP_FIELDS),
        (ticket.TicketState, TICKET_FIELDS),
        (agent_state.AgentState, AGENT_FIELDS),
    ],
)
def test_a_field_of_a_state_keeps_its_place(state: Any, first: str) -> None:
    """States are stored by place: a new field comes last, with a default for what lacks it."""
    fields = msgspec.structs.fields(state)
    known = first.split()
    assert [field.name for field in fields[: len(known)]] == known
    assert all(not field.required for field in fields[len(known) :])

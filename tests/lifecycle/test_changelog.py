"""The stored format: what running workers have written is loaded by every later version."""

import pytest

from streams.lifecycle import changelog
from streams.lifecycle.changelog import key_of, kind_of, parts_of

CALL = "c\0default\0voice\0call-1"
KEYS = [
    (changelog.CONTACT, ("default", "voice", "call-1"), CALL),
    (changelog.TICKET, ("default", "ticket", "7"), "t\0default\0ticket\x007"),
    (changelog.AGENT, ("default", "", "anna"), "a\0default\0\0anna"),
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

"""Layer 1: names as they are kept, and names that no event may bear.

A queue, agent or source is one, however its name is written: composed (NFC), without outer blanks.
`_all` and `_other` are queues, and `_other` is a tenant, of our own making; NUL joins names to keys
in changelogs and topics.
Cost: a look-up a name; of text with blanks a strip a name, with escapes or other letters than
ASCII's a cached look-up each.
"""

from functools import lru_cache
from typing import Final

from msgspec.structs import force_setattr

from streams.contract.events import AgentEvent, Event
from streams.contract.limits import MAX_NAME
from streams.contract.names import clean
from streams.contract.words import OTHER, RESERVED_QUEUES
from streams.wire.rejected import Rejected

#: The only way JSON text can hold a NUL; the escape of a backslash looks the same, hence a search.
_NUL: Final = b"\\u0000"
_HAS_NUL: Final = "a name must not contain a NUL character"
_NAMES: Final = ("tenant", "queue", "contact_id", "agent_id", "source", "to_queue")


def has_outer_blanks(event: Event) -> bool:
    """Whether a name begins or ends with a blank; no other name in ASCII has to be cleaned."""
    # Stripping what has no blanks gives the same object: nothing is copied or compared.
    source, queue, agent = event.source, event.queue, event.agent_id
    if source.strip() is not source or (queue is not None and queue.strip() is not queue):
        return True
    if agent is None:
        return False
    if agent.strip() is not agent:
        return True
    return isinstance(event, AgentEvent) and _blanks_in(event.queues)


@lru_cache(maxsize=16_384)
def _blanks_in(queues: tuple[str, ...]) -> bool:
    return any(queue.strip() is not queue for queue in queues)


def keep_clean(event: Event) -> Rejected | None:
    """The event bears clean names from now on. Return why not where one is left too short or long.

    The event is ours alone here, so it may still change.
    """
    fault = None
    for field in ("source", "queue", "agent_id"):
        name = getattr(event, field)
        if name is not None:
            kept = clean(name)
            force_setattr(event, field, kept)
            fault = fault if _fits(kept) else _unfit(field)
    if isinstance(event, AgentEvent) and event.queues:
        queues = tuple(map(clean, event.queues))
        force_setattr(event, "queues", queues)
        if not all(map(_fits, queues)):
            fault = _unfit("queues[...]")
    return fault


def _fits(name: str) -> bool:
    return 0 < len(name) <= MAX_NAME


def _unfit(field: str) -> Rejected:
    return Rejected("schema", f"expected 1 to {MAX_NAME} characters beside outer blanks", field)


def misnamed(event: Event) -> Rejected | None:
    """Return why the event bears a name that is reserved, None where it does not."""
    if event.queue in RESERVED_QUEUES:
        return Rejected("schema", "this name is reserved", "queue")
    if event.tenant == OTHER:
        return Rejected("schema", "this name is reserved", "tenant")
    if isinstance(event, AgentEvent) and not RESERVED_QUEUES.isdisjoint(event.queues):
        return Rejected("schema", "this name is reserved", "queues[...]")
    return None


def has_nul(event: Event, raw: bytes) -> Rejected | None:
    """Return which name of the event decoded from `raw` holds a NUL, None where none does."""
    if _NUL in raw:
        for field in _NAMES:
            if "\0" in (getattr(event, field, None) or ""):
                return Rejected("schema", _HAS_NUL, field)
        if isinstance(event, AgentEvent) and any("\0" in queue for queue in event.queues):
            return Rejected("schema", _HAS_NUL, "queues[...]")
    return None

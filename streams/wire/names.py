"""Layer 1: names that no event may bear.

`_all` and `_other` are queues, and `_other` is a tenant, of our own making; NUL joins names to keys
in changelogs and topics.
Cost: three look-ups an event, and a search of the raw bytes that almost never finds anything.
"""

from typing import Final

from streams.contract.events import AgentEvent, Event
from streams.contract.words import OTHER, RESERVED_QUEUES
from streams.wire.rejected import Rejected

#: The only way JSON text can hold a NUL; the escape of a backslash looks the same, hence a search.
_NUL: Final = b"\\u0000"
_NAMES: Final = ("tenant", "queue", "contact_id", "agent_id", "source")


def misnamed(event: Event, raw: bytes) -> Rejected | None:
    """Return why the event decoded from `raw` bears a name it must not, None where it does not."""
    if event.queue in RESERVED_QUEUES:
        return Rejected("schema", "this name is reserved", "queue")
    if event.tenant == OTHER:
        return Rejected("schema", "this name is reserved", "tenant")
    queues = event.queues if isinstance(event, AgentEvent) else ()
    if queues and not RESERVED_QUEUES.isdisjoint(queues):
        return Rejected("schema", "this name is reserved", "queues[...]")
    if _NUL in raw:
        for field in _NAMES:
            if "\0" in (getattr(event, field) or ""):
                return Rejected("schema", "a name must not contain a NUL character", field)
        if any("\0" in queue for queue in queues):
            return Rejected("schema", "a name must not contain a NUL character", "queues[...]")
    return None

"""Layer 2: the keys of what a unit stores, and what stands under each: the stored format.

A key is its kind (a letter), a NUL, and its parts, joined by NUL; no name has a NUL in it
(`wire/names.py`). Values are MessagePack; a struct is the array of its fields. A letter, the order
of a key's parts and of a struct's fields are never changed, nor what a field is when it lacks: an
upgrade loads what was stored.

The intake's changelog:

    c tenant channel contact-id     a contact: `lifecycle.entity.Entity`
    t tenant channel contact-id     a ticket: `Entity`, at rest `lifecycle.ticket_at_rest.Short`
    a tenant (empty) agent-id       an agent: `Entity`
    b tenant (empty) contact-id     a request to be called back: `Entity`
    u tenant customer               a customer: `lifecycle.customer.Customer`
    k ENTITY'S KEY number           older facts of an entity: `lifecycle.entity.Chunk`
    x tenant queue channel pane     a pane of this source: {counter: sum}
    r tenant queue channel          the rules its visits went by: `lifecycle.rules.QueueRules`
    s topic                         an input's sources: {source: (largest time, ended)}
    v                               rules it lived by: [`lifecycle.versions.Version`]
    n                               totals for people: {name: count}
    h                               how far units are whose customers are here: {unit: ms}
    m                               {NOW: ms, CLOSED_BEFORE: ms, FINAL_BEFORE: ms}

Where agents have figures of their own, one stands in the place of a queue, with the channel
`_agent`.

The queues' changelog:

    x tenant queue channel pane     a pane of all sources: {source: packed {counter: sum}}
    i tenant queue channel start    an interval's final part: `windows.queue_state.StoredInterval`
    q tenant queue channel          what else is kept of a queue: `windows.queue_state.StoredQueue`
    p                               how far each source is: {source: `windows.queues.Progress`}
    m                               {AS_OF: ms, REVISION: n, SOURCES: n}

Positions in the inputs stand beside them under keys that begin with a NUL (`faustkit/unit.py`).
"""

from typing import Final

#: One record of a changelog: a value of None takes the key back.
Write = tuple[bytes, bytes | None]

CONTACT: Final = "c"
TICKET: Final = "t"
AGENT: Final = "a"
CALLBACK: Final = "b"
CUSTOMER: Final = "u"
HEARD: Final = "h"
CHUNK: Final = "k"
PANE: Final = "x"
RULES: Final = "r"
INPUT: Final = "s"
COUNTS: Final = "n"
VERSIONS: Final = "v"
INTERVAL: Final = "i"
QUEUE: Final = "q"
PROGRESS: Final = "p"
TIMES: Final = "m"

#: The numbers under `m` of the intake, and of the queues.
NOW, CLOSED_BEFORE, FINAL_BEFORE = 0, 1, 2
AS_OF, REVISION, SOURCES = 0, 1, 2


def key_of(kind: str, *parts: str) -> str:
    """The key of a kind with these parts; another key may be the first of them."""
    return f"{kind}\0" + "\0".join(parts)


def kind_of(key: str) -> str:
    """The letter a key begins with."""
    return key[0]


def parts_of(key: str) -> list[str]:
    """The parts of a key, of an entity's key within it too."""
    return key[2:].split("\0")

"""Layer 1: why bytes are no event. A value, not an exception: counted and dead-lettered."""

from dataclasses import dataclass
from typing import Literal

Reason = Literal[
    "not_json",
    "too_large",
    "schema",
    "unknown_type",
    "wrong_topic",
    "wrong_key",
    "future",
    "late",
]
"""`decode` gives the first four. The others need the record's place or a clock."""


@dataclass(frozen=True, slots=True)
class Rejected:
    """One record that will not be used.

    `detail` says what was expected and where, in words without customer data; `field` is the path
    of the offending field, like `seq` or `handling[...]`, or None where there is no one field.
    """

    reason: Reason
    detail: str
    field: str | None = None

"""Layer 1: every bound of the wire format, in one place.

A bound is there so that one bad producer cannot fill memory, overflow a sum or break a label:
what is beyond it is a `schema` (or `too_large`) dead letter, never a cut value.
"""

from typing import Final

MAX_RECORD_BYTES: Final = 64 * 1024
"""The largest record that is read at all; one byte more is `too_large`."""

MAX_CONTACT_ID: Final = 256
MAX_NAME: Final = 256
"""Characters of tenant, source, queue and agent id: ARNs and e-mail addresses fit."""
MAX_WORD: Final = 64
"""Characters of a priority in words, and of an attribute's name."""
MAX_TEXT: Final = 256
"""Characters of free text: topic, reason, kind, version, and of a survey's id."""
REF_DIGITS: Final = 64
"""Hexadecimal digits of a customer's keyed hash: SHA-256."""

MIN_TIME_MS: Final = 631_152_000_000
"""1990-01-01T00:00:00Z: older than any log worth replaying. Seconds sent for milliseconds
end here, as a rejection and not as January 1970."""
MAX_TIME_MS: Final = 4_102_444_800_000
"""2100-01-01T00:00:00Z."""
MAX_TIME_TEXT: Final = 64
"""Characters of an RFC 3339 time, fraction included."""

MAX_SEQ: Final = 2**31 - 1
MAX_REVISION: Final = 2**53 - 1
"""A time in ms fits, and every JSON reader keeps it exact."""
MAX_COUNT: Final = 1_000
"""Contacts or slots of one agent in one channel."""
MAX_QUEUES: Final = 200
"""Queues one agent is a member of."""
MAX_TTL_SECONDS: Final = 31 * 86_400
MAX_PENDING_SECONDS: Final = 366 * 86_400 * 100
"""How long a ticket may have been pending: as long as times go."""
MAX_PRIORITY: Final = 1_000_000

MAX_ATTRIBUTES: Final = 64
MAX_ATTRIBUTE_VALUE: Final = 1_024

MAX_SCORE: Final = 1_000_000
MAX_AMOUNT: Final = 1_000_000_000_000
MAX_AMOUNT_TEXT: Final = 25
"""Characters of an amount written as text."""

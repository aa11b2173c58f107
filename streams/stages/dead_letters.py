"""What is not used goes to the dead-letter topic, untouched, with its reason and origin.

But for a customer's reference that is no hash, which must stand in no topic of ours: in its place
is `"refused"`, and a header `masked` says so. And a record that cannot be written again is cut: one
of more than `MAX_LETTER_BYTES`, which a producer can bring past the broker's limit by compressing
it. A header `cut` says how long it was. What is kept of its value is too large for an event, so
that sent again it is rejected again.
"""

from streams.contract.limits import MAX_RECORD_BYTES
from streams.faustkit.stage import Output, Record
from streams.wire.masking import FIELD, masked
from streams.wire.rejected import Rejected

#: Key and value together: the dead-letter topic takes 8 MiB, headers and framing included.
MAX_LETTER_BYTES = 7 * 1024 * 1024


def dead_letter(
    topic: str, record: Record, rejected: Rejected, origin: str, seen_at: int
) -> Output:
    """The dead letter of a record of the topic `origin`; `seen_at` in ms."""
    headers = [
        ("reason", rejected.reason.encode()),
        ("detail", rejected.detail.encode()),
        ("field", (rejected.field or "").encode()),
        ("topic", origin.encode()),
        ("partition", str(record.partition).encode()),
        ("offset", str(record.offset).encode()),
        ("seen_at", str(seen_at).encode()),
    ]
    key, value = record.key, record.value
    if value is not None and (hidden := masked(value)) is not value:
        headers.append(("masked", FIELD))
        value = hidden
    length = len(key or b"") + len(value or b"")
    if length > MAX_LETTER_BYTES:
        headers.append(("cut", str(length).encode()))
        key, value = key and key[:MAX_RECORD_BYTES], value and value[: MAX_RECORD_BYTES + 1]
    return topic, record.partition, key, value, headers

"""What is not used goes to the dead-letter topic, untouched, with its reason and origin."""

from streams.faustkit.stage import Output, Record
from streams.wire.rejected import Rejected


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
    return topic, record.partition, record.key, record.value, headers

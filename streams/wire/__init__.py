"""Stage 1, wire: JSON bytes to typed, validated events, their topics, keys and schemas."""

from streams.wire.decode import decode
from streams.wire.encode import encode
from streams.wire.events import TYPES, Event
from streams.wire.keys import murmur2, partition_of
from streams.wire.rejected import Reason, Rejected
from streams.wire.routing import INPUT_TOPICS, key_of, place_of, topic_of

__all__ = [
    "INPUT_TOPICS",
    "TYPES",
    "Event",
    "Reason",
    "Rejected",
    "decode",
    "encode",
    "key_of",
    "murmur2",
    "partition_of",
    "place_of",
    "topic_of",
]

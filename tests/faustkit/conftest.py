"""Units and the transport without a broker: logs in memory with Kafka's rules of fencing."""

import pytest

from tests.faustkit.memory import Ended, MemoryKafka


@pytest.fixture
def kafka_memory() -> MemoryKafka:
    """Empty logs."""
    return MemoryKafka()


@pytest.fixture
def ended() -> Ended:
    """Remembers that the process would have ended."""
    return Ended()

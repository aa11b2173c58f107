"""Promise of the partitioner: a contact is where the Python and Java clients put it."""

from aiokafka.partitioner import DefaultPartitioner as AiokafkaPartitioner
from aiokafka.partitioner import murmur2 as aiokafka_murmur2
from hypothesis import given, settings
from hypothesis import strategies as st
from kafka.partitioner import DefaultPartitioner as KafkaPythonPartitioner

from streams.wire.keys import murmur2, partition_of


class Cluster:
    """What kafka-python's partitioner asks of a cluster: one topic's partitions, all available."""

    def __init__(self, partitions: int) -> None:
        self.partitions = set(range(partitions))

    def topics(self) -> set[str]:
        return {"contact.calls"}

    def partitions_for_topic(self, topic: str) -> set[int]:
        return self.partitions

    available_partitions_for_topic = partitions_for_topic


@settings(deadline=None)
@given(st.binary(max_size=140), st.integers(1, 64))
def test_every_key_lands_where_the_clients_put_it(key: bytes, partitions: int) -> None:
    """Equal to the default partitioners of kafka-python and aiokafka."""
    every = list(range(partitions))
    chosen = partition_of(key, partitions)
    assert murmur2(key) == aiokafka_murmur2(key) & 0xFFFFFFFF
    assert chosen == AiokafkaPartitioner()(key, every, every)
    assert chosen == KafkaPythonPartitioner().partition(
        "contact.calls", key, key, None, None, Cluster(partitions)
    )


@settings(deadline=None)
@given(st.text(max_size=130), st.integers(1, 64))
def test_text_counts_as_its_utf8_bytes(key: str, partitions: int) -> None:
    """The same key as text and as bytes is in the same partition, asked once or twice."""
    first = partition_of(key, partitions)
    assert first == partition_of(key.encode(), partitions) == partition_of(key, partitions)


def test_known_values_of_the_java_client() -> None:
    """From the tests of Apache Kafka's own murmur2."""
    signed = {b"21": -973932308, b"foobar": -790332482, b"a-little-bit-long-string": -985981536}
    assert {key: murmur2(key) for key in signed} == {
        key: value & 0xFFFFFFFF for key, value in signed.items()
    }

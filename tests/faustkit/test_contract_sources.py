"""What the kit takes for granted in Faust, mode and aiokafka; a new version fails here first."""

from importlib.metadata import version

import pytest

from tests.faustkit.pins import FUNCTIONS, fingerprint

VERSIONS = {"faust-streaming": "0.15.3", "mode-streaming": "0.7.1", "aiokafka": "0.14.0"}
SOURCES = {
    "Consumer.getmany (o)": "4b168d84882a",
    "Consumer.perform_seek (o)": "0e8c130ff4b0",
    "Consumer._new_offset (o)": "1d2c7ea89a7a",
    "Consumer.on_partitions_revoked (o)": "d04b7ae72c6f",
    "Consumer.on_partitions_assigned (o)": "29ce96596f05",
    "Consumer.wait_empty (o)": "e4662fe24f09",
    "Consumer.verify_event_path (o)": "aead7dc3d8dc",
    "Consumer._drain_messages (r)": "44a2500309e8",
    "Consumer.ack (r)": "5fcf41cf4515",
    "Consumer.commit (c)": "a354437baaa0",
    "Consumer.on_stop (r)": "45b1d2210ce2",
    "Consumer._filter_committable_offsets (r)": "dc5e9baf5d99",
    "Consumer._commit_offsets (r)": "1a6979904118",
    "Consumer.stop_flow (c)": "cf7e875a2b0d",
    "ThreadDelegateConsumer.__init__ (r)": "7072ae80eac1",
    "AIOKafkaConsumerThread.__post_init__ (o)": "913dc7c0d957",
    "AIOKafkaConsumerThread._create_worker_consumer (o)": "c2701bfc3e6f",
    "AIOKafkaConsumerThread._commit (o)": "932852ce7a23",
    "AIOKafkaConsumerThread.commit (r)": "d31c8558ba25",
    "ConsumerRebalanceListener (r)": "f3d04f29dfb3",
    "QueueServiceThread.call_thread (c)": "479edda75b54",
    "App._create_directories (o)": "a9f571c3b04a",
    "App.on_start (o)": "480d70c6c72d",
    "App.on_stop (o)": "bfe5a933defb",
    "App._on_agent_error (o)": "bdd12f286de6",
    "App._stop_consumer (r)": "55854a5de12c",
    "App._on_partitions_revoked (r)": "d5c895bbe57d",
    "App._on_partitions_assigned (r)": "de932b7927db",
    "Service._crash (o)": "7bc0c709a151",
    "Service.crash (r)": "14980000465d",
    "Agent._execute_actor (r)": "c750b828d2bd",
    "Recovery._resume_streams (r)": "d986a6710c1a",
    "Conductor._update_indices (r)": "619b3247b96a",
    "AIOKafkaConsumer.start (r)": "2f1ba7044332",
    "AIOKafkaConsumer.seek (c)": "a9430f1f3b9a",
    "Fetcher.fetched_records (c)": "be4348896b9b",
    "Fetcher._create_fetch_waiter (c)": "61d840568746",
    "Fetcher._get_actions_per_node (r)": "1dab2cf937d1",
    "Fetcher._proc_fetch_request (r)": "59bf948fff47",
    "FetchResult.check_assignment (r)": "b5340df67e3f",
    "FetchResult.getall (r)": "3e717e30de50",
    "PartitionRecords._unpack_records (r)": "b803e6d46480",
    "Assignment (c)": "ce6859542c70",
    "TopicPartitionState (c)": "2b83334afadf",
    "GroupCoordinator._maybe_leave_group (r)": "016cd88a16e6",
    "AIOKafkaProducer.send_batch (c)": "bf42b0f0c5c0",
    "AIOKafkaProducer.begin_transaction (c)": "f5128199fc27",
    "AIOKafkaProducer.commit_transaction (c)": "c7f9677c8941",
    "AIOKafkaProducer.stop (c)": "43ef97147111",
    "BatchBuilder.append (c)": "657d76f55157",
    "MessageAccumulator.add_batch (r)": "5ed1c5b1367a",
    "Sender._fail_all (r)": "5a67e3b6f87b",
    "InitPIDHandler.handle_response (r)": "bdb0727aba5d",
    "TransactionManager (r)": "d0932794d69a",
    "lz4_encode (o)": "a27f1d0da7e1",
}


@pytest.mark.parametrize("package", VERSIONS)
def test_the_versions_are_those_that_were_read(package: str) -> None:
    """Another version: read what changed in everything of `pins`, then set the version here."""
    assert version(package) == VERSIONS[package]


@pytest.mark.parametrize("name", FUNCTIONS)
def test_what_is_overridden_or_relied_on_is_unchanged(name: str) -> None:
    """Its source has changed: read it beside streams/faustkit, then print the table anew."""
    assert fingerprint(FUNCTIONS[name]) == SOURCES[name]

"""What the kit overrides or relies on inside Faust, mode and aiokafka, pinned by its source.

`python -m tests.faustkit.pins` prints the new table, after each changed function has been read and
the contract tests beside this file still hold.
"""

import hashlib
import inspect
from typing import Any

from aiokafka.codec import lz4_encode
from aiokafka.consumer import AIOKafkaConsumer
from aiokafka.consumer.fetcher import Fetcher, FetchResult, PartitionRecords
from aiokafka.consumer.group_coordinator import GroupCoordinator
from aiokafka.consumer.subscription_state import Assignment, TopicPartitionState
from aiokafka.producer.message_accumulator import BatchBuilder, MessageAccumulator
from aiokafka.producer.producer import AIOKafkaProducer
from aiokafka.producer.sender import InitPIDHandler, Sender
from aiokafka.producer.transaction_manager import TransactionManager
from faust.agents.agent import Agent
from faust.app.base import App
from faust.tables.recovery import Recovery
from faust.transport.conductor import Conductor
from faust.transport.consumer import Consumer, ThreadDelegateConsumer
from faust.transport.drivers.aiokafka import (
    AIOKafkaConsumerThread,
    ConsumerRebalanceListener,
)
from mode.services import Service
from mode.threads import QueueServiceThread

# Why each is here: (o) overridden, (c) called or read by us, (r) the order of what it does matters.
FUNCTIONS: dict[str, Any] = {
    "Consumer.getmany (o)": Consumer.getmany,
    "Consumer.perform_seek (o)": Consumer.perform_seek,
    "Consumer._new_offset (o)": Consumer._new_offset,
    "Consumer.on_partitions_revoked (o)": Consumer.on_partitions_revoked,
    "Consumer.on_partitions_assigned (o)": Consumer.on_partitions_assigned,
    "Consumer.wait_empty (o)": Consumer.wait_empty,
    "Consumer.verify_event_path (o)": Consumer.verify_event_path,
    "Consumer._drain_messages (r)": Consumer._drain_messages,
    "Consumer.ack (r)": Consumer.ack,
    "Consumer.commit (c)": Consumer.commit,
    "Consumer.on_stop (r)": Consumer.on_stop,
    "Consumer._filter_committable_offsets (r)": Consumer._filter_committable_offsets,
    "Consumer._commit_offsets (r)": Consumer._commit_offsets,
    "Consumer.stop_flow (c)": Consumer.stop_flow,
    "ThreadDelegateConsumer.__init__ (r)": ThreadDelegateConsumer.__init__,
    "AIOKafkaConsumerThread.__post_init__ (o)": AIOKafkaConsumerThread.__post_init__,
    "AIOKafkaConsumerThread._create_worker_consumer (o)": (
        AIOKafkaConsumerThread._create_worker_consumer
    ),
    "AIOKafkaConsumerThread._commit (o)": AIOKafkaConsumerThread._commit,
    "AIOKafkaConsumerThread.commit (r)": AIOKafkaConsumerThread.commit,
    "ConsumerRebalanceListener (r)": ConsumerRebalanceListener,
    "QueueServiceThread.call_thread (c)": QueueServiceThread.call_thread,
    "App._create_directories (o)": App._create_directories,
    "App.on_start (o)": App.on_start,
    "App.on_stop (o)": App.on_stop,
    "App._on_agent_error (o)": App._on_agent_error,
    "App._stop_consumer (r)": App._stop_consumer,
    "App._on_partitions_revoked (r)": App._on_partitions_revoked,
    "App._on_partitions_assigned (r)": App._on_partitions_assigned,
    "Service._crash (o)": Service._crash,
    "Service.crash (r)": Service.crash,
    "Agent._execute_actor (r)": Agent._execute_actor,
    "Recovery._resume_streams (r)": Recovery._resume_streams,
    "Conductor._update_indices (r)": Conductor._update_indices,
    "AIOKafkaConsumer.start (r)": AIOKafkaConsumer.start,
    "AIOKafkaConsumer.seek (c)": AIOKafkaConsumer.seek,
    "Fetcher.fetched_records (c)": Fetcher.fetched_records,
    "Fetcher._create_fetch_waiter (c)": Fetcher._create_fetch_waiter,
    "Fetcher._get_actions_per_node (r)": Fetcher._get_actions_per_node,
    "Fetcher._proc_fetch_request (r)": Fetcher._proc_fetch_request,
    "FetchResult.check_assignment (r)": FetchResult.check_assignment,
    "FetchResult.getall (r)": FetchResult.getall,
    "PartitionRecords._unpack_records (r)": PartitionRecords._unpack_records,
    "Assignment (c)": Assignment,
    "TopicPartitionState (c)": TopicPartitionState,
    "GroupCoordinator._maybe_leave_group (r)": GroupCoordinator._maybe_leave_group,
    "AIOKafkaProducer.send_batch (c)": AIOKafkaProducer.send_batch,
    "AIOKafkaProducer.begin_transaction (c)": AIOKafkaProducer.begin_transaction,
    "AIOKafkaProducer.commit_transaction (c)": AIOKafkaProducer.commit_transaction,
    "AIOKafkaProducer.stop (c)": AIOKafkaProducer.stop,
    "BatchBuilder.append (c)": BatchBuilder.append,
    "MessageAccumulator.add_batch (r)": MessageAccumulator.add_batch,
    "Sender._fail_all (r)": Sender._fail_all,
    "InitPIDHandler.handle_response (r)": InitPIDHandler.handle_response,
    "TransactionManager (r)": TransactionManager,
    "lz4_encode (o)": lz4_encode,
}


def fingerprint(function: Any) -> str:
    """Twelve hexadecimal digits of its source."""
    return hashlib.sha256(inspect.getsource(function).encode()).hexdigest()[:12]


if __name__ == "__main__":
    for name, function in FUNCTIONS.items():
        print(f'    "{name}": "{fingerprint(function)}",')

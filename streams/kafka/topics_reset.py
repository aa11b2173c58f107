"""What `streams topics reset` does: everything a worker has made of the inputs is thrown away.

In: settings. Out: empty changelogs, cells and results, so that a worker recounts whatever the
inputs still hold; inputs and dead letters stay. For a state that its inputs have left behind, see
deploy/runbooks/WorkerRestarting.md.
Invariant: never while a worker is in the group. Cells that outlive their changelogs would be added
to those of the new state: `orphaned_cells` finds them, and no worker starts on them.
"""

import time
from typing import TYPE_CHECKING, Any

from streams.errors import BrokerError
from streams.kafka.connect import kafka_python_options
from streams.kafka.topics import create_topics
from streams.settings import Settings

if TYPE_CHECKING:
    from kafka import KafkaAdminClient

GONE_SECONDS = 60
_NOBODY = ("Empty", "Dead")


def derived_topics(settings: Settings) -> list[str]:
    """The real names of the topics that only a worker writes, without the dead letters."""
    names = settings.topics
    changelogs = [names.intake_changelog, names.queues_changelog]
    internal = [names.cells, names.customers]
    results = [names.kpis, names.history, names.intervals, names.anomalies, names.agent_figures]
    return [*changelogs, *internal, *results]


def reset_topics(settings: Settings) -> None:
    """The derived topics are new and empty when this returns. Raises BrokerError."""
    from kafka import KafkaAdminClient

    with KafkaAdminClient(**kafka_python_options(settings)) as admin:
        _require_no_members(admin, settings, settings.topics.cells)
        unwanted = set(derived_topics(settings)) & set(admin.list_topics())
        if unwanted:
            admin.delete_topics(sorted(unwanted))
        deadline = time.monotonic() + GONE_SECONDS
        while unwanted & set(admin.list_topics()):
            if time.monotonic() > deadline:
                raise BrokerError(
                    f"Kafka has not deleted {', '.join(sorted(unwanted))} within {GONE_SECONDS} s:"
                    " look whether delete.topic.enable is true, then run this again"
                )
            time.sleep(0.1)
    create_topics(settings)


def _require_no_members(admin: "KafkaAdminClient", settings: Settings, cells: str) -> None:
    """Raises BrokerError while somebody reads the cells, under another app_id too."""
    active = [
        group["group_id"]
        for group in admin.list_groups()
        if group["protocol_type"] == "consumer" and group["group_state"] not in _NOBODY
    ]
    described = admin.describe_groups(active) if active else {}
    busy = [name for name in active if name == settings.app_id or _reads(described[name], cells)]
    if busy:
        raise BrokerError(
            f"workers are in the group {', '.join(busy)}: stop them all; one that was killed, or"
            f" has a group_instance_id, is out after {settings.session_timeout_seconds} s"
        )


def _reads(group: dict[str, Any], topic: str) -> bool:
    """Whether a member has partitions of the topic; while a group rebalances, none is told."""
    return any(
        isinstance(assigned := member["member_assignment"], dict)
        and any(part["topic"] == topic for part in assigned["assigned_partitions"])
        for member in group["members"]
    )


def orphaned_cells(settings: Settings) -> str | None:
    """Why a worker must not begin with nothing on these topics; None = it may.

    Its own first cells come in one transaction with the first records of its changelog.
    """
    names = settings.topics
    # In this order, and the cells as far as they are committed: those of a worker that begins at
    # this moment are not seen before its changelog is.
    cells = _held(settings, names.cells, "read_committed")
    state = _held(settings, names.intake_changelog, "read_uncommitted")
    if not any(begin < end for begin, end in cells) or any(end for _, end in state):
        return None
    return (
        f"app_id {settings.app_id} has no state, but {names.cells} holds cells of another app_id,"
        " or of changelogs that are gone: counted together they would be wrong. Set the app_id they"
        " belong to, or a topic_prefix of its own; or recount from the inputs:"
        " streams topics reset"
    )


def _held(settings: Settings, topic: str, isolation: str) -> list[tuple[int, int]]:
    """The first offset of each partition, and the one after the last."""
    from kafka import KafkaConsumer, TopicPartition

    consumer = KafkaConsumer(
        **kafka_python_options(settings),
        group_id=None,
        enable_auto_commit=False,
        isolation_level=isolation,
    )
    try:
        partitions_ = [TopicPartition(topic, number) for number in range(settings.partitions)]
        ends = consumer.end_offsets(partitions_)
        begins = consumer.beginning_offsets(partitions_)
        return [(begins[partition_], ends[partition_]) for partition_ in partitions_]
    finally:
        consumer.close()

"""`streams worker`: the Faust application. Any number of them, up to the partitions."""

import argparse
import logging
from dataclasses import replace

from streams.errors import BrokerError
from streams.settings import Settings

HELP = "the stream processor; any number of them, up to the partitions"
EXAMPLE = "streams worker\nstreams worker --clock event --metrics-port 0   (historic data)"

log = logging.getLogger("streams.worker")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds this command's options."""
    add = parser.add_argument
    add(
        "--clock",
        choices=("wall", "event"),
        help="what time is when all is read: this machine's clock (default), or the events' own,"
        " for historic data",
    )
    add(
        "--metrics-port",
        type=int,
        metavar="PORT",
        help="serves /metrics, /livez and /readyz"
        " (STREAMS_METRICS_PORT; default 9464; 0 = a free one)",
    )
    add(
        "--group-instance-id",
        metavar="NAME",
        help="a name of this worker alone: started again under it within the session timeout, it"
        " has its partitions back and no other worker pauses; auto: one made of the app id, this"
        " host's name and a number (STREAMS_GROUP_INSTANCE_ID)",
    )


def run(_args: argparse.Namespace, settings: Settings) -> int:
    """Checks the topics, then runs until a signal; raises BrokerError for what is wrong there."""
    from streams.kafka.patience import ask_again, without_lost_brokers
    from streams.kafka.topics import check_topics
    from streams.kafka.topics_reset import orphaned_cells

    settings = without_lost_brokers(settings)
    problems = ask_again(settings, check_topics)
    if problems:
        raise BrokerError("\n".join(["the topics are not as the worker needs them:", *problems]))
    if (problem := ask_again(settings, orphaned_cells)) is not None:
        raise BrokerError(problem)

    from streams.app import create
    from streams.faustkit.application import run_worker
    from streams.kafka.worker_name import AUTO, own_name

    if settings.group_instance_id == AUTO:
        settings = replace(settings, group_instance_id=own_name(settings.app_id))
    _quiet_libraries(settings.log_level)
    worker = create(settings)
    port = worker.metrics.start()
    named = f"{settings.group_instance_id} " if settings.group_instance_id else ""
    print(
        f"worker {named}of {settings.app_id}: Kafka {settings.bootstrap}, clock {settings.clock}, "
        f"metrics http://{settings.metrics_host}:{port}/metrics",
        flush=True,
    )
    log.info("settings", extra=settings.shown())
    run_worker(worker.app)


def _quiet_libraries(level: str) -> None:
    """Their running commentary only on request; what ends a worker is said by the worker."""
    if level == "debug":
        return
    for name in ("aiokafka", "faust", "mode"):
        logging.getLogger(name).setLevel(logging.WARNING)
    # A broker that has just started answers "not yet" a few times: these are no errors.
    logging.getLogger("aiokafka.consumer.group_coordinator").setLevel(logging.CRITICAL)

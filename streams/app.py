"""The composition root: where the core, its two stages and Faust are put together.

`streams worker` builds the app from its options; `faust -A streams.app worker -l info
--without-web` takes `streams.app.app`, built from the configuration file and the environment.
"""

import os
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from streams import settings as settings_module
from streams.faustkit.application import UnitApp, attach, build_app
from streams.faustkit.stage import Stage, StageSpec
from streams.kafka.connect import aiokafka_options
from streams.kpis.definitions import Definitions
from streams.metrics.meters import IntakeMeter, QueueMeter
from streams.metrics.server import MetricsServer
from streams.settings import Settings
from streams.stages.intake_stage import IntakeStage
from streams.stages.queue_stage import QueueStage


@dataclass(frozen=True, slots=True)
class Worker:
    """One process of the processor: the Faust app and what serves its metrics."""

    app: UnitApp
    metrics: MetricsServer


def create(settings: Settings) -> Worker:
    """The app with both stages. Nothing is started, and no broker is asked, until it runs."""
    definitions = Definitions(settings)
    intake, queues = IntakeMeter(), QueueMeter()

    def make(stage: str, partition: int) -> Stage:
        if stage == "intake":
            return IntakeStage(settings, partition, intake)
        return QueueStage(settings, definitions, partition, queues)

    topics = settings.topics
    stages = {
        "intake": StageSpec(
            "intake",
            (*topics.inputs, topics.customers),
            topics.intake_changelog,
            make,
            # What is told of a contact that has not been read yet would be looked at with each
            # word of it again.
            held_back=(topics.surveys,),
        ),
        "queues": StageSpec(
            "queues",
            (topics.cells,),
            topics.queues_changelog,
            make,
            linger_seconds=settings.tick_seconds,
        ),
    }
    app = build_app(settings, aiokafka_options(settings))
    units = attach(app, stages)
    return Worker(app, MetricsServer(settings, units, intake, queues))


@cache
def _configured() -> UnitApp:
    config = os.environ.get("STREAMS_CONFIG")
    worker = create(settings_module.load(Path(config) if config else None, os.environ, {}))
    worker.metrics.start()
    return worker.app


def __getattr__(name: str) -> Any:
    # Only the Faust command line asks for it; an import must not open a port.
    if name == "app":
        return _configured()
    raise AttributeError(name)

"""Exactly-once results on Faust: a transport that hands over batches, and units that own the state.

In: raw records, one Faust event a fetched batch. Out: state, positions and results in one Kafka
transaction a unit. Generic: it knows nothing of calls. Nothing else touches Faust's internals; each
override has a contract test in tests/faustkit/.
"""

from faust.transport.drivers import TRANSPORTS

from streams.faustkit.application import UnitApp, attach, build_app
from streams.faustkit.options import Options
from streams.faustkit.stage import Batch, InputClock, Record, Stage, StageFactory, StageSpec, Turn
from streams.faustkit.stats import KitStats, UnitStats
from streams.faustkit.units import Units

TRANSPORTS.aliases["units"] = "streams.faustkit.transport:Transport"

__all__ = [
    "Batch",
    "InputClock",
    "KitStats",
    "Options",
    "Record",
    "Stage",
    "StageFactory",
    "StageSpec",
    "Turn",
    "UnitApp",
    "UnitStats",
    "Units",
    "attach",
    "build_app",
]

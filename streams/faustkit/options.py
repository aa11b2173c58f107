"""How the kit is tuned: one frozen value, made from the product's settings or given by a test.

Times are in seconds. `client` is what any aiokafka client needs to connect (bootstrap_servers,
security_protocol, ssl_context, sasl_...). Nothing here changes a result, only when it is there.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

# aiokafka's default of 16 KiB would cut one transaction into dozens of produce requests; the
# broker's own default limit is 1 MiB a batch.
MAX_BATCH_BYTES = 900_000


@dataclass(frozen=True, slots=True)
class Options:
    """Everything the transport, the units and the watchdog are told."""

    app_id: str
    client: Mapping[str, Any] = field(repr=False)
    # A unit is turned at least this often, with or without records.
    tick_seconds: float = 1.0
    # Two transactions of a unit are at least this far apart unless `eager_records` wait: a
    # transaction costs 2 ms of CPU whatever is in it, and most of a quiet worker's work is that.
    linger_seconds: float = 0.2
    eager_records: int = 1_000
    # One transaction takes at most about this many records, and fewer where the stage has worked
    # longer than `turn_seconds` in one piece: the other units' transactions are open meanwhile.
    max_records: int = 4_000
    turn_seconds: float = 0.1
    # A unit that has this many records waiting is not polled for.
    queue_records: int = 8_000
    # While fetches bring little, the inputs are polled no more often than this, and the broker
    # gathers records for as long.
    poll_seconds: float = 0.05
    transaction_timeout_seconds: float = 10.0
    session_timeout_seconds: float = 30.0
    # A commit, a load and a start that take longer than these end the process.
    commit_timeout_seconds: float = 30.0
    load_timeout_seconds: float = 90.0
    ready_timeout_seconds: float = 120.0
    silence_timeout_seconds: float = 30.0
    # Keeps the member's place in the group over a restart within the session timeout.
    group_instance_id: str | None = None

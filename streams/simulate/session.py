"""One simulation as the command runs it: a centre for each tenant, faults, one stream, one truth.

In: tenants, seed, times, fault ratios. Out: records in sending order; the truth as one JSON object.
"""

from collections.abc import Iterator, Sequence
from heapq import merge
from typing import Any

from streams.simulate.centre import Centre
from streams.simulate.config import CentreConfig
from streams.simulate.kernel import Event
from streams.simulate.records import Faults, Outgoing, records


class Session:
    """`records` is iterated once; `truth` is complete when it is exhausted."""

    def __init__(
        self, configs: Sequence[CentreConfig], seed: int, start_ms: int, end_ms: int, faults: Faults
    ) -> None:
        self.seed = seed
        self.start_ms = start_ms
        self.end_ms = end_ms
        self.faults = faults
        self.centres = [Centre(config, seed) for config in configs]

    def events(self) -> Iterator[Event]:
        """The events of all centres in the order of time."""
        runs = [centre.run(self.start_ms, self.end_ms) for centre in self.centres]
        if len(runs) == 1:
            return runs[0]
        return merge(*runs, key=_sorting)

    def records(self) -> Iterator[Outgoing]:
        """The events as records for Kafka, with the faults that were asked for."""
        return records(self.events(), self.faults)

    def finish(self) -> None:
        """The run ends now: what is held back follows, then the sources' `ended` heartbeats."""
        for centre in self.centres:
            centre.finish()

    def truth(self) -> dict[str, Any]:
        """The books of all tenants, and what was done to the stream."""
        truths = [centre.truth() for centre in self.centres]
        rows = [row for truth in truths for row in truth["queues"]]
        return {
            "seed": self.seed,
            "start": self.start_ms,
            "as_of": max(truth["as_of"] for truth in truths),
            "events": sum(truth["events"] for truth in truths),
            **self.faults.as_json(),
            "settings": {truth["tenant"]: truth["settings"] for truth in truths},
            "queues": sorted(rows, key=lambda row: (row["tenant"], row["queue"], row["channel"])),
        }


def _sorting(event: Event) -> tuple[int, bool]:
    # All tenants share their sources: a source has ended when its last tenant has.
    return event["occurred_at"], bool(event.get("ended"))

"""Exactly-once results on Faust: a transport that hands over batches, and units that own the state.

In: raw records, one Faust event a fetched batch. Out: state, positions and results in one Kafka
transaction a unit. Generic: it knows nothing of calls. Nothing else touches Faust's internals; each
override has a contract test in `tests/faustkit/`. The seam is `stage.py`, which imports no Faust.
"""

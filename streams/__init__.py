"""Contact-centre events in Kafka, turned into exact live KPIs.

The way of an event, in the order of the packages: wire (bytes to events) → lifecycle (events to
counted facts) → windows (facts to panes) → kpis (panes to figures) → publish (figures to
Prometheus, Kafka and the wallboard). `app` wires them to Faust; `tools` has a module a command.
"""

__version__ = "0.1.0"

"""Contact-centre events in Kafka, turned into exact live KPIs.

The way of an event, in the order of the packages: wire (bytes to events) → lifecycle (events to
counted facts) → windows (facts to panes) → kpis (panes to figures and records) → metrics (figures
to Prometheus). `stages` has the two stages that do this, `faustkit` runs them on Faust and Kafka,
`app` wires it all together; `board` and `commands` read the records as everybody else does.
"""

__version__ = "0.1.0"

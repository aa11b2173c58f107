"""The wallboard: a plain consumer of the KPI topics that shows them in a browser.

In: `contact.kpis`, `contact.history`, `contact.intervals` (`read_committed`, from the start).
Out: one web page, server-sent events and JSON. Invariant: every figure on the page is a field
of the newest committed record of its key; the board computes no KPI of its own.
`feed` (thread) -> `store` (newest per key) -> `hub` (one frame per filter) -> browsers.
"""

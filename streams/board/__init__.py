"""The wallboard: a plain consumer of the KPI topics that shows them in a browser.

In: `contact.kpis`, `contact.history`, `contact.intervals` (`read_committed`, from the start).
Out: one web page, server-sent events and JSON. Invariant: every figure on the page is a field
of the newest committed record of its key; the board computes no KPI of its own, and no alert:
`alerts` asks Alertmanager which fire. Levels, and the order of the queues, are one module of the
page: `static/judge.js` judges a figure as it is shown.
`feed` (thread) -> `store` (newest per key) -> `hub` (one frame per filter) -> browsers.
What today is compared with (`compared`, `past`) is a view of published intervals, made here alone.
"""

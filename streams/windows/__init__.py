"""Layer 3: contributions to panes, panes to windows.

`intake.py` folds events into cells (one source partition's cumulative panes); `queues.py` adds the
cells of all sources up to running windows and intervals; `views.py` cuts what figures are made of.
Integers only; a pane is a monoid.
"""

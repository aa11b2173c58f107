"""Layer 3: contributions to panes, panes to windows.

`intake.py` folds events into cells (`unit_cells.py`: one source partition's cumulative panes);
`queues.py` adds the cells of all sources up to running windows and intervals (`panes.py` of each
`queue_state.py`); `views.py` cuts what figures are made of. Integers only; a pane is a monoid.
"""

"""Layer 4: panes to numbers. One function a metric, each with its formula; exact rounding."""

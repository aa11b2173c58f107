"""Layer 5: the figures for Prometheus: the catalogue of metrics, and `/metrics`."""

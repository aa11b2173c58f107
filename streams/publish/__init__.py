"""Stage 5: figures onto Prometheus and the KPI topic."""

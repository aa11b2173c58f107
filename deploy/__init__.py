"""What runs beside the workers: Prometheus, Alertmanager, Grafana, images, runbooks."""

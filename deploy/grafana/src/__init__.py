"""The five dashboards. `python -m deploy.grafana.src` writes them, `--check` compares."""

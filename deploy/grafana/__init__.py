"""Dashboards as code: Python in src/, generated JSON in dashboards/, provisioning for Grafana."""

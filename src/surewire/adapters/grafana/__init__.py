"""Grafana, by its HTTP API."""

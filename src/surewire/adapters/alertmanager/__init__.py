"""A running Alertmanager, by its HTTP API."""

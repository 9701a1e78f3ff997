"""A Prometheus that scrapes the server, asked over its HTTP API (https://prometheus.io/docs/prometheus/latest/querying/api/)."""

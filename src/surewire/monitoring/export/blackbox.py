"""The blackbox exporter: two probes of the server from outside, and the jobs by which Prometheus runs them every minute."""

from __future__ import annotations

from typing import Final

from surewire.contract.slos import ProbeSlo
from surewire.monitoring.export.catalogues import Catalogues, Files, header

__all__ = ["files"]

_INTERVAL_S: Final = 60
_TIMEOUT_S: Final = 10

_MODULES: Final = """\
modules:
  tcp_connect:
    prober: tcp
    timeout: {timeout_s}s
  http_health:
    prober: http
    timeout: {timeout_s}s
    http:
      preferred_ip_protocol: ip4
      valid_status_codes: [200]
"""
_JOB: Final = """\
  - job_name: {job}
    metrics_path: /probe
    params: {{module: [{module}]}}
    scrape_interval: {interval_s}s
    scrape_timeout: {timeout_s}s
    static_configs:
      - targets: ["{target}"]
    relabel_configs:
      - {{source_labels: [__address__], target_label: __param_target}}
      - {{source_labels: [__param_target], target_label: instance}}
      - {{target_label: __address__, replacement: "localhost:9115"}}
"""
_JOBS: Final = (
    ("websocket-tcp", "tcp_connect", "localhost:8080"),
    ("websocket-http", "http_health", "http://localhost:8080/health"),
)


def files(catalogues: Catalogues) -> Files:
    """`blackbox.yml` for the exporter, and for Prometheus `scrape-blackbox.yml`, which its `scrape_config_files` may name."""
    interval_s, timeout_s = _rhythm(catalogues)
    jobs = "".join(
        # The scrape waits a little longer than the probe that it starts.
        _JOB.format(job=job, module=module, target=target, interval_s=interval_s, timeout_s=min(timeout_s + 1, interval_s))
        for job, module, target in _JOBS
    )
    return {
        "blackbox.yml": header(catalogues, "Probes for the blackbox exporter.") + "\n" + _MODULES.format(timeout_s=timeout_s),
        "scrape-blackbox.yml": header(catalogues, "Probes surewire through the blackbox exporter.") + "\nscrape_configs:\n" + jobs,
    }


def _rhythm(catalogues: Catalogues) -> tuple[int, int]:
    """How often the server is probed and how long a probe may take, as the first objective about probes has it."""
    for objective in catalogues.objectives:
        if isinstance(objective.slo, ProbeSlo):
            return objective.slo.interval_s, objective.slo.timeout_s
    return _INTERVAL_S, _TIMEOUT_S

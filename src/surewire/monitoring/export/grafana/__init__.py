"""Grafana: a dashboard for each of seven audiences, the first phase's, and one with every objective in detail."""

from __future__ import annotations

from typing import Final

from surewire.monitoring.export.catalogues import Catalogues, Files, header
from surewire.monitoring.export.grafana.capacity import capacity
from surewire.monitoring.export.grafana.connection import connection
from surewire.monitoring.export.grafana.durability import durability
from surewire.monitoring.export.grafana.fanout import fanout
from surewire.monitoring.export.grafana.incident import IncidentScope, dashboard_of, incident
from surewire.monitoring.export.grafana.model import Dashboard
from surewire.monitoring.export.grafana.overview import executive, on_call
from surewire.monitoring.export.grafana.phase0 import PHASE_0, phase0
from surewire.monitoring.export.grafana.rendering import render
from surewire.monitoring.export.grafana.slo_detail import slo_detail

__all__ = ["dashboards", "expressions", "files", "incident_files"]

_PROVISIONING: Final = """\
apiVersion: 1
providers:
  - name: surewire
    folder: surewire
    folderUid: surewire
    type: file
    disableDeletion: true
    allowUiUpdates: false
    updateIntervalSeconds: 60
    options:
      path: /etc/grafana/dashboards/surewire
"""


def files(catalogues: Catalogues) -> Files:
    """One JSON file a dashboard, under `dashboards/`, and `provisioning.yaml`, by which Grafana finds them."""
    texts = {f"dashboards/{one.file}.json": render(one, catalogues.digest) for one in dashboards(catalogues)}
    where = "Belongs in /etc/grafana/provisioning/dashboards; the dashboards in /etc/grafana/dashboards/surewire."
    return {**texts, "provisioning.yaml": header(catalogues, where) + _PROVISIONING}


def incident_files(catalogues: Catalogues, scope: IncidentScope) -> Files:
    """The dashboard of one incident, under `dashboards/`. Raises: ConfigError as `dashboard_of`."""
    dashboard = dashboard_of(scope)
    return {f"dashboards/{dashboard.file}.json": render(dashboard, catalogues.digest)}


def dashboards(catalogues: Catalogues) -> tuple[Dashboard, ...]:
    """Every dashboard, as values."""
    every = catalogues.objectives
    by_id = {one.id: one for one in every}
    return (
        executive(by_id),
        on_call(by_id),
        connection(every),
        durability(every),
        fanout(every),
        capacity(by_id),
        incident(),
        *((phase0(by_id),) if any(one.startswith(PHASE_0) for one in by_id) else ()),
        slo_detail(every),
    )


def expressions(dashboard: Dashboard) -> tuple[str, ...]:
    """Every PromQL expression that its panels ask."""
    return tuple(query.expression for row in dashboard.rows for panel in row.panels for query in panel.queries)

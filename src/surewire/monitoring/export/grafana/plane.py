"""What the dashboards of the three planes have in common, in the order in which a person looks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec

from surewire.monitoring.export.grafana.model import Dashboard, Panel, Row
from surewire.monitoring.export.grafana.panels import active_alerts, health, objective_row, recent_events
from surewire.slo.objective import Objective

__all__ = ["PLANES", "plane_dashboard"]

PLANES: Final = {"connection": "gateway_", "durability": "durability_", "fanout": "fanout_"}
"""How the metrics of each plane begin."""

_GOLDEN_WIDTH: Final = 6


def plane_dashboard(
    name: str,
    purpose: str,
    objectives: Sequence[Objective],
    *,
    golden: tuple[Panel, Panel, Panel, Panel],
    dependencies: tuple[tuple[str, str], ...],
    detail: tuple[Row, ...],
) -> Dashboard:
    """Latency, traffic, errors and saturation; objectives against targets; dependencies; what changed; then the plane's own details."""
    own = [one for one in objectives if one.counted and any(used.metric.startswith(PLANES[name]) for used in one.counted.selectors)]
    signals = tuple(msgspec.structs.replace(panel, width=_GOLDEN_WIDTH) for panel in golden)
    return Dashboard(
        file=f"{name}-plane",
        uid=f"surewire-{name}",
        title=f"{name.capitalize()} plane",
        audience="Platform team",
        purpose=purpose,
        refresh="30s",
        since="now-3h",
        chooses_instances=True,
        chooses_logs=True,
        leads_to=("surewire-slo", "surewire-incident"),
        rows=(
            Row(title="Golden signals: latency, traffic, errors, saturation", panels=signals),
            objective_row(own),
            Row(title="Dependencies", panels=(health(dependencies),)),
            Row(title="Recent events", panels=(recent_events(width=12), active_alerts())),
            *detail,
        ),
    )

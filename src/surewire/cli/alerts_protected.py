"""The alerts that nothing may keep from people, with the labels that they reach an Alertmanager with."""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter

from surewire.cli.remote import named_values
from surewire.monitoring.export.catalogues import built_in_catalogues
from surewire.monitoring.export.prometheus import alert_labels
from surewire.slo.label_matching import Labels

__all__ = ["ExternalLabels", "protected_alerts"]

ExternalLabels = Annotated[
    list[str] | None,
    Parameter(name="--label", help="A label that Prometheus adds to all alerts, NAME=VALUE; may be repeated."),
]


def protected_alerts(external: list[str] | None) -> dict[str, Labels]:
    """Their labels by name, as `surewire export prometheus` writes them."""
    added = named_values("--label", external, "cluster=eu")
    rules = [rule for rule in built_in_catalogues().rules if rule.is_non_negotiable]
    return {rule.name: {**added, "alertname": rule.name, **alert_labels(rule)} for rule in rules}

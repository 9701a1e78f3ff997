"""Whether every alert has a name of its own: a name that two share is one alert, and the other is lost without a word."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from surewire.contract.catalogue import load_alerts
from surewire.contract.metrics import MetricsCatalogue
from surewire.contract.slos import Slo, SloCatalogue
from surewire.errors import ConfigError
from surewire.slo.alert_rule import AlertRule
from surewire.slo.alert_rules import alert_rules
from surewire.slo.counted import counted

__all__ = ["alert_name_problems"]

Found = tuple[str, str, str]
"""The id of the objective, what is wrong with it, and the mend."""


def alert_name_problems(catalogue: SloCatalogue, metrics: MetricsCatalogue) -> Iterator[Found]:
    """Objectives of which an alert has the name of an alert of the catalogue or of an earlier objective, each once."""
    first: dict[str, AlertRule] = {}
    named: set[str] = set()
    alerts = load_alerts()
    own = {alert.name for alert in alerts.alerts}
    for rule in alert_rules(_readable(catalogue), alerts, metrics):
        twin = first.setdefault(rule.name, rule)
        # Tiers of one objective that are the same are named with its policy.
        if twin is rule or rule.slo in named or (twin.slo == rule.slo and rule.name not in own):
            continue
        named.add(rule.slo)
        other = "the built-in ones" if rule.name in own else twin.slo
        what = f"its alert {rule.name} would have the name of one of {other}, and one of the two would be lost."
        yield rule.slo, what, "Write another id: names of alerts leave the hyphens of ids out."


def _readable(catalogue: SloCatalogue) -> SloCatalogue:
    """The catalogue without the objectives whose selectors are none; those are named where series are looked at."""
    return replace(catalogue, slos=tuple(slo for slo in catalogue.slos if _is_readable(slo)))


def _is_readable(slo: Slo) -> bool:
    try:
        counted(slo)
    except ConfigError:
        return False
    return True

"""Prometheus: recording and alerting rules of every objective, every other alert, and a configuration that scrapes them.

One file an objective, so that its rules can be taken, left or tested alone; those of the first phase are one file, under the path that
its document names.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Final

from surewire.monitoring.export.catalogues import Catalogues, Files, header
from surewire.monitoring.export.dead_alerts import refuse_dead_rules
from surewire.monitoring.export.promql import expression
from surewire.monitoring.export.recorded_counts import SERVICE, Record, budget_records, slot_records
from surewire.monitoring.export.views import view_records
from surewire.slo.alert_rule import AlertRule
from surewire.slo.window import SLOT_S, Rolling

__all__ = ["PHASE0_ALERTS", "alert_annotations", "alert_labels", "alerts_of_file", "files", "rule_files"]

PHASE0_ALERTS: Final = "config/alerting/phase-0-alerts.yml"

_OTHER_ALERTS: Final = "rules/alerts.yml"
_VIEWS: Final = "rules/views.yml"
_BUDGETS: Final = "rules/budgets.yml"
_TITLES: Final = {
    PHASE0_ALERTS: "The objectives of the first phase: what they count, and their alerts.",
    _OTHER_ALERTS: "Alerts that no objective stands behind.",
    _BUDGETS: "What is left of every error budget.",
    _VIEWS: "Other names for what the objectives record.",
}
_SLOT: Final = str(Rolling(SLOT_S))
_MINUTE: Final = "1m"

_CONFIGURATION: Final = """\
# Budgets look back over 31 days: start Prometheus with --storage.tsdb.retention.time=35d or more.

global:
  scrape_interval: {slot}
  evaluation_interval: {slot}

rule_files:
  - rules/*.yml
  - config/alerting/*.yml

alerting:
  alertmanagers:
    - static_configs:
        - targets: ["localhost:9093"]

scrape_configs:
  - job_name: websocket
    metrics_path: /metrics
    static_configs:
      - targets: ["localhost:8080"]
"""


def files(catalogues: Catalogues) -> Files:
    """`prometheus.yml` and the rule files that it names."""
    configuration = header(catalogues, "Scrapes surewire and evaluates its rules.") + _CONFIGURATION.format(slot=_SLOT)
    return {"prometheus.yml": configuration, **rule_files(catalogues)}


def rule_files(catalogues: Catalogues) -> Files:
    """Every rule file. Raises: ConfigError when a rule reads a series that nothing exports."""
    refuse_dead_rules(catalogues)
    found: dict[str, list[str]] = {}
    for objective in catalogues.objectives:
        # Alerts stand behind what they read, in one group: rules of a group are evaluated in their order, at one time.
        alerts = [_alert(rule, catalogues) for rule in catalogues.rules if rule.slo == objective.id]
        if in_order := [*map(_record, slot_records(objective, catalogues)), *alerts]:
            found.setdefault(_file_of(objective.id), []).append(_group(f"slo-{objective.id}", _SLOT, in_order))
        if budgets := [*map(_record, budget_records(objective))]:
            found.setdefault(_BUDGETS, []).append(_group(f"slo-{objective.id}-budget", _MINUTE, budgets))
    for path, rules in alerts_of_file(catalogues).items():
        if others := [rule for rule in rules if not rule.slo]:
            name = "phase-0" if path == PHASE0_ALERTS else "alerts"
            found.setdefault(path, []).append(_group(name, _SLOT, (_alert(rule, catalogues) for rule in others)))
    if views := [*map(_record, view_records(catalogues))]:
        found[_VIEWS] = [_group("views", _MINUTE, views)]
    return {path: header(catalogues, _title(path)) + "\ngroups:\n" + "\n".join(groups) for path, groups in found.items()}


def alerts_of_file(catalogues: Catalogues) -> dict[str, list[AlertRule]]:
    """Which alerts stand in which rule file."""
    found: dict[str, list[AlertRule]] = {}
    for rule in catalogues.rules:
        phase0 = rule.name.startswith("Phase0")
        path = _file_of(rule.slo) if rule.slo else PHASE0_ALERTS if phase0 else _OTHER_ALERTS
        found.setdefault(path, []).append(rule)
    return found


def alert_labels(rule: AlertRule) -> dict[str, str]:
    """The labels that every alert carries, beside those of the series that fired it; those that are empty are left out."""
    labels = {"severity": rule.severity, "service": SERVICE, "slo": rule.slo, "window": rule.window, "owner": rule.owner}
    return {name: value for name, value in labels.items() if value}


def alert_annotations(rule: AlertRule, catalogues: Catalogues) -> dict[str, str]:
    """What the person who is paged reads."""
    return {"summary": rule.summary, "runbook_url": catalogues.runbook_url(rule.runbook)}


def _file_of(slo: str) -> str:
    return PHASE0_ALERTS if slo.startswith("phase0-") else f"rules/slo-{slo}.yml"


def _title(path: str) -> str:
    slo = path.removeprefix("rules/slo-").removesuffix(".yml")
    return _TITLES.get(path, f"The objective {slo}: what it counts, and its alerts.")


def _group(name: str, interval: str, rules: Iterable[str]) -> str:
    return f"  - name: {name}\n    interval: {interval}\n    rules:\n{''.join(rules)}"


def _record(record: Record) -> str:
    labels = f"        labels: {_mapping(record.labels)}\n" if record.labels else ""
    return f"      - record: {record.name}\n{_expression(record.expression)}{labels}"


def _alert(rule: AlertRule, catalogues: Catalogues) -> str:
    hold = f"        for: {Rolling(rule.hold_s)}\n" if rule.hold_s else ""
    return (
        f"      - alert: {json.dumps(rule.name)}\n"
        f"{_expression(expression(rule, catalogues))}{hold}"
        f"        labels: {_mapping(alert_labels(rule))}\n"
        f"        annotations: {_mapping(alert_annotations(rule, catalogues))}\n"
    )


def _expression(text: str) -> str:
    lines = text.replace("\n", "\n          ")
    return f"        expr: |-\n          {lines}\n"


def _mapping(values: dict[str, str]) -> str:
    # JSON is YAML, and leaves no doubt about what is text.
    return "{" + ", ".join(f"{name}: {json.dumps(value, ensure_ascii=False)}" for name, value in values.items()) + "}"

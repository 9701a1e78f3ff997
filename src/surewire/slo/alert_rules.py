"""Every alert of an installation: those of the catalogue, then those of the objectives, in the order of their files."""

from __future__ import annotations

from typing import Final

from surewire.contract.alerts import Alert, AlertCatalogue
from surewire.contract.catalogue import load_metrics
from surewire.contract.metrics import MetricsCatalogue
from surewire.contract.slos import Owners, SloCatalogue
from surewire.slo.alert_rule import AlertRule
from surewire.slo.alert_summaries import SUMMARIES
from surewire.slo.condition import Budget, Burn, Condition, WindowBelow, selectors_of, window_of
from surewire.slo.condition_words import Vocabulary, parse_condition
from surewire.slo.objective import Objective, objectives
from surewire.slo.slo_alerts import slo_alerts
from surewire.slo.window import Rolling, parse_duration

__all__ = ["alert_rules"]

# Who answers for an alert that no objective stands behind, by the plane whose metrics it reads.
_TEAMS: Final = {"durability": "durability", "fanout": "fanout", "gateway": "connection"}
_OTHERS: Final = "platform"


def alert_rules(slos: SloCatalogue, alerts: AlertCatalogue, metrics: MetricsCatalogue | None = None) -> tuple[AlertRule, ...]:
    """Every alert; names are unique.

    An alert of the catalogue that speaks of an objective that `slos` does not have is left out, and one of an objective that waits for
    the same as one of the catalogue gives way to it. Raises: ConfigError when a condition is not understood.
    """
    known = objectives(slos)
    vocabulary = Vocabulary({objective.id: objective for objective in known}, metrics or load_metrics(), slos.defaults.min_events)
    made = {rule.condition: rule for objective in known for rule in slo_alerts(objective)}
    listed = [rule for alert in alerts.alerts if (rule := _listed(alert, alerts, vocabulary, slos, made))]
    named = {rule.condition for rule in listed}
    return (*listed, *(rule for condition, rule in made.items() if condition not in named))


def _listed(
    alert: Alert, alerts: AlertCatalogue, vocabulary: Vocabulary, slos: SloCatalogue, made: dict[Condition, AlertRule]
) -> AlertRule | None:
    condition = parse_condition(alert.expr, vocabulary)
    if condition is None:
        return None
    twin, objective = made.get(condition), _objective(condition, vocabulary)
    owners = objective.owners if objective else _owners(condition, slos)
    return AlertRule(
        name=alert.name,
        severity=alert.severity,
        runbook=alert.runbook,
        condition=condition,
        summary=SUMMARIES.get(alert.name, alert.expr),
        hold_s=parse_duration(alert.hold) if alert.hold else 0,
        slo=objective.id if objective else "",
        window=twin.window if twin else _window(condition),
        owner=owners.owner,
        backup=owners.backup,
        needs=alert.needs,
        targets=twin.targets if twin else (),
        is_non_negotiable=alert.name in alerts.non_negotiable,
    )


def _objective(condition: Condition, vocabulary: Vocabulary) -> Objective | None:
    return vocabulary.objectives.get(condition.slo) if isinstance(condition, Burn | Budget | WindowBelow) else None


def _window(condition: Condition) -> str:
    seconds = window_of(condition)
    return str(Rolling(seconds)) if seconds else ""


def _owners(condition: Condition, slos: SloCatalogue) -> Owners:
    """The team of the plane whose series are read; the agreement's owner where the definitions have no such team."""
    planes = [selector.metric.partition("_")[0] for selector in selectors_of(condition)]
    team = _TEAMS.get(planes[0], _OTHERS) if planes else _OTHERS
    nobody = Owners(owner=slos.sla.owner, backup="", escalation="")
    return slos.owners.get(team, nobody)

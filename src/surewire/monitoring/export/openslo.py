"""Objectives, their burn tiers and their targets as OpenSLO v1.

OpenSLO knows one window in a condition, so the short window that surewire asks for besides, and the least number of bad events, are
annotations. What is neither a ratio of events nor a gauge (capacity, checks, responses) has no place in it and is named at the top.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import msgspec
import yaml

from surewire.contract.alerts import AlertCatalogue
from surewire.contract.slos import AvailabilitySlo, ProbeSlo
from surewire.monitoring.export.catalogues import Catalogues, Files, header
from surewire.monitoring.export.promql import number, selector
from surewire.slo import openslo
from surewire.slo.objective import Objective, Tier
from surewire.slo.window import CalendarMonth, Rolling

__all__ = ["files"]

_SOURCE: Final = "prometheus"
_SERVICE: Final = "surewire"
_OURS: Final = "surewire/"
_LEAST: Final = "SEV-4"
_FIELDS: Final = ("min_bad", "warn_at", "hard_fail_s", "interval_s", "timeout_s", "down_after_failures", "maintenance_notice_h")
_SOME_MONTH: Final = openslo.Calendar(start_time="2026-01-01 00:00:00", time_zone="UTC")
"""Any first of a month: only the length and the zone of the window matter."""


def files(catalogues: Catalogues) -> Files:
    """`openslo.yaml`: every object in one file, what is referred to before what refers to it."""
    said = [one for one in catalogues.objectives if one.counted is not None]
    unsaid = ", ".join(one.id for one in catalogues.objectives if one.counted is None)
    title = f"The objectives as OpenSLO v1. Not in it, for it has no words for them: {unsaid}."
    return {"openslo.yaml": header(catalogues, title) + "".join(map(_text, _objects(said, catalogues.alerts)))}


def _objects(objectives: list[Objective], alerts: AlertCatalogue) -> Iterator[openslo.OpenSlo]:
    yield openslo.Service(**_named(_SERVICE), spec=openslo.ServiceSpec(description="Durable chat and live event streams over WebSocket."))
    yield openslo.DataSource(
        **_named(_SOURCE), spec=openslo.DataSourceSpec(type="Prometheus", connection_details={"url": "http://localhost:9090"})
    )
    for target in sorted({name for rule in alerts.severities.values() for name in rule.notify}):
        yield openslo.AlertNotificationTarget(**_named(target), spec=openslo.TargetSpec(target=target))
    yield from _alerts(objectives, alerts)
    for objective in objectives:
        yield openslo.Sli(**_named(objective.id), spec=_indicator(objective))
        yield openslo.SloObject(**_named(objective.id, _annotations(objective)), spec=_spec(objective))


def _text(written: openslo.OpenSlo) -> str:
    # The tag comes first in msgspec's own order, and the version of the API belongs before it.
    fields: dict[str, Any] = msgspec.to_builtins(written)
    ordered = {"apiVersion": fields.pop("apiVersion"), **fields}
    return f"---\n{yaml.safe_dump(ordered, sort_keys=False, width=140, allow_unicode=True)}"


def _named(name: str, annotations: dict[str, str] | None = None) -> Any:
    return {"api_version": openslo.API_VERSION, "metadata": openslo.Metadata(name=name, annotations=annotations or {})}


# ---- objectives


def _annotations(objective: Objective) -> dict[str, str]:
    """What OpenSLO has no fields for, so that an import gets it all back."""
    slo, owners = objective.slo, objective.owners
    said = {
        "kind": objective.kind,
        "owner": owners.owner,
        "backup": owners.backup,
        "escalation": owners.escalation,
        "runbook": objective.runbook,
        "policy": slo.policy,
        "slo-name": slo.slo_name,
        "gate": "true" if slo.gate else "",
        "user-facing": "true" if slo.user_facing else "",
        "per": objective.per,
        "strict": "true" if objective.is_strict else "",
    } | {name.replace("_", "-"): str(value) for name in _FIELDS if (value := getattr(slo, name, None)) is not None}
    return {f"{_OURS}{name}": value for name, value in said.items() if value}


def _indicator(objective: Objective) -> openslo.SliSpec:
    if isinstance(objective.slo, AvailabilitySlo | ProbeSlo):
        return openslo.SliSpec(threshold_metric=_metric(objective.slo.metric))
    counts = objective.counted
    if counts is None:
        raise ValueError(objective.id)
    good, bad, total = (None if one is None else _metric(selector(one)) for one in (counts.good, counts.bad, counts.total))
    if total is None:
        # Good and bad without a total: OpenSLO wants the total, which is both.
        total = _metric(" + ".join(f"sum({selector(one)})" for one in counts.selectors))
        good = None
    return openslo.SliSpec(ratio_metric=openslo.RatioMetric(counter=True, good=good, bad=bad, total=total))


def _metric(query: str) -> openslo.MetricSpec:
    return openslo.MetricSpec(metric_source=openslo.MetricSource(metric_source_ref=_SOURCE, type="Prometheus", spec={"query": query}))


def _spec(objective: Objective) -> openslo.SloSpec:
    is_gauge = isinstance(objective.slo, AvailabilitySlo | ProbeSlo)
    target = openslo.Target(target=float(objective.target or 0))
    if is_gauge:
        target = msgspec.structs.replace(target, op="gte", value=1.0, time_slice_target=1.0, time_slice_window="1m")
    return openslo.SloSpec(
        description=objective.slo.note,
        service=_SERVICE,
        indicator_ref=objective.id,
        budgeting_method="Timeslices" if is_gauge else "Occurrences",
        time_window=(_window(objective),),
        objectives=(target,),
        alert_policies=tuple(openslo.PolicyChoice(alert_policy_ref=name) for name in _policy_names(objective)),
    )


def _window(objective: Objective) -> openslo.TimeWindow:
    if isinstance(objective.window, CalendarMonth):
        return openslo.TimeWindow(duration="1M", is_rolling=False, calendar=_SOME_MONTH)
    return openslo.TimeWindow(duration=str(objective.window), is_rolling=True)


# ---- alerts


def _policy_names(objective: Objective) -> list[str]:
    if objective.tiers:
        return [_tier_name(tier) for tier in objective.tiers]
    return [f"breach-{objective.window}-{(objective.policy.severity or _LEAST).lower()}"] if objective.policy.breach_for else []


def _tier_name(tier: Tier) -> str:
    return f"burn-{number(tier.rate).replace('.', '-')}x-{Rolling(tier.long_s)}-{(tier.severity or _LEAST).lower()}"


def _alerts(objectives: list[Objective], alerts: AlertCatalogue) -> Iterator[openslo.OpenSlo]:
    """Each condition and its policy once, whichever objectives name them."""
    conditions: dict[str, openslo.AlertCondition] = {}
    for objective in objectives:
        for tier in objective.tiers:
            conditions.setdefault(_tier_name(tier), _tier(tier))
        for name in [] if objective.tiers else _policy_names(objective):
            conditions.setdefault(name, _breach(name, objective))
    for name, condition in conditions.items():
        yield condition
        yield _policy(name, condition.spec.severity, alerts)


def _tier(tier: Tier) -> openslo.AlertCondition:
    said = {"short-window": str(Rolling(tier.short_s)), "state": tier.state, "freezes-deployments": "true" if tier.freezes else ""}
    condition = openslo.BurnCondition(kind="burnrate", op="gt", threshold=float(tier.rate), lookback_window=str(Rolling(tier.long_s)))
    annotations = {f"{_OURS}{name}": value for name, value in said.items() if value}
    return openslo.AlertCondition(
        **_named(_tier_name(tier), annotations), spec=openslo.AlertConditionSpec(severity=tier.severity or _LEAST, condition=condition)
    )


def _breach(name: str, objective: Objective) -> openslo.AlertCondition:
    """Below its objective is the same as a burn rate above one over the objective's own window."""
    condition = openslo.BurnCondition(
        kind="burnrate", op="gt", threshold=1.0, lookback_window=str(objective.window), alert_after=objective.policy.breach_for or ""
    )
    severity = objective.policy.severity or _LEAST
    return openslo.AlertCondition(**_named(name), spec=openslo.AlertConditionSpec(severity=severity, condition=condition))


def _policy(name: str, severity: str, alerts: AlertCatalogue) -> openslo.AlertPolicy:
    notified = next(rule.notify for level, rule in alerts.severities.items() if level == severity)
    return openslo.AlertPolicy(
        **_named(name),
        spec=openslo.AlertPolicySpec(
            alert_when_breaching=True,
            conditions=(openslo.ConditionChoice(condition_ref=name),),
            notification_targets=tuple(openslo.TargetChoice(target_ref=target) for target in notified),
        ),
    )

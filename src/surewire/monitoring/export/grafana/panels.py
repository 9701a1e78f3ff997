"""Panels that several dashboards share: rates, percentiles, shares, objectives, alerts, and what people noted."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from surewire.monitoring.export.grafana.model import GREEN, GREY, RED, Panel, Query, Row, Step
from surewire.monitoring.export.grafana.queries import RATE, Series, ratio
from surewire.monitoring.export.grafana.sli_queries import budget, budget_steps, standing, target_steps
from surewire.slo.objective import Objective

__all__ = [
    "HEALTH",
    "active_alerts",
    "alert_history",
    "budgets",
    "gauges",
    "health",
    "objective_row",
    "objective_stat",
    "percentiles",
    "rates",
    "recent_events",
    "share",
]

HEALTH: Final = (("1", "healthy", GREEN), ("0.5", "half-open", "yellow"), ("0", "down", RED))
_FIRING: Final = 'ALERTS{alertstate="firing"}'


def rates(title: str, series: Series, selectors: Iterable[tuple[str, str]], *, unit: str = "ops", is_stacked: bool = False) -> Panel:
    """Events a second of each selector; its second part names the line, or in double braces the label whose values have one each."""
    queries = tuple(Query(series.rate(selector, _labels_of(legend)), legend) for selector, legend in selectors)
    return Panel(title=title, queries=queries, unit=unit, least=0, is_stacked=is_stacked)


def percentiles(
    title: str,
    series: Series,
    histogram: str,
    percents: Sequence[str] = ("50", "95", "99"),
    *,
    by: str = "",
    threshold: float | None = None,
    unit: str = "s",
) -> Panel:
    """Percentiles of a histogram, by a label if one is named; a line at the threshold that was promised."""
    name, labels, window = (f" {{{{{by}}}}}", (by,), "5m") if by else ("", (), RATE)
    queries = tuple(Query(series.percentile(f"0.{percent}", histogram, labels, window), f"p{percent}{name}") for percent in percents)
    steps = () if threshold is None else (Step(None, GREEN), Step(threshold, RED))
    description = "Estimates, interpolated within a bucket; no line while nothing is measured."
    return Panel(title=title, queries=queries, unit=unit, least=0, steps=steps, description=description)


def share(title: str, series: Series, part: str, whole: Sequence[str], *, window: str = "5m", steps: tuple[Step, ...] = ()) -> Panel:
    """The share of events that `part` selects, of all that `whole` do together; no line without events."""
    everything = " + ".join(series.increase(selector, window) for selector in whole)
    expression = ratio(series.increase(part, window), f"({everything})" if len(whole) > 1 else everything)
    return Panel(title=title, queries=(Query(expression, f"over {window}"),), unit="percentunit", least=0, steps=steps)


def gauges(title: str, series: Series, selectors: Iterable[tuple[str, str]], *, unit: str = "short") -> Panel:
    """Gauges now, added up; named as those of `rates`."""
    queries = tuple(Query(series.value(selector, _labels_of(legend)), legend) for selector, legend in selectors)
    return Panel(title=title, queries=queries, unit=unit, least=0)


def objective_stat(objective: Objective, *, width: int = 4, title: str = "") -> Panel:
    """The share of good events over the objective's own window, coloured by its target."""
    worst = f"min({standing(objective)})" if objective.per else standing(objective)
    return Panel(
        title=title or objective.id,
        type="stat",
        queries=(Query(worst, objective.id),),
        description=f"Target {objective.target} over {objective.window}. Owner: {objective.owners.owner}, then {objective.owners.backup}.",
        unit="percentunit",
        decimals=3,
        most=1,
        steps=target_steps(objective),
        width=width,
        height=4,
    )


def objective_row(objectives: Iterable[Objective]) -> Row:
    """Where each objective stands against its target."""
    return Row(title="Objectives: now against target", panels=tuple(map(objective_stat, objectives)))


def budgets(title: str, objectives: Sequence[Objective], *, width: int = 24) -> tuple[Panel, ...]:
    """What remains of each budget over its window, coloured by the states of the policy; nothing where there is no budget."""
    if not objectives:
        return ()
    panel = Panel(
        title=title,
        type="bargauge",
        queries=tuple(Query(budget(objective), objective.name) for objective in objectives),
        description="1 is untouched, 0 exhausted, negative overspent; maintenance and corrections are taken out.",
        unit="percentunit",
        least=0,
        most=1,
        steps=budget_steps(objectives[0]),
        width=width,
        height=max(8, 2 + len(objectives)),
    )
    return (panel,)


def health(checks: Iterable[tuple[str, str]], *, width: int = 24, height: int = 5) -> Panel:
    """One field per dependency: healthy, down, or no data where it is not configured."""
    return Panel(
        title="Health",
        type="stat",
        queries=tuple(Query(expression, name) for name, expression in checks),
        description="What is not configured, or not measured, has no data; that is never green.",
        words=HEALTH,
        steps=(Step(None, GREY),),
        width=width,
        height=height,
    )


def active_alerts(*, width: int = 12, height: int = 8) -> Panel:
    """What fires now, the worst first."""
    expression = f"max by (severity, alertname, slo, service, owner) ({_FIRING})"
    return Panel(title="Active alerts", type="table", queries=(Query(expression, is_now=True),), width=width, height=height)


def alert_history(*, width: int = 12, height: int = 8) -> Panel:
    """What fired and for how long, over the time of the dashboard."""
    query = Query(f"max by (severity, alertname) ({_FIRING})", "{{severity}} {{alertname}}")
    words = (("1", "firing", RED),)
    return Panel(title="Alerts over time", type="state-timeline", queries=(query,), words=words, width=width, height=height)


def recent_events(*, title: str = "Recent changes", tags: str = "", width: int = 24, height: int = 8) -> Panel:
    """Annotations that surewire wrote: deployments, maintenance, incidents, freezes."""
    return Panel(title=title, type="annolist", text=tags, width=width, height=height)


def _labels_of(legend: str) -> tuple[str, ...]:
    return (legend[2:-2],) if legend.startswith("{{") else ()

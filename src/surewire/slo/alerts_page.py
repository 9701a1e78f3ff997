"""The reference page of the alerts, made from the definitions: `python -m surewire.slo.alerts_page > docs/alerts.md`."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from typing import Final

from surewire.contract.alerts import AlertCatalogue, SeverityRule
from surewire.contract.catalogue import load_alerts, load_slos
from surewire.contract.slos import Severity
from surewire.slo.alert_rule import AlertRule
from surewire.slo.alert_rules import alert_rules
from surewire.slo.objective import Objective, objectives

__all__ = ["alerts_page"]

_INTRODUCTION: Final = """\
# Alerts

<!-- Made by `python -m surewire.slo.alerts_page`; edit src/surewire/contract/alerts.yaml or slos.yaml instead. -->

Every alert of the definitions that come with surewire: its name, how urgent it is, what it waits for, and the page to open. The server
evaluates them itself, and `surewire export prometheus` writes the same as rules. How to read the numbers behind them is on
[a page of its own](slo-reading.md), what follows from them on [service levels](service-levels.md).

An alert whose series are not there has no data: it neither fires nor is it well. So it is with the back ends that are not configured.
"""
_SEVERITIES: Final = """
## Severities

| severity | answer within | told to | when nobody answers |
|---|---|---|---|
"""
_NON_NEGOTIABLE: Final = """
## Not negotiable

{names} cannot be silenced, downgraded or snoozed and do not end by themselves. Each pages
again after 5 min without an acknowledgement, at any hour of the day. An acknowledgement lasts an hour; the alert itself stays, over
restarts too, until a person closes it with a reason. `surewire alerts lint` finds what would keep them from people in an Alertmanager's
configuration, `surewire alerts audit` live silences that do.
"""
_CATALOGUE: Final = """
## By name

| alert | severity | fires when | for | needs | runbook |
|---|---|---|---|---|---|
"""
_OBJECTIVES: Final = """
## Of objectives

Made from each objective by its policy. Burn alerts look at two windows, so they have no `for`; a breached objective of a day or less
must stay so for 5 min. An alert that has a name of its own above is not made a second time.

| objective | owner | alerts | runbook |
|---|---|---|---|
"""


def alerts_page() -> str:
    """`docs/alerts.md`: every alert of the built-in definitions."""
    catalogue, known = load_alerts(), objectives(load_slos())
    rules = alert_rules(load_slos(), catalogue)
    listed = {alert.name for alert in catalogue.alerts}
    made = [rule for rule in rules if rule.name not in listed]
    return (
        _INTRODUCTION
        + _SEVERITIES
        + _rows(_severity(name, rule, catalogue) for name, rule in catalogue.severities.items())
        + _NON_NEGOTIABLE.format(names=", ".join(f"`{name}`" for name in catalogue.non_negotiable))
        + _CATALOGUE
        + _rows(_listed(catalogue))
        + _OBJECTIVES
        + _rows(row for objective in known if (row := _made(objective, made)))
    )


def _severity(name: Severity, rule: SeverityRule, catalogue: AlertCatalogue) -> tuple[str, ...]:
    steps = "; ".join(f"{step.to} after {step.after}" for step in rule.escalate)
    missed = f"; after two missed pages {catalogue.two_missed_pages}" if steps else ""
    return name, rule.respond_within, ", ".join(rule.notify), steps + missed


def _listed(catalogue: AlertCatalogue) -> Iterator[tuple[str, ...]]:
    for alert in catalogue.alerts:
        condition = f"`{alert.expr}`".replace("|", "\\|")
        yield f"`{alert.name}`", alert.severity, condition, alert.hold or "", alert.needs, _link(alert.runbook)


def _made(objective: Objective, rules: Iterable[AlertRule]) -> tuple[str, ...] | None:
    mine = [rule for rule in rules if rule.slo == objective.id]
    if not mine:
        return None
    names = "<br>".join(f"`{rule.name}` {rule.severity}" for rule in mine)
    return f"`{objective.id}`", objective.owners.owner, names, _link(objective.runbook)


def _link(runbook: str) -> str:
    return f"[{runbook}](../src/surewire/contract/runbooks/{runbook}.md)"


def _rows(rows: Iterable[tuple[str, ...]]) -> str:
    return "".join("| " + " | ".join(cells) + " |\n" for cells in rows)


if __name__ == "__main__":
    sys.stdout.write(alerts_page())

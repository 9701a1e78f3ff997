"""What does not change from one look at the alerts to the next."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

import msgspec

from surewire.alerting.letters import Letters
from surewire.alerting.plans import Plan, plans
from surewire.alerting.silencing import Silencing
from surewire.contract.alerts import AlertCatalogue
from surewire.contract.slos import Severity
from surewire.slo.alert_rule import AlertRule

__all__ = ["Definitions", "definitions"]


class Definitions(msgspec.Struct, frozen=True):
    """The rules by name in their order, the plans by severity, who writes the notifications, and what silences mute."""

    rules: Mapping[str, AlertRule]
    plans: Mapping[Severity, Plan]
    letters: Letters
    silencing: Silencing


def definitions(
    rules: Iterable[AlertRule],
    catalogue: AlertCatalogue,
    configured: Collection[str],
    *,
    runbook_url: str = "/runbooks/",
) -> Definitions:
    """What follows from the rules, the catalogue's severities and the names of the configured targets.

    `runbook_url` is what stands before a runbook's number.
    """
    by_name = {rule.name: rule for rule in rules}
    letters = Letters(by_name, runbook_url)
    return Definitions(by_name, plans(catalogue, configured), letters, Silencing(by_name.values()))

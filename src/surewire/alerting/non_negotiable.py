"""What nobody may do to the alerts that say that the server broke its word, and what they ask of people.

A non-negotiable alert cannot be silenced, downgraded, snoozed or resolved by itself. It pages until it is acknowledged, again an hour
after each acknowledgement, and again whenever its counters grow; only a person who gives a reason closes it. Nothing in the configuration
changes any of this; `surewire.slo.alert_rule.AlertRule.is_non_negotiable` comes from the catalogue inside the package.
"""

from __future__ import annotations

from collections.abc import Iterable

from surewire.alerting.silencing import alert_labels, matches
from surewire.contract.selector import Matcher
from surewire.slo.alert_rule import AlertRule

__all__ = ["would_be_muted"]


def would_be_muted(matchers: Iterable[Matcher], rules: Iterable[AlertRule]) -> tuple[str, ...]:
    """The non-negotiable alerts that a silence with these matchers would be about."""
    wanted = tuple(matchers)
    return tuple(rule.name for rule in rules if rule.is_non_negotiable and matches(wanted, alert_labels(rule)))

"""Invariants of alerts: a page to open for each, and three that nobody can weaken."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from surewire.contract.selector import parse_selector
from surewire.slo.alert_rule import AlertRule
from surewire.slo.amendments import unapproved
from surewire.slo.condition import Latched
from surewire.slo.invariants.evidence import Definitions, Live, Violation

__all__ = ["NON_NEGOTIABLE", "non_negotiable_of_definitions", "non_negotiable_of_server", "runbooks_of_definitions"]

NON_NEGOTIABLE: Final = {
    "MessageLoss": 'durability_ack_sent_total{persisted="false"}',
    "DuplicateSequence": "durability_duplicate_sequence_total",
    "CounterCorruption": "durability_counter_missing_total",
}
"""The three and what they watch. They stand here as well as in the catalogue, so that a change there alone is found.

To change one takes a written justification, two approvals and an entry in the decisions: an amendment, see `surewire.slo.amendments`.
"""

_RUNBOOK, _IMMUTABLE = "alert_runbook", "non_negotiable_immutable"
_LATCH: Final = "messaging_alert_latched"


def runbooks_of_definitions(definitions: Definitions) -> Iterator[Violation]:
    """Alerts without a runbook that ships with the server; a SEV-4 has one here as well."""
    for rule in definitions.rules:
        if not rule.runbook:
            yield Violation(_RUNBOOK, rule.name, f"a {rule.severity} without a runbook.")
        elif rule.runbook not in definitions.runbooks:
            yield Violation(_RUNBOOK, rule.name, f"its runbook {rule.runbook} does not exist.")


def non_negotiable_of_definitions(definitions: Definitions) -> Iterator[Violation]:
    """What weakens one of the three: gone, of another severity, late, not latched, or watching something else."""
    if set(definitions.alerts.non_negotiable) != set(NON_NEGOTIABLE):
        names = ", ".join(sorted(set(definitions.alerts.non_negotiable) ^ set(NON_NEGOTIABLE)))
        yield Violation(_IMMUTABLE, names, "these are non-negotiable in the catalogue or in the code, and not in both.")
    yield from (Violation(_IMMUTABLE, "non_negotiable", problem) for problem in unapproved(definitions.alerts))
    rules = {rule.name: rule for rule in definitions.rules}
    for name, watched in NON_NEGOTIABLE.items():
        problems = _weaknesses(rules[name], watched) if name in rules else ["there is no such alert."]
        yield from (Violation(_IMMUTABLE, name, problem) for problem in problems)


def non_negotiable_of_server(definitions: Definitions, live: Live) -> Iterator[Violation]:
    """What a server does not show of the three: the latch that keeps them firing, and the counters that they watch."""
    latch = live.families.get(_LATCH)
    if latch is None:
        yield Violation(_IMMUTABLE, _LATCH, "the server does not export it, so nobody sees that an alert waits for a person.")
    elif strangers := latch.labels.get("alertname", frozenset[str]()) - NON_NEGOTIABLE.keys():
        yield Violation(_IMMUTABLE, _LATCH, f"it latches others too: {', '.join(sorted(strangers))}.")
    for name, watched in NON_NEGOTIABLE.items():
        metric = parse_selector(watched).metric
        if metric not in live.families:
            yield Violation(_IMMUTABLE, name, f"the server does not export {metric}, which it watches.")


def _weaknesses(rule: AlertRule, watched: str) -> Iterator[str]:
    if rule.severity != "SEV-1":
        yield f"it is a {rule.severity}, not a SEV-1."
    if rule.hold_s:
        yield f"it waits {rule.hold_s} s before it fires."
    if not rule.is_non_negotiable:
        yield "it may be silenced."
    if not isinstance(rule.condition, Latched):
        yield "it is not latched: it would resolve by itself."
    elif rule.condition.counters != (parse_selector(watched),):
        yield f"it does not watch {watched}."

"""Invariants of objectives: measured and alerted on, owned by one, fed by metrics only."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from surewire.contract.selector import parse_selector
from surewire.contract.slos import AvailabilitySlo, CapacitySlo, CheckSlo, LatencySlo, ProbeSlo, RatioSlo, ResponseSlo, Slo
from surewire.errors import ConfigError
from surewire.slo.condition import Down
from surewire.slo.invariants.evidence import Definitions, Live, Violation
from surewire.slo.known_series import family_of
from surewire.slo.lint_series import series_problems

__all__ = [
    "OPTIONAL",
    "authority_of_definitions",
    "authority_of_server",
    "coverage_of_definitions",
    "coverage_of_server",
    "ownership_of_definitions",
    "ownership_of_server",
    "unmeasured",
]

OPTIONAL: Final = (
    "durability_circuit_breaker_",
    "durability_dynamodb_",
    "durability_kafka_",
    "gateway_auth_failures_",
    "gateway_upstream_",
    "probe_",
    "router_redis_",
    "signals_",
)
"""How the metrics begin of what need not be configured; without it they are absent, and what reads them has no data."""

_COVERAGE, _AUTHORITY, _OWNERSHIP = "slo_coverage", "signal_authority", "slo_ownership_single"
_FIELDS: Final = ("good", "bad", "total", "metric")
_SIGNALS: Final[dict[type, tuple[str, ...]]] = {
    RatioSlo: ("counter",),
    LatencySlo: ("histogram",),
    AvailabilitySlo: ("gauge",),
    ProbeSlo: ("gauge",),
    CapacitySlo: ("counter", "gauge"),
}
_SEVERAL: Final = re.compile(r"[,;/&+|]| and | or ", re.IGNORECASE)


# ---- slo_coverage


def coverage_of_definitions(definitions: Definitions) -> Iterator[Violation]:
    """User-facing objectives that cannot be computed from metrics, or whose breach no alert tells."""
    told = {rule.slo for rule in definitions.rules if rule.slo}
    has_down = any(isinstance(rule.condition, Down) for rule in definitions.rules)
    for slo in definitions.slos.slos:
        if slo.user_facing:
            for field, what, _ in series_problems(slo, definitions.metrics):
                yield Violation(_COVERAGE, slo.id, f"{field}: {what}")
            if slo.id not in told and not (isinstance(slo, ProbeSlo) and has_down):
                yield Violation(_COVERAGE, slo.id, "no alert fires when it is breached.")


def coverage_of_server(definitions: Definitions, live: Live) -> Iterator[Violation]:
    """User-facing objectives whose metrics the server does not export. What needs something that is not configured may be absent."""
    for slo in definitions.slos.slos:
        for metric in _metrics(slo) if slo.user_facing else ():
            if metric not in live.families and not metric.startswith(OPTIONAL):
                yield Violation(_COVERAGE, slo.id, f"the server does not export {metric}.")


def unmeasured(definitions: Definitions, live: Live) -> tuple[str, ...]:
    """Objectives that have no data here, because what they read is not configured. No violation, and never green."""
    absent = {slo.id for slo in definitions.slos.slos for metric in _metrics(slo) if metric not in live.families}
    return tuple(slo.id for slo in definitions.slos.slos if slo.id in absent)


# ---- signal_authority


def authority_of_definitions(definitions: Definitions) -> Iterator[Violation]:
    """Objectives that are not computed from counters, histograms and gauges of the catalogue."""
    for slo in definitions.slos.slos:
        if isinstance(slo, CheckSlo | ResponseSlo):
            continue  # judged by a running check and by incidents, from no signal at all
        metrics = _metrics(slo)
        if not metrics:
            yield Violation(_AUTHORITY, slo.id, "no metric is named that it is computed from.")
        for metric in metrics:
            family = family_of(metric, definitions.metrics)
            if family is None:
                yield Violation(_AUTHORITY, slo.id, f"{metric} is no metric.")
            elif family.type not in _SIGNALS[type(slo)]:
                yield Violation(_AUTHORITY, slo.id, f"{metric} is a {family.type}, not a {' or '.join(_SIGNALS[type(slo)])}.")


def authority_of_server(definitions: Definitions, live: Live) -> Iterator[Violation]:
    """Metrics of objectives that the server exports as something else than they are."""
    for slo in definitions.slos.slos:
        for metric in _metrics(slo):
            family, exposed = family_of(metric, definitions.metrics), live.families.get(metric)
            if family and exposed and exposed.type != family.type:
                yield Violation(_AUTHORITY, slo.id, f"the server exports {metric} as {exposed.type}, not as {family.type}.")


# ---- slo_ownership_single


def ownership_of_definitions(definitions: Definitions) -> Iterator[Violation]:
    """Objectives that not exactly one owner and one backup answer for, two different people."""
    for objective in definitions.objectives:
        yield from _ownership(objective.id, objective.owners.owner, objective.owners.backup)


def ownership_of_server(definitions: Definitions, live: Live) -> Iterator[Violation]:
    """Objectives that the server leaves out, or shows with other owners than were defined."""
    shown = {one.id: one for one in live.objectives}
    for objective in definitions.objectives:
        row = shown.get(objective.id)
        if row is None:
            yield Violation(_OWNERSHIP, objective.id, "the server does not show it.")
        elif (row.owner, row.backup) != (objective.owners.owner, objective.owners.backup):
            yield Violation(_OWNERSHIP, objective.id, f"the server shows {row.owner!r} and {row.backup!r}, which is not what is defined.")


def _ownership(slo: str, owner: str, backup: str) -> Iterator[Violation]:
    for role, person in (("owner", owner), ("backup", backup)):
        if not person.strip():
            yield Violation(_OWNERSHIP, slo, f"it has no {role}.")
        elif _SEVERAL.search(person):
            yield Violation(_OWNERSHIP, slo, f"its {role} is more than one: {person!r}.")
    if owner.strip() and owner.strip().casefold() == backup.strip().casefold():
        yield Violation(_OWNERSHIP, slo, f"{owner!r} cannot stand in for itself.")


def _metrics(slo: Slo) -> tuple[str, ...]:
    """The names of the metrics that an objective reads, those of wrong selectors left out."""
    found: list[str] = []
    for field in _FIELDS:
        text: str | None = getattr(slo, field, None)
        try:
            found.extend([parse_selector(text).metric] if text else [])
        except ConfigError:
            continue  # `slo_coverage` and the lint say what is wrong with it
    return tuple(dict.fromkeys(found))

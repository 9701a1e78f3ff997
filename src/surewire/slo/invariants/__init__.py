"""What must always hold of service levels, and is checked by a machine: on the definitions, and on a running server.

Each invariant has a static check, a live one, or both. The definitions are broken on purpose in the tests, one by one, and every break is
found. Source: the invariants of the observability contract.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

import msgspec

from surewire.slo.invariants import alerts, metrics, objectives
from surewire.slo.invariants.evidence import Definitions, Exposed, Live, Ownership, Violation
from surewire.slo.invariants.metrics import still_signals
from surewire.slo.invariants.objectives import unmeasured

__all__ = [
    "INVARIANTS",
    "Definitions",
    "Exposed",
    "Invariant",
    "Live",
    "Ownership",
    "Violation",
    "still_signals",
    "unmeasured",
    "violations",
]


class Invariant(msgspec.Struct, frozen=True, kw_only=True):
    """One invariant: its name, what it says, and what looks for breaks of it."""

    name: str
    promise: str
    static: Callable[[Definitions], Iterator[Violation]]
    live: Callable[[Definitions, Live], Iterator[Violation]] | None = None


INVARIANTS: Final = (
    Invariant(
        name="slo_coverage",
        promise="Every user-facing objective is computed from recorded metrics, and an alert fires when it is breached.",
        static=objectives.coverage_of_definitions,
        live=objectives.coverage_of_server,
    ),
    Invariant(
        name="slo_ownership_single",
        promise="Every objective has exactly one owner and one backup.",
        static=objectives.ownership_of_definitions,
        live=objectives.ownership_of_server,
    ),
    Invariant(
        name="signal_authority",
        promise="Objectives are computed from metrics only, never from logs.",
        static=objectives.authority_of_definitions,
        live=objectives.authority_of_server,
    ),
    Invariant(
        name="alert_runbook",
        promise="Every alert has a runbook that ships with the server.",
        static=alerts.runbooks_of_definitions,
    ),
    Invariant(
        name="non_negotiable_immutable",
        promise="The three correctness alerts page at once, are latched, and cannot be weakened.",
        static=alerts.non_negotiable_of_definitions,
        live=alerts.non_negotiable_of_server,
    ),
    Invariant(
        name="dashboard_coverage",
        promise="Every plane has a dashboard with its golden signals, and every panel can be filled.",
        static=metrics.dashboards_of_definitions,
        live=metrics.dashboards_of_server,
    ),
    Invariant(
        name="no_high_cardinality_metrics",
        promise="No identifier is a label, and the number of series is bounded.",
        static=metrics.cardinality_of_definitions,
        live=metrics.cardinality_of_server,
    ),
)


def violations(invariant: Invariant, definitions: Definitions, live: Live | None = None) -> tuple[Violation, ...]:
    """Everything that breaks it, in the definitions and, where one is given, on a server."""
    found = list(invariant.static(definitions))
    if live is not None and invariant.live is not None:
        found.extend(invariant.live(definitions, live))
    return tuple(sorted(found))

"""Invariants of metrics: few series, whatever comes in; and a dashboard with the golden signals of every plane."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from surewire.contract.metrics import Labels
from surewire.slo.invariants.evidence import Definitions, Exposed, Live, Violation
from surewire.slo.invariants.label_policy import FORBIDDEN, MOST_LABELS, MOST_SERIES, most_values, series_budget
from surewire.slo.invariants.objectives import OPTIONAL
from surewire.slo.known_series import family_of

__all__ = [
    "GOLDEN",
    "cardinality_of_definitions",
    "cardinality_of_server",
    "dashboards_of_definitions",
    "dashboards_of_server",
    "still_signals",
]

GOLDEN: Final = {
    "connection": {
        "latency": "gateway_send_latency_seconds",
        "traffic": "gateway_messages_received_total",
        "errors": "gateway_protocol_errors_total",
        "saturation": "gateway_connections_active",
    },
    "durability": {
        "latency": "durability_persist_duration_seconds",
        "traffic": "durability_persist_total",
        "errors": "durability_persist_total",
        "saturation": "messaging_messages_in_flight",
    },
    "fanout": {
        "latency": "fanout_delivery_latency_seconds",
        "traffic": "fanout_events_consumed_total",
        "errors": "fanout_events_processed_total",
        "saturation": "fanout_consumer_lag",
    },
}
"""The golden signals of each plane: the metric that shows each of them."""

_CARDINALITY, _DASHBOARDS = "no_high_cardinality_metrics", "dashboard_coverage"


# ---- no_high_cardinality_metrics


def cardinality_of_definitions(definitions: Definitions) -> Iterator[Violation]:
    """Families whose labels could make a series of every message, user or connection."""
    for name in (*definitions.metrics.canonical, *definitions.metrics.aliases):
        family = family_of(name, definitions.metrics)
        for problem in _wrong_labels(family.labels) if family else ():
            yield Violation(_CARDINALITY, name, problem)
    for metric in definitions.metrics.canonical.values():
        if series_budget(metric) > _MOST_OF_ONE:
            yield Violation(_CARDINALITY, metric.name, f"it could have {series_budget(metric):,} series; {_MOST_OF_ONE:,} are the most.")


def cardinality_of_server(definitions: Definitions, live: Live) -> Iterator[Violation]:
    """Families that have labels or values which the catalogue does not, and more series than there should be."""
    for exposed in live.families.values():
        for problem in _wrong_series(exposed, definitions):
            yield Violation(_CARDINALITY, exposed.name, problem)
    total = sum(exposed.series for exposed in live.families.values())
    if total > MOST_SERIES:
        yield Violation(_CARDINALITY, "/metrics", f"{total:,} series; {MOST_SERIES:,} are the most of one process.")


_MOST_OF_ONE: Final = 20_000
"""Of one family, if every label took every value that it may have, which none does."""


def _wrong_labels(labels: Labels) -> Iterator[str]:
    for label, values in labels.items():
        if label in FORBIDDEN:
            yield f"{label} is an identifier and no label."
        elif most_values(values) is None:
            yield f"nobody says how many values {label} has: {values!r}."
    if len(labels) > MOST_LABELS:
        yield f"it has {len(labels)} labels; {MOST_LABELS} are the most."


def _wrong_series(exposed: Exposed, definitions: Definitions) -> Iterator[str]:
    family = family_of(exposed.name, definitions.metrics)
    if family is None:
        yield "it is not in the catalogue."
        return
    for label, values in exposed.labels.items():
        known = family.labels.get(label)
        if known is None:
            yield f"{label} is an identifier and no label." if label in FORBIDDEN else f"it has no label {label} in the catalogue."
        elif len(values) > (most := most_values(known) or 0):
            yield f"{label} has {len(values)} values; {most} are the most."
        elif not isinstance(known, str) and (strange := values - set(known)):
            yield f"{label} has values that the catalogue does not: {', '.join(sorted(strange))}."
    budget = definitions.metrics.canonical.get(exposed.name)
    if budget is not None and exposed.series > series_budget(budget):
        yield f"it has {exposed.series:,} series; {series_budget(budget):,} are the most."


# ---- dashboard_coverage


def dashboards_of_definitions(definitions: Definitions) -> Iterator[Violation]:
    """Planes of which no one dashboard shows latency, traffic, errors and saturation."""
    for plane, signals in GOLDEN.items():
        if not any(set(signals.values()) <= set(shown) for shown in definitions.dashboards.values()):
            yield Violation(_DASHBOARDS, plane, f"no dashboard shows all of {', '.join(sorted(set(signals.values())))}.")


def dashboards_of_server(definitions: Definitions, live: Live) -> Iterator[Violation]:
    """What dashboards show and the server does not export, so that a panel stays empty for ever."""
    for dashboard, shown in definitions.dashboards.items():
        for metric in sorted(set(shown) - live.families.keys()):
            if not metric.startswith(OPTIONAL):
                yield Violation(_DASHBOARDS, dashboard, f"it shows {metric}, which the server does not export.")


def still_signals(live: Live) -> Iterator[Violation]:
    """Golden signals of traffic that show nothing on a server which was used, so that its dashboards would show nothing either."""
    for plane, signals in GOLDEN.items():
        exposed = live.families.get(signals["traffic"])
        if exposed is None or not exposed.events:
            yield Violation(_DASHBOARDS, plane, f"{signals['traffic']} did not move though there was traffic.")

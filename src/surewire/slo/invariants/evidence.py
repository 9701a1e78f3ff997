"""What invariants are checked against: the definitions, and what a running server shows of itself."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import msgspec

from surewire.contract.alerts import AlertCatalogue
from surewire.contract.metrics import MetricsCatalogue
from surewire.contract.slos import SloCatalogue
from surewire.slo.alert_rule import AlertRule
from surewire.slo.objective import Objective

__all__ = ["Definitions", "Exposed", "Live", "Ownership", "Violation"]


class Definitions(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that is declared. `dashboards` has the metrics that each dashboard shows, by the dashboard's name."""

    slos: SloCatalogue
    alerts: AlertCatalogue
    metrics: MetricsCatalogue
    objectives: tuple[Objective, ...]
    rules: tuple[AlertRule, ...]
    runbooks: Collection[str]
    dashboards: Mapping[str, Collection[str]]


class Exposed(msgspec.Struct, frozen=True, kw_only=True):
    """One family of `/metrics`, under the name that the catalogue has for it: how many series, and the values of each label.

    `events` is what its counters, or its histograms, have counted together.
    """

    name: str
    type: str
    series: int
    events: float = 0.0
    labels: Mapping[str, frozenset[str]]


class Ownership(msgspec.Struct, frozen=True):
    """Who answers for an objective, as the server says. Of `GET /v1/slos`."""

    id: str
    owner: str
    backup: str


class Live(msgspec.Struct, frozen=True, kw_only=True):
    """What a running server shows: its families by name, and its objectives."""

    families: Mapping[str, Exposed]
    objectives: tuple[Ownership, ...]


class Violation(msgspec.Struct, frozen=True, order=True):
    """One thing that breaks an invariant: which, what it is about, and what is wrong."""

    invariant: str
    subject: str
    problem: str

    def __str__(self) -> str:
        return f"{self.invariant}: {self.subject}: {self.problem}"

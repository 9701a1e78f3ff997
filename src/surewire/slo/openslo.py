"""OpenSLO v1 as values: the objects that say what an objective is, strictly. Written for export and read for import.

A field that OpenSLO does not have is an error, never passed over. Source: the OpenSLO specification v1, and what its Go SDK validates.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

__all__ = [
    "API_VERSION",
    "AlertCondition",
    "AlertConditionSpec",
    "AlertNotificationTarget",
    "AlertPolicy",
    "AlertPolicySpec",
    "BurnCondition",
    "Calendar",
    "ConditionChoice",
    "DataSource",
    "DataSourceSpec",
    "Indicator",
    "Metadata",
    "MetricSource",
    "MetricSpec",
    "OpenSlo",
    "PolicyChoice",
    "RatioMetric",
    "Service",
    "ServiceSpec",
    "Sli",
    "SliSpec",
    "SloObject",
    "SloSpec",
    "Target",
    "TargetChoice",
    "TargetSpec",
    "TimeWindow",
]

API_VERSION = "openslo/v1"

Name = Annotated[str, Meta(pattern=r"^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$", description="a DNS label: small letters, digits, hyphens")]
Text = Annotated[str, Meta(max_length=1050)]
Duration = Annotated[str, Meta(pattern=r"^[1-9][0-9]*[mhdwMQY]$", description="a whole number and m, h, d, w, M, Q or Y")]
Operator = Literal["lte", "gte", "lt", "gt"]
Share = Annotated[float, Meta(ge=0, lt=1)]
Percent = Annotated[float, Meta(ge=0, lt=100)]


class _Shape(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True, rename="camel"):
    """What every part has in common."""


class Metadata(_Shape, frozen=True, kw_only=True):
    """How an object is called. Annotations that begin with `openslo.com/` are OpenSLO's own."""

    name: Name
    display_name: str = ""
    labels: dict[str, str | list[str]] = {}
    annotations: dict[str, str] = {}


class MetricSource(_Shape, frozen=True, kw_only=True):
    """Where a metric is asked for, and what is asked: for Prometheus, `spec` has a `query`."""

    metric_source_ref: str = ""
    type: str = ""
    spec: dict[str, Any]


class MetricSpec(_Shape, frozen=True, kw_only=True):
    """One metric."""

    metric_source: MetricSource


class RatioMetric(_Shape, frozen=True, kw_only=True):
    """Good or bad events of all there are, or a ratio that somebody else computed (`raw`)."""

    # A field without a default is always written, though `false` is what is left out elsewhere.
    counter: bool
    good: MetricSpec | None = None
    bad: MetricSpec | None = None
    total: MetricSpec | None = None
    raw: MetricSpec | None = None
    raw_type: Literal["success", "failure"] | None = None

    def __post_init__(self) -> None:
        if (self.total is None) == (self.raw is None):
            raise ValueError("a ratio has either `total` or `raw`")
        if self.total is not None and (self.good is None) == (self.bad is None):
            raise ValueError("beside `total` stands either `good` or `bad`")


class SliSpec(_Shape, frozen=True, kw_only=True):
    """What is measured: a ratio of events, or a value that is compared with a threshold."""

    description: Text = ""
    threshold_metric: MetricSpec | None = None
    ratio_metric: RatioMetric | None = None

    def __post_init__(self) -> None:
        if (self.threshold_metric is None) == (self.ratio_metric is None):
            raise ValueError("an indicator has either `thresholdMetric` or `ratioMetric`")


class Indicator(_Shape, frozen=True, kw_only=True):
    """An indicator inside of its objective."""

    metadata: Metadata
    spec: SliSpec


class Target(_Shape, frozen=True, kw_only=True):
    """What is to be reached; `op` and `value` are for threshold metrics only."""

    display_name: str = ""
    op: Operator | None = None
    value: float | None = None
    target: Share | None = None
    target_percent: Percent | None = None
    time_slice_target: Annotated[float, Meta(gt=0, le=1)] | None = None
    time_slice_window: Duration | None = None
    indicator: Indicator | None = None
    indicator_ref: str | None = None
    composite_weight: Annotated[float, Meta(gt=0)] | None = None

    def __post_init__(self) -> None:
        if (self.target is None) == (self.target_percent is None):
            raise ValueError("an objective has either `target` or `targetPercent`")


class Calendar(_Shape, frozen=True, kw_only=True):
    """When the first period of a calendar window began, and where."""

    start_time: Annotated[str, Meta(pattern=r"^\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}$")]
    time_zone: str


class TimeWindow(_Shape, frozen=True, kw_only=True):
    """What an objective is judged over: the last so much time, or a period of the calendar."""

    duration: Duration
    is_rolling: bool
    calendar: Calendar | None = None

    def __post_init__(self) -> None:
        if self.is_rolling == (self.calendar is not None):
            raise ValueError("a window is either rolling or has a `calendar`")


class BurnCondition(_Shape, frozen=True, kw_only=True):
    """A budget that burns `threshold` times too fast over `lookbackWindow`."""

    kind: Literal["burnrate"]
    op: Operator
    threshold: float
    lookback_window: Duration
    alert_after: Annotated[str, Meta(pattern=r"^[0-9]+[mhdwMQY]$")] = ""


class AlertConditionSpec(_Shape, frozen=True, kw_only=True):
    """When to tell somebody, and how bad that is."""

    severity: Annotated[str, Meta(min_length=1)]
    condition: BurnCondition
    description: Text = ""


class ConditionChoice(_Shape, frozen=True, kw_only=True):
    """A condition by its name, or the condition itself."""

    condition_ref: str | None = None
    kind: Literal["AlertCondition"] | None = None
    metadata: Metadata | None = None
    spec: AlertConditionSpec | None = None


class TargetSpec(_Shape, frozen=True, kw_only=True):
    """Where notifications go."""

    target: str
    description: Text = ""


class TargetChoice(_Shape, frozen=True, kw_only=True):
    """A target of notifications by its name, or the target itself."""

    target_ref: str | None = None
    kind: Literal["AlertNotificationTarget"] | None = None
    metadata: Metadata | None = None
    spec: TargetSpec | None = None


class AlertPolicySpec(_Shape, frozen=True, kw_only=True):
    """One condition and whom it tells."""

    description: Text = ""
    alert_when_no_data: bool = False
    alert_when_resolved: bool = False
    alert_when_breaching: bool = False
    conditions: Annotated[tuple[ConditionChoice, ...], Meta(min_length=1, max_length=1)]
    notification_targets: Annotated[tuple[TargetChoice, ...], Meta(min_length=1)]


class PolicyChoice(_Shape, frozen=True, kw_only=True):
    """A policy by its name, or the policy itself."""

    alert_policy_ref: str | None = None
    kind: Literal["AlertPolicy"] | None = None
    metadata: Metadata | None = None
    spec: AlertPolicySpec | None = None


class SloSpec(_Shape, frozen=True, kw_only=True):
    """An objective: what is measured, over which window, what is to be reached, and what is told to whom."""

    description: Text = ""
    service: Annotated[str, Meta(min_length=1)]
    indicator: Indicator | None = None
    indicator_ref: str | None = None
    budgeting_method: Literal["Occurrences", "Timeslices", "RatioTimeslices"]
    time_window: Annotated[tuple[TimeWindow, ...], Meta(min_length=1, max_length=1)]
    objectives: Annotated[tuple[Target, ...], Meta(min_length=1)]
    alert_policies: tuple[PolicyChoice, ...] = ()


class ServiceSpec(_Shape, frozen=True, kw_only=True):
    """What a service is."""

    description: Text = ""


class DataSourceSpec(_Shape, frozen=True, kw_only=True):
    """Where metrics are."""

    description: Text = ""
    type: Annotated[str, Meta(min_length=1)]
    connection_details: dict[str, Any]


class _Object(_Shape, frozen=True, kw_only=True, tag_field="kind"):
    api_version: Literal["openslo/v1"]
    metadata: Metadata


class Service(_Object, frozen=True, kw_only=True, tag="Service"):
    """Something that has objectives."""

    spec: ServiceSpec


class DataSource(_Object, frozen=True, kw_only=True, tag="DataSource"):
    """Something that has metrics."""

    spec: DataSourceSpec


class Sli(_Object, frozen=True, kw_only=True, tag="SLI"):
    """An indicator that objectives name."""

    spec: SliSpec


class SloObject(_Object, frozen=True, kw_only=True, tag="SLO"):
    """An objective."""

    spec: SloSpec


class AlertPolicy(_Object, frozen=True, kw_only=True, tag="AlertPolicy"):
    """A policy that objectives name."""

    spec: AlertPolicySpec


class AlertCondition(_Object, frozen=True, kw_only=True, tag="AlertCondition"):
    """A condition that policies name."""

    spec: AlertConditionSpec


class AlertNotificationTarget(_Object, frozen=True, kw_only=True, tag="AlertNotificationTarget"):
    """A target that policies name."""

    spec: TargetSpec


OpenSlo = Service | DataSource | Sli | SloObject | AlertPolicy | AlertCondition | AlertNotificationTarget

"""The shape of `slos.yaml`: objectives by kind, the policies they follow, and who answers for them."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

__all__ = [
    "AvailabilitySlo",
    "BurnTier",
    "CapacitySlo",
    "CheckSlo",
    "Consequence",
    "Defaults",
    "Duration",
    "Exclusion",
    "Freeze",
    "LatencySlo",
    "MinBad",
    "Owners",
    "Policy",
    "ProbeSlo",
    "RatioSlo",
    "RemainingState",
    "ResponseSlo",
    "Severity",
    "Sla",
    "Slo",
    "SloCatalogue",
]

Duration = Annotated[str, Meta(pattern=r"^[1-9][0-9]*[smhd]$", description="a whole number of seconds, minutes, hours or days: 5m")]
Window = Annotated[str, Meta(pattern=r"^([1-9][0-9]*[mhd]|calendar month)$", description="what an objective is judged over")]
Share = Annotated[float, Meta(gt=0, lt=1)]
Severity = Literal["SEV-1", "SEV-2", "SEV-3", "SEV-4"]
RunbookId = Annotated[str, Meta(pattern=r"^RB-\d{3}$")]
SloId = Annotated[str, Meta(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]


class Sla(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The agreement itself: its version, who owns it, how often it is reviewed and since when it holds."""

    version: str
    owner: str
    review: str
    effective: str


class RemainingState(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What holds while more than `above` of the budget remains; None for what is left when no other state holds."""

    above: float | None
    state: str
    deployments: str
    alert: str


class BurnTier(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An alert when the budget burns `rate` times too fast over `long`. Without `long` it only names a state."""

    rate: Annotated[float, Meta(gt=0)]
    long: Duration | None = None
    severity: Severity | None = None
    state: str = ""
    freezes_deployments: bool = False
    pages: str = ""


class Freeze(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The state in which deployments stop, and what ends that."""

    at: str
    ends: str


class Policy(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What follows from an objective. `like` has been applied: fields left out there have that policy's values here."""

    like: str = ""
    remaining_states: tuple[RemainingState, ...] = ()
    burn_tiers: tuple[BurnTier, ...] = ()
    freeze: Freeze | None = None
    breach_for: Duration | None = msgspec.field(name="for", default=None)
    severity: Severity | None = None
    alerts: Literal["none"] | None = None


class MinBad(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Bad events that the long window must hold before a tier fires: `fast` for the two fastest tiers, `slow` for others."""

    fast: int
    slow: int


class Defaults(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What an objective has where it says nothing itself."""

    min_bad: MinBad
    min_events: int
    exclude_maintenance: bool
    runbook: RunbookId


class Owners(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who answers for an objective, who stands in, and whom a breach goes to."""

    owner: str
    backup: str
    escalation: str
    ours: Literal["all"] | tuple[str, ...] = ()


class _Slo(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind"):
    """What every kind of objective says. `ours` names the fields that no requirement set."""

    id: SloId
    owners: str
    policy: str
    slo_name: str = ""
    user_facing: bool = False
    gate: bool = False
    runbook: RunbookId | None = None
    ours: tuple[str, ...] = ()
    note: str = ""


class RatioSlo(_Slo, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="ratio"):
    """The share of good events must reach `objective`. Two of `good`, `bad`, `total` are given, as selectors of series."""

    objective: Share
    window: Window
    good: str | None = None
    bad: str | None = None
    total: str | None = None
    min_bad: int | None = None
    warn_at: Share | None = None
    strict: bool = False

    def __post_init__(self) -> None:
        if (self.good, self.bad, self.total).count(None) != 1:
            raise ValueError(f"{self.id}: a ratio names two of good, bad, total")


class Exclusion(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Requests that an objective leaves out."""

    endpoint: tuple[str, ...] = ()
    upstream_errors: bool = False


class LatencySlo(_Slo, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="latency"):
    """The share of `metric` at or under `threshold_s`, which is one of its bucket bounds, must reach `objective`."""

    metric: str
    threshold_s: float
    objective: Share
    window: Window
    per: str = ""
    exclude: Exclusion | None = None
    hard_fail_s: float | None = None


class AvailabilitySlo(_Slo, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="availability"):
    """The share of known seconds in which the gauge `metric` was 1 must reach `objective`."""

    metric: str
    objective: Share
    window: Window


class Consequence(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is done when the measured value is under `below`."""

    below: Share
    do: str


class ProbeSlo(_Slo, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="probe"):
    """Uptime as probes see it: down from the first of `down_after_failures` failures in a row to the next success."""

    metric: str
    objective: Share
    window: Window
    interval_s: int
    timeout_s: int
    down_after_failures: int
    maintenance_notice_h: int | None = None
    consequences: tuple[Consequence, ...] = ()


class CapacitySlo(_Slo, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="capacity"):
    """The highest value or rate of `metric` that was seen, per worker or gateway, must have reached the target."""

    metric: str
    per: str
    at_least: float | None = None
    at_least_per_s: float | None = None


class CheckSlo(_Slo, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="check"):
    """Something that a running check proves: here, how long data are kept."""

    ephemeral_expires_after_disconnect_s: int
    persistent_retention: Duration


class ResponseSlo(_Slo, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="response"):
    """How soon people answer, by severity or by kind of work."""

    targets: dict[str, Duration]
    escalate_after_missed_pages: int | None = None


Slo = RatioSlo | LatencySlo | AvailabilitySlo | ProbeSlo | CapacitySlo | CheckSlo | ResponseSlo


class SloCatalogue(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Every objective in the order of the file, with all that its fields point to; ids are unique."""

    sla: Sla
    policies: dict[str, Policy]
    defaults: Defaults
    owners: dict[str, Owners]
    slos: tuple[Slo, ...]

    def __post_init__(self) -> None:
        for slo in self.slos:
            if slo.owners not in self.owners or slo.policy not in self.policies:
                raise ValueError(f"{slo.id}: owners or policy do not exist")
        if len({slo.id for slo in self.slos}) != len(self.slos):
            raise ValueError("two objectives have one id")

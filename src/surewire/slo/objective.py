"""An objective ready to be judged: exact numbers, parsed windows and selectors, the tiers of its policy, and who answers for it.

Windows, selectors and decimals are made once from the definitions; everything after this works on counts.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from msgspec import Struct

from surewire.contract.slos import LatencySlo, MinBad, Owners, Policy, Severity, Slo, SloCatalogue
from surewire.slo.counted import Counted, counted
from surewire.slo.window import SLOT_S, Window, parse_duration, parse_window

__all__ = ["Objective", "Tier", "exact", "objectives", "short_window_s"]

_LEAST_SHORT_S: Final = 60
_SHORTER: Final = 12
_FAST_TIERS: Final = 2


class Tier(Struct, frozen=True, kw_only=True):
    """Fires when the budget burns faster than `rate` over the long and the short window, with `min_bad` bad events in the long one."""

    rate: Decimal
    long_s: int
    short_s: int
    min_bad: int
    severity: Severity | None = None
    state: str = ""
    """What the objective's state is called while the tier burns, where the policy says so."""
    freezes: bool = False
    """It stops deployments."""
    pages: str = ""


class Objective(Struct, frozen=True, kw_only=True):
    """One objective of the definitions. What its kind does not have is None: `target` and `window` of a capacity, a check, a response."""

    slo: Slo
    target: Decimal | None
    """The share of good events to reach, exactly as it is written."""
    window: Window | None
    policy: Policy
    owners: Owners
    runbook: str
    tiers: tuple[Tier, ...]
    """None for windows of less than 28 days: those have one alert, for a breach."""
    counted: Counted | None
    """What is counted; None where nothing is that the server exports as counts."""
    min_events: int
    """Fewer events in the window are too few to call it breached."""
    excludes_maintenance: bool = True

    @property
    def id(self) -> str:
        """Its name in rules, alerts and answers: the label `slo`."""
        return self.slo.id

    @property
    def name(self) -> str:
        """Its name as the metrics have it: the label `slo_name`."""
        return self.slo.slo_name or self.slo.id

    @property
    def kind(self) -> str:
        """`ratio`, `latency`, `availability`, `probe`, `capacity`, `check` or `response`."""
        return str(self.slo.__struct_config__.tag)

    @property
    def is_strict(self) -> bool:
        """The target must be exceeded, not only reached."""
        return bool(getattr(self.slo, "strict", False))

    @property
    def per(self) -> str:
        """The label whose values are judged apart; empty when all are judged together."""
        return self.slo.per if isinstance(self.slo, LatencySlo) else ""


def objectives(catalogue: SloCatalogue) -> tuple[Objective, ...]:
    """Every objective of the definitions, in their order. Raises: ConfigError when a selector is none."""
    return tuple(_objective(slo, catalogue) for slo in catalogue.slos)


def exact(number: float) -> Decimal:
    """The number as a person wrote it: 0.999 and not the binary fraction next to it."""
    return Decimal(int(number)) if number == int(number) else Decimal(str(number))


def short_window_s(long_s: int) -> int:
    """The short window beside a long one: a twelfth, a whole number of slots, at least a minute.

    Source: The Site Reliability Workbook, chapter 5, "Multiwindow, Multi-Burn-Rate Alerts".
    """
    slots = -(-long_s // (_SHORTER * SLOT_S))
    return max(_LEAST_SHORT_S, slots * SLOT_S)


def _objective(slo: Slo, catalogue: SloCatalogue) -> Objective:
    target, window = getattr(slo, "objective", None), getattr(slo, "window", None)
    parsed = None if window is None else parse_window(window)
    policy, defaults = catalogue.policies[slo.policy], catalogue.defaults
    return Objective(
        slo=slo,
        target=None if target is None else exact(target),
        window=parsed,
        policy=policy,
        owners=catalogue.owners[slo.owners],
        runbook=slo.runbook or defaults.runbook,
        tiers=_tiers(slo, policy, defaults.min_bad) if parsed is not None and parsed.has_tiers else (),
        counted=counted(slo),
        min_events=defaults.min_events,
        excludes_maintenance=defaults.exclude_maintenance,
    )


def _tiers(slo: Slo, policy: Policy, min_bad: MinBad) -> tuple[Tier, ...]:
    fastest = sorted((tier.rate for tier in policy.burn_tiers), reverse=True)[:_FAST_TIERS]
    own: int | None = getattr(slo, "min_bad", None)
    return tuple(
        Tier(
            rate=exact(tier.rate),
            long_s=(long_s := parse_duration(tier.long)),
            short_s=short_window_s(long_s),
            min_bad=own or (min_bad.fast if tier.rate in fastest else min_bad.slow),
            severity=tier.severity,
            state=tier.state,
            freezes=tier.freezes_deployments,
            pages=tier.pages,
        )
        for tier in policy.burn_tiers
        if tier.long is not None
    )

"""From OpenSLO's alert policies to a policy of surewire: burn tiers for long windows, one breach alert for short ones."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

import msgspec

from surewire.contract.slos import BurnTier, Policy, Severity
from surewire.slo.openslo import AlertConditionSpec, SloObject
from surewire.slo.openslo_objects import Objects

__all__ = ["Policies", "days_of"]

_SEVERITY: Final = re.compile(r"sev[-_ ]?([1-4])", re.IGNORECASE)
_LEVELS: Final[Mapping[str, Severity]] = {"1": "SEV-1", "2": "SEV-2", "3": "SEV-3", "4": "SEV-4"}
_DAYS: Final = {"w": 7, "M": 30}


class Policies:
    """The policies of the definitions, and those that the imported objectives need besides; `used` has the ones that were asked for."""

    __slots__ = ("_mapping", "_objects", "_standing", "used")

    def __init__(self, objects: Objects, standing: Mapping[str, Policy], mapping: Mapping[str, Severity]) -> None:
        self._objects, self._standing = objects, dict(standing)
        self._mapping: dict[str, Severity] = {word.lower(): severity for word, severity in mapping.items()}
        self.used: dict[str, Policy] = {}

    def name_for(self, slo: SloObject, *, has_tiers: bool) -> str:
        """The name of the policy that asks for the same alerts; a new one where none does."""
        name, asked = slo.metadata.name, tuple(self._tiers(slo))
        if not asked:
            self._objects.note(name, "no alert is made from it.", "Add an alert policy, unless that is meant.", is_warning=True)
            return self._use("reported")
        if has_tiers:
            return self._use(self._alike(asked, slo.metadata.annotations.get("surewire/policy", "")) or self._added(asked))
        if any(tier.rate != 1 for tier in asked):
            what = "its window is shorter than 28 days, so it gets one alert: when it is below its objective."
            self._objects.note(name, what, is_warning=True)
        return self._use("breach")

    def _use(self, name: str) -> str:
        self.used[name] = self._standing[name]
        return name

    def _alike(self, asked: Iterable[BurnTier], named: str) -> str | None:
        """A policy with these tiers; the one that is named, when it is among them."""
        alike = [name for name, policy in self._standing.items() if policy.burn_tiers and _facts(policy.burn_tiers) == _facts(asked)]
        return named if named in alike else next(iter(alike), None)

    def _added(self, asked: tuple[BurnTier, ...]) -> str:
        name = f"imported-{sum(one.startswith('imported-') for one in self._standing) + 1}"
        self._standing[name] = msgspec.structs.replace(self._standing["budget"], like="", burn_tiers=asked)
        return name

    def _tiers(self, slo: SloObject) -> Iterator[BurnTier]:
        name = slo.metadata.name
        policies = (self._objects.policy(choice, name) for choice in slo.spec.alert_policies)
        conditions = (self._objects.condition(choice, name) for policy in policies if policy for choice in policy.conditions)
        for found in conditions:
            if found and (tier := self._tier(name, *found)):
                yield tier

    def _tier(self, name: str, spec: AlertConditionSpec, annotations: Mapping[str, str]) -> BurnTier | None:
        condition = spec.condition
        severity, long = self._severity(spec.severity), days_of(condition.lookback_window)
        if severity is None or long is None or condition.threshold <= 0:
            what = f"an alert of severity {spec.severity!r} at {condition.threshold:g}x over {condition.lookback_window} cannot be made."
            mend = f"Write SEV-1 to SEV-4 or one of {', '.join(self._mapping)}, a window of at most days, and a rate above 0."
            self._objects.note(name, what, mend)
            return None
        if condition.op in {"lt", "lte"}:
            # The specification's own examples write `lte` for "exceeds".
            self._objects.note(name, f"its alert at `{condition.op}` {condition.threshold:g}x is read as: burns faster.", is_warning=True)
        state, freezes = annotations.get("surewire/state", ""), annotations.get("surewire/freezes-deployments") == "true"
        return BurnTier(rate=condition.threshold, long=long, severity=severity, state=state, freezes_deployments=freezes)

    def _severity(self, text: str) -> Severity | None:
        found = _SEVERITY.fullmatch(text)
        return _LEVELS[found[1]] if found is not None else self._mapping.get(text.lower(), None)


def days_of(duration: str) -> str | None:
    """OpenSLO's duration as surewire writes it: weeks and months (of 30 days) in days; None for quarters and years."""
    number, unit = int(duration[:-1]), duration[-1]
    if unit in _DAYS:
        return f"{number * _DAYS[unit]}d"
    return f"{number}{unit}" if unit in {"m", "h", "d"} else None


def _facts(tiers: Iterable[BurnTier]) -> set[tuple[float, str, str | None]]:
    return {(tier.rate, tier.long, tier.severity) for tier in tiers if tier.long is not None}

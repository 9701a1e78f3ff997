"""Whether what a new version changes was agreed on.

What an objective promises, what it counts, its window and its owner change only with a reason and two approvals. So do the policies and
defaults behind it, whether it gates, and whether it is there at all. A new objective, and one that gates from now on, need none.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from surewire.contract.slos import Slo, SloCatalogue
from surewire.slo.definitions import APPROVERS, Change, Definitions

__all__ = ["changed_fields", "unapproved_changes"]

Found = tuple[str, str, str]
"""The path, what is wrong there, and the mend."""

# Beside the share itself, what says how good is good enough.
_PROMISED: Final = ("kind", "objective", "strict", "threshold_s", "hard_fail_s", "at_least", "at_least_per_s", "targets", "window")
_COUNTED: Final = ("good", "bad", "total", "metric", "per", "exclude", "interval_s", "timeout_s", "down_after_failures")
_FOLLOWING: Final = ("policy", "min_bad", "maintenance_notice_h", "persistent_retention", "ephemeral_expires_after_disconnect_s")
_DEFAULTS: Final = ("min_bad", "min_events", "exclude_maintenance")
_SHOWN: Final = 3
_MEND: Final = f"Write change: {{rfc: …, data: …, risk: …, approved_by: [{', '.join(APPROVERS)}]}}."


def changed_fields(before: SloCatalogue, after: SloCatalogue) -> dict[str, tuple[str, ...]]:
    """What changed of objectives that both versions have, by their id: `objective`, `window`, `owner` and the like."""
    old = {slo.id: slo for slo in before.slos}
    found = {slo.id: _differences(old[slo.id], before, slo, after) for slo in after.slos if slo.id in old}
    return {slo: fields for slo, fields in found.items() if fields}


def unapproved_changes(definitions: Definitions, in_force: SloCatalogue, spent: tuple[Change, ...] = ()) -> Iterator[Found]:
    """Everything that changed and nobody agreed to. `spent` are the reasons that former versions gave: one holds for one version."""
    numbers = {slo.id: number for number, slo in enumerate(definitions.catalogue.slos)}
    for path, what in _shared_changes(in_force, definitions.catalogue):
        yield from _unapproved(path, what, definitions.change, "change", spent)
    for slo, fields in changed_fields(in_force, definitions.catalogue).items():
        own, path = definitions.changes.get(slo), f"slos[{numbers[slo]}]"
        what = f"{slo}: {', '.join(fields)} changed"
        yield from _unapproved(f"{path}.{_first(fields)}", what, own or definitions.change, f"{path}.change" if own else "change", spent)


def _unapproved(path: str, what: str, change: Change | None, where: str, spent: tuple[Change, ...]) -> Iterator[Found]:
    """What stands at `path` was changed, and `change`, at `where`, is why; nothing when both have approved it."""
    if change is None:
        yield path, f"{what}, and nobody agreed to it.", _MEND
    elif change in spent:
        yield where, f"{what}, and this `change` approved the version that is in force.", _MEND
    elif missing := [name for name in APPROVERS if name not in change.approved_by]:
        what = f"{what} without the approval of {' and '.join(missing)}."
        yield f"{where}.approved_by", what, f"Approved by [{', '.join(APPROVERS)}]."


def _shared_changes(before: SloCatalogue, after: SloCatalogue) -> Iterator[tuple[str, str]]:
    """What changed beside single objectives, which only a `change` of the whole file can give the reasons of."""
    kept = {slo.id for slo in after.slos}
    if gone := [slo.id for slo in before.slos if slo.id not in kept]:
        more = f" and {len(gone) - _SHOWN} more" if len(gone) > _SHOWN else ""
        yield "slos", f"{', '.join(gone[:_SHOWN])}{more} removed"
    for name, policy in before.policies.items():
        if name in after.policies and after.policies[name] != policy:
            yield f"policies.{name}", f"the policy {name} changed"
    if fields := [field for field in _DEFAULTS if getattr(before.defaults, field) != getattr(after.defaults, field)]:
        yield f"defaults.{fields[0]}", f"{', '.join(fields)} changed for every objective that has none of its own"


def _differences(old: Slo, before: SloCatalogue, new: Slo, after: SloCatalogue) -> tuple[str, ...]:
    fields = [field for field in (*_PROMISED, *_COUNTED, *_FOLLOWING) if _value(old, field) != _value(new, field)]
    fields += ["gate"] if old.gate and not new.gate else []
    was, now = before.owners[old.owners], after.owners[new.owners]
    return (*fields, *(field for field in ("owner", "backup", "escalation") if getattr(was, field) != getattr(now, field)))


def _value(slo: Slo, field: str) -> Any:
    return slo.__struct_config__.tag if field == "kind" else getattr(slo, field, None)


def _first(fields: tuple[str, ...]) -> str:
    return "owners" if fields[0] in {"owner", "backup", "escalation"} else fields[0]

"""Whether what a new version changes was agreed on: an objective, a window or an owner changes only with a reason and two approvals."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from surewire.contract.slos import Slo, SloCatalogue
from surewire.slo.definitions import APPROVERS, Change, Definitions

__all__ = ["changed_fields", "unapproved_changes"]

Found = tuple[str, str, str]
"""The path, what is wrong there, and the mend."""

# Beside the share itself, what says how good is good enough.
_OBJECTIVE: Final = ("kind", "objective", "strict", "threshold_s", "at_least", "at_least_per_s", "targets")
_MEND: Final = f"Write change: {{rfc: …, data: …, risk: …, approved_by: [{', '.join(APPROVERS)}]}}."


def changed_fields(before: SloCatalogue, after: SloCatalogue) -> dict[str, tuple[str, ...]]:
    """What changed of objectives that both versions have, by their id: `objective`, `window`, `owner` and the like."""
    old = {slo.id: slo for slo in before.slos}
    found = {slo.id: _differences(old[slo.id], before, slo, after) for slo in after.slos if slo.id in old}
    return {slo: fields for slo, fields in found.items() if fields}


def unapproved_changes(definitions: Definitions, in_force: SloCatalogue, spent: tuple[Change, ...] = ()) -> Iterator[Found]:
    """Every objective whose change nobody agreed to. `spent` are the reasons that former versions gave: one holds for one version."""
    numbers = {slo.id: number for number, slo in enumerate(definitions.catalogue.slos)}
    for slo, fields in changed_fields(in_force, definitions.catalogue).items():
        own = definitions.changes.get(slo)
        change, path = own or definitions.change, f"slos[{numbers[slo]}]"
        where = f"{path}.change" if own else "change"
        what = f"{slo}: {', '.join(fields)} changed"
        if change is None:
            yield f"{path}.{_first(fields)}", f"{what}, and nobody agreed to it.", _MEND
        elif change in spent:
            yield where, f"{what}, and this `change` approved the version that is in force.", _MEND
        elif missing := [name for name in APPROVERS if name not in change.approved_by]:
            yield (
                f"{where}.approved_by",
                f"{what} without the approval of {' and '.join(missing)}.",
                f"Approved by [{', '.join(APPROVERS)}].",
            )


def _differences(old: Slo, before: SloCatalogue, new: Slo, after: SloCatalogue) -> tuple[str, ...]:
    fields = [field for field in (*_OBJECTIVE, "window") if _value(old, field) != _value(new, field)]
    was, now = before.owners[old.owners], after.owners[new.owners]
    return (*fields, *(field for field in ("owner", "backup", "escalation") if getattr(was, field) != getattr(now, field)))


def _value(slo: Slo, field: str) -> Any:
    return slo.__struct_config__.tag if field == "kind" else getattr(slo, field, None)


def _first(fields: tuple[str, ...]) -> str:
    return "owners" if fields[0] in {"owner", "backup", "escalation"} else fields[0]

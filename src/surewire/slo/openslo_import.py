"""Definitions of surewire from an OpenSLO file: what can be said is said, and what cannot is named, never dropped in silence."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final, cast

import msgspec
import yaml

from surewire.contract.slos import Owners, Severity, Slo, SloCatalogue
from surewire.slo.openslo import SloObject, Target, TimeWindow
from surewire.slo.openslo_alerts import Policies, days_of
from surewire.slo.openslo_counts import Uncountable, counted_fields
from surewire.slo.openslo_objects import Objects, read_objects
from surewire.slo.problem import Problem, errors_of
from surewire.slo.window import parse_window

__all__ = ["Imported", "import_openslo"]

_OURS: Final = "surewire/"
_NO_LABEL: Final = re.compile(r"[^a-z0-9]+")
_PROBE_FIELDS: Final = ("interval_s", "timeout_s", "down_after_failures", "maintenance_notice_h")
_WHOLE_FIELDS: Final = {"ratio": ("min_bad",), "latency": (), "availability": (), "probe": _PROBE_FIELDS}
_SHARE_FIELDS: Final = {"ratio": ("warn_at",), "latency": ("hard_fail_s",), "availability": (), "probe": ()}


class Imported(msgspec.Struct, frozen=True, kw_only=True):
    """What became of the file: the definitions as text, None when something is wrong, and everything that is to be known about it."""

    text: str | None
    problems: tuple[Problem, ...]


def import_openslo(text: str, file: str, standing: SloCatalogue, mapping: Mapping[str, Severity], owners: Owners | None = None) -> Imported:
    """The objectives of an OpenSLO file as definitions, with the policies, owners and defaults that they point to.

    `standing` has the policies, owners and defaults to use; `mapping` translates severities; `owners` answer for objectives whose
    annotations (`surewire/owner`, `surewire/backup`, `surewire/escalation`) name nobody.
    """
    objects = read_objects(text, file)
    reader = _Importer(objects, Policies(objects, standing.policies, mapping), dict(standing.owners), owners)
    rows = [row for slo in objects.objectives for target in slo.spec.objectives if (row := reader.row(slo, target))]
    if not objects.objectives and not errors_of(tuple(objects.problems)):
        objects.problems.append(Problem(file=file, what="there is no objective in it.", mend="An objective is an object of kind SLO."))
    problems = tuple(objects.problems)
    if errors_of(problems):
        return Imported(text=None, problems=problems)
    return Imported(text=_definitions(standing, reader, rows, file), problems=problems)


class _Importer:
    """Makes rows of definitions, and remembers the owners that they point to."""

    __slots__ = ("_fallback", "_ids", "_objects", "_standing", "owners", "policies")

    def __init__(self, objects: Objects, policies: Policies, standing: dict[str, Owners], fallback: Owners | None) -> None:
        self._objects, self.policies, self._standing, self._fallback = objects, policies, standing, fallback
        self._ids: set[str] = set()
        self.owners: dict[str, Owners] = {}

    def row(self, slo: SloObject, target: Target) -> dict[str, Any] | None:
        """One objective as the definitions write it; None when it cannot be, which is noted."""
        indicator = self._objects.indicator(slo, target)
        counted = None if indicator is None else self._counted(slo, indicator, target)
        window, owners = self._window(slo), self._owners(slo)
        if counted is None or window is None or owners is None:
            return None
        kind = str(counted["kind"])
        policy = self.policies.name_for(slo, has_tiers=parse_window(window).has_tiers)
        if slo.spec.budgeting_method != "Occurrences" and kind in {"ratio", "latency"}:
            self._objects.note(slo.metadata.name, "it is judged by its events, not by slices of time.", is_warning=True)
        row = {"id": self._id(slo, target), **counted, "objective": _share(target), "window": window, "owners": owners, "policy": policy}
        return self._checked(slo, row | _annotated(slo, kind))

    def _checked(self, slo: SloObject, row: dict[str, Any]) -> dict[str, Any] | None:
        try:
            msgspec.convert(row, Slo)
        except msgspec.ValidationError as error:
            self._objects.note(slo.metadata.name, f"surewire has no such objective: {error}.")
            return None
        return row

    def _counted(self, slo: SloObject, indicator: Any, target: Target) -> dict[str, Any] | None:
        try:
            fields = counted_fields(indicator, target)
        except Uncountable as error:
            self._objects.note(slo.metadata.name, error.what, error.mend)
            return None
        is_probe = slo.metadata.annotations.get(f"{_OURS}kind") == "probe"
        return {**fields, "kind": "probe"} if is_probe and fields["kind"] == "availability" else fields

    def _window(self, slo: SloObject) -> str | None:
        (window,) = slo.spec.time_window
        found = _rolling(window) if window.is_rolling else _calendar(window)
        if found is None:
            mend = "Write a rolling window of days at most, or one month of the calendar in UTC that begins on a first."
            self._objects.note(slo.metadata.name, f"its window of {window.duration} cannot be judged.", mend)
        elif window.is_rolling and window.duration.endswith("M"):
            self._objects.note(slo.metadata.name, f"its window of {window.duration} becomes {found}.", is_warning=True)
        return found

    def _owners(self, slo: SloObject) -> str | None:
        """The name under which its owners stand in the definitions."""
        owner, backup, escalation = (slo.metadata.annotations.get(f"{_OURS}{role}", "") for role in ("owner", "backup", "escalation"))
        owners = Owners(owner=owner, backup=backup, escalation=escalation) if owner and backup and escalation else self._fallback
        if owners is None:
            mend = (
                "Name them for all with --owner, --backup and --escalation, "
                "or give it the annotations surewire/owner, surewire/backup and surewire/escalation."
            )
            self._objects.note(slo.metadata.name, "nobody answers for it.", mend)
            return None
        people = (owners.owner, owners.backup, owners.escalation)
        alike = (name for name, one in self._standing.items() if (one.owner, one.backup, one.escalation) == people)
        name = next(alike, f"imported-{len(self._standing) + 1}")
        self._standing.setdefault(name, owners)
        self.owners[name] = self._standing[name]
        return name

    def _id(self, slo: SloObject, target: Target) -> str:
        name = _NO_LABEL.sub("-", slo.metadata.name)
        if len(slo.spec.objectives) > 1:
            name = f"{name}-{_NO_LABEL.sub('-', target.display_name.lower()).strip('-') or len(self._ids) + 1}"
        if name in self._ids:
            self._objects.note(slo.metadata.name, f"two objectives would be called {name}.", "Give each its own name, or `displayName`.")
        self._ids.add(name)
        return name


def _share(target: Target) -> float:
    # Through decimals: 99.9 % is 0.999, not the binary fraction beside it.
    return target.target if target.target is not None else float(Decimal(str(target.target_percent)) / 100)


def _rolling(window: TimeWindow) -> str | None:
    return days_of(window.duration)


def _calendar(window: TimeWindow) -> str | None:
    calendar = window.calendar
    is_month = calendar and window.duration == "1M" and calendar.start_time.endswith("-01 00:00:00")
    return "calendar month" if is_month and calendar and calendar.time_zone in {"UTC", "Etc/UTC"} else None


def _annotated(slo: SloObject, kind: str) -> dict[str, Any]:
    """What surewire wrote beside an objective that it exported, and its description."""
    said = {name.removeprefix(_OURS).replace("-", "_"): text for name, text in slo.metadata.annotations.items() if name.startswith(_OURS)}
    fields: dict[str, Any] = {name: said[name] for name in ("slo_name", "runbook") if name in said}
    flags = ("gate", "user_facing", "strict") if kind == "ratio" else ("gate", "user_facing")
    fields |= {name: True for name in flags if said.get(name) == "true"}
    fields |= {name: int(said[name]) for name in _WHOLE_FIELDS[kind] if said.get(name, "").isdecimal()}
    fields |= {name: float(said[name]) for name in _SHARE_FIELDS[kind] if name in said}
    fields |= {"per": said["per"]} if kind == "latency" and "per" in said else {}
    return fields | ({"note": slo.spec.description} if slo.spec.description else {})


def _definitions(standing: SloCatalogue, reader: _Importer, rows: list[dict[str, Any]], file: str) -> str:
    written = {
        "sla": _plain(standing.sla),
        "policies": {name: _plain(msgspec.structs.replace(policy, like="")) for name, policy in reader.policies.used.items()},
        "defaults": _plain(standing.defaults),
        "owners": {name: _plain(owners) for name, owners in reader.owners.items()},
        "slos": rows,
    }
    head = f"# Imported from {file} (OpenSLO v1). Look at it with `surewire slo lint`.\n"
    return head + yaml.safe_dump(written, sort_keys=False, width=140, allow_unicode=True)


def _plain(value: msgspec.Struct) -> dict[str, Any]:
    """The struct as the definitions write it, without what is not said."""
    return _said(msgspec.to_builtins(value))


def _said(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: _listed(field) for name, field in fields.items() if name == "above" or _is_said(field)}


def _is_said(field: Any) -> bool:
    return field is not None and field is not False and field not in ("", (), [])


def _listed(field: Any) -> Any:
    """A list of tables without what those do not say."""
    if not isinstance(field, list | tuple):
        return field
    items = cast("list[Any]", field)
    return [_said(cast("dict[str, Any]", item)) if isinstance(item, dict) else item for item in items]

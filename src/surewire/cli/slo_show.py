"""`surewire slo show`: one objective as it is defined, with all that its fields point to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Final, cast

import msgspec
from cyclopts import Parameter

from surewire.cli.configuration import ConfigFile
from surewire.cli.console_output import print_json, print_table
from surewire.cli.slo_definitions import DefinitionsFile, find_objective, read_source, the_definitions
from surewire.errors import ConfigError
from surewire.slo.objective import Objective, Tier
from surewire.slo.window import Rolling

__all__ = ["show"]

_UNSAID: Final = (None, "", (), False)


def show(
    id_: Annotated[str | None, Parameter(name="ID", help="The objective.")] = None,
    /,
    *,
    source: Annotated[bool, Parameter(help="Print the whole file of definitions as it is written.")] = False,
    file: DefinitionsFile = None,
    config: ConfigFile = None,
    json: Annotated[bool, Parameter(help="Print for programs.")] = False,
) -> None:
    """Show an objective as it is defined: its own fields, then its policy, its tiers and who answers for it."""
    if source:
        print(read_source(file, config).text, end="")
        return
    _show(id_, file, config, as_json=json)


def _show(id_: str | None, file: Path | None, config: Path | None, *, as_json: bool) -> None:
    if id_ is None:
        raise ConfigError("an objective is missing.", mend="Name one, or print the whole file with --source.")
    fields = _fields(find_objective(id_, the_definitions(file, config)))
    if as_json:
        print_json(fields)
    else:
        print_table(("field", "value"), _rows(fields))


def _fields(objective: Objective) -> dict[str, Any]:
    slo = cast("dict[str, Any]", msgspec.to_builtins(objective.slo))
    own = {name: value for name, value in slo.items() if value not in _UNSAID or name == "gate"}
    policy = msgspec.to_builtins(objective.policy)
    return {
        "id": objective.id,
        **own,
        "slo_name": objective.name,
        "runbook": objective.runbook,
        "owners": {"owner": objective.owners.owner, "backup": objective.owners.backup, "escalation": objective.owners.escalation},
        "policy": {"name": objective.slo.policy, **{name: value for name, value in policy.items() if name != "burn_tiers" and value}},
        "burn_tiers": [_tier(tier) for tier in objective.tiers],
        "min_events": objective.min_events,
    }


def _tier(tier: Tier) -> dict[str, Any]:
    fields = {
        "rate": float(tier.rate),
        "long": str(Rolling(tier.long_s)),
        "short": str(Rolling(tier.short_s)),
        "min_bad": tier.min_bad,
        "severity": tier.severity,
        "state": tier.state,
        "freezes_deployments": tier.freezes,
        "pages": tier.pages,
    }
    return {name: value for name, value in fields.items() if value not in (None, "", False)}


def _rows(fields: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, str]]:
    for name, value in fields.items():
        if isinstance(value, dict):
            yield from _rows(cast("dict[str, Any]", value), f"{before}{name}.")
        elif isinstance(value, list | tuple):
            yield from _items(f"{before}{name}", cast("Sequence[Any]", value))
        else:
            yield f"{before}{name}", _shown(value)


def _items(name: str, values: Sequence[Any]) -> Iterator[tuple[str, str]]:
    if all(not isinstance(value, dict) for value in values):
        if values:
            yield name, ", ".join(map(_shown, values))
        return
    for number, value in enumerate(values):
        cells = cast("dict[str, Any]", value)
        yield f"{name}[{number}]", ", ".join(f"{key} {_shown(one)}" for key, one in cells.items())


def _shown(value: object) -> str:
    match value:
        case bool():
            return "yes" if value else "no"
        case None:
            return "rest"
        case float():
            return f"{value:.10g}"
        case _:
            return str(value)

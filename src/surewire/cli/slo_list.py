"""`surewire slo list`: every objective that is defined, in one line each."""

from __future__ import annotations

from typing import Annotated, Final

import msgspec
from cyclopts import Parameter

from surewire.cli.configuration import ConfigFile
from surewire.cli.console_output import print_json, print_table
from surewire.cli.slo_definitions import DefinitionsFile, the_definitions
from surewire.slo.amounts import percent
from surewire.slo.objective import Objective, objectives

__all__ = ["list_objectives"]

_HEAD: Final = ("objective", "kind", "target", "window", "policy", "gates", "owner", "backup")


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One objective, for programs."""

    id: str
    slo_name: str
    kind: str
    objective: float | None
    window: str | None
    policy: str
    gate: bool
    user_facing: bool
    owner: str
    backup: str
    escalation: str
    runbook: str


def list_objectives(
    *,
    file: DefinitionsFile = None,
    config: ConfigFile = None,
    json: Annotated[bool, Parameter(help="Print for programs.")] = False,
) -> None:
    """List every objective that is defined, in the order of the file."""
    found = objectives(the_definitions(file, config).catalogue)
    if json:
        print_json([_row(objective) for objective in found])
    else:
        print_table(_HEAD, map(_cells, found))


def _row(objective: Objective) -> Row:
    return Row(
        id=objective.id,
        slo_name=objective.name,
        kind=objective.kind,
        objective=None if objective.target is None else float(objective.target),
        window=None if objective.window is None else str(objective.window),
        policy=objective.slo.policy,
        gate=objective.slo.gate,
        user_facing=objective.slo.user_facing,
        owner=objective.owners.owner,
        backup=objective.owners.backup,
        escalation=objective.owners.escalation,
        runbook=objective.runbook,
    )


def _cells(objective: Objective) -> tuple[str, ...]:
    return (
        objective.id,
        objective.kind,
        "" if objective.target is None else percent(objective.target),
        "" if objective.window is None else str(objective.window),
        objective.slo.policy,
        "gates" if objective.slo.gate else "",
        objective.owners.owner,
        objective.owners.backup,
    )

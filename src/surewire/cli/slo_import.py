"""`surewire slo import`: objectives that were written for another tool, as definitions of surewire."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from surewire.cli.console_output import print_error, print_warning
from surewire.contract.catalogue import load_alerts, load_metrics, load_slos
from surewire.contract.runbooks import runbook_numbers
from surewire.contract.slos import Owners
from surewire.errors import ConfigError
from surewire.slo.lint import lint_definitions
from surewire.slo.openslo_import import import_openslo
from surewire.slo.problem import Problem, errors_of

__all__ = ["import_"]

import_ = App(
    name="import",
    help="Make definitions from objectives that were written for another tool.",
    help_epilogue="Example: `surewire slo import openslo objectives.yaml --out slos.yaml`",
)


@import_.command(help_epilogue="Example: `surewire slo import openslo objectives.yaml --owner Chat --backup Platform --escalation CTO`")
def openslo(
    file: Annotated[Path, Parameter(help="OpenSLO v1 objects, as one YAML file.")],
    *,
    out: Annotated[Path | None, Parameter(help="Where to write the definitions; standard output when it is not given.")] = None,
    owner: Annotated[str, Parameter(help="Who answers for objectives that name nobody; with --backup and --escalation.")] = "",
    backup: Annotated[str, Parameter(help="Who stands in for that owner.")] = "",
    escalation: Annotated[str, Parameter(help="Whom a breach goes to.")] = "",
) -> int:
    """Make definitions from OpenSLO v1. What has no counterpart is named; exit 1 when an objective cannot be made."""
    imported = import_openslo(_read(file), file.name, load_slos(), load_alerts().mapping, _owners(owner, backup, escalation))
    problems = imported.problems + (() if imported.text is None else _lint(imported.text, out))
    for problem in problems:
        (print_error if problem.level == "error" else print_warning)(problem)
    if imported.text is None or errors_of(problems):
        return 1
    _write(imported.text, out)
    return 0


def _owners(owner: str, backup: str, escalation: str) -> Owners | None:
    given = (owner, backup, escalation)
    if any(given) and not all(given):
        raise ConfigError("an owner, a backup and an escalation belong together.", mend="Give --owner, --backup and --escalation.")
    return Owners(owner=owner, backup=backup, escalation=escalation) if all(given) else None


def _lint(text: str, out: Path | None) -> tuple[Problem, ...]:
    """What is wrong with the definitions that were made: series that surewire does not have, bounds that are no bucket's."""
    _, problems = lint_definitions(text, str(out or "the definitions"), load_metrics(), runbook_numbers())
    return problems


def _read(file: Path) -> str:
    try:
        return file.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{file} cannot be read: {getattr(error, 'strerror', None) or error}.", path="FILE") from error


def _write(text: str, out: Path | None) -> None:
    if out is None:
        print(text, end="")
        return
    try:
        out.write_text(text, "utf-8")
    except OSError as error:
        raise ConfigError(f"{out} cannot be written: {error.strerror}.", path="--out") from error
    print(out)

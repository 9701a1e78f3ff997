"""`surewire alerts lint`: what in somebody's configuration of Alertmanager swallows or delays an alert that nothing may swallow."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from surewire.cli.alerts_protected import ExternalLabels, protected_alerts
from surewire.cli.console_output import print_json
from surewire.errors import ConfigError
from surewire.slo.alertmanager_lint import in_words, lint_alertmanager
from surewire.slo.problem import errors_of

__all__ = ["lint"]


def lint(
    file: Annotated[Path, Parameter(help="The configuration, mostly called alertmanager.yml.")],
    /,
    *,
    label: ExternalLabels = None,
    json: Annotated[bool, Parameter(help="Print for programs.")] = False,
) -> int:
    """Find routes, inhibitions and mute intervals that would keep MessageLoss, DuplicateSequence or CounterCorruption from people, or tell
    them later than within 5 minutes, once and again; and say how to mend them. Exit 1 when there is one; what depends on labels that are
    not known is a warning."""
    protected = protected_alerts(label)
    problems = lint_alertmanager(_read(file), str(file), protected)
    if json:
        print_json(problems)
        return 1 if errors_of(problems) else 0
    for problem in problems:
        print(f"{problem.level}: {problem}")
    if not errors_of(problems):
        nothing = "nothing in it is sure to swallow or delay" if problems else "nothing in it swallows or delays"
        print(f"{file}: {nothing} {in_words(list(protected), 'or')}.")
    return 1 if errors_of(problems) else 0


def _read(file: Path) -> str:
    try:
        return file.read_text("utf-8")
    except OSError as error:
        raise ConfigError(f"{file} cannot be read: {error.strerror}.", mend="Name the configuration of Alertmanager.") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{file} is not text in UTF-8.") from error

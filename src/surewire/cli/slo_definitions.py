"""The definitions that a command is about: a file that is named, the configured one, or those that come with surewire."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import msgspec
from cyclopts import Parameter

from surewire.cli.configuration import load_configuration
from surewire.contract.catalogue import load_metrics
from surewire.contract.runbooks import runbook_numbers
from surewire.errors import ConfigError
from surewire.monitoring.promises import BUILT_IN, read_definitions_file
from surewire.slo.definitions import Definitions
from surewire.slo.lint import load_definitions
from surewire.slo.objective import Objective, objectives

__all__ = ["DefinitionsFile", "Source", "find_objective", "read_source", "the_definitions"]

DefinitionsFile = Annotated[
    Path | None, Parameter(name="--file", help="YAML file with objectives, in place of the configured or the built-in ones.")
]


class Source(msgspec.Struct, frozen=True):
    """The text of a file of definitions, and what it is called in messages."""

    name: str
    text: str


def read_source(file: Path | None, config: Path | None) -> Source:
    """The text. Raises: ConfigError when it cannot be read."""
    path = file
    if path is None and (configured := load_configuration(config, insecure=True).config.slo.file):
        path = Path(configured)
    return Source(str(path or BUILT_IN), read_definitions_file(path))


def the_definitions(file: Path | None, config: Path | None) -> Definitions:
    """The definitions, strictly read. Raises: ConfigError with the place of the first thing that is wrong, and its mend."""
    source = read_source(file, config)
    return load_definitions(source.text, source.name, load_metrics(), runbook_numbers())


def find_objective(id_: str, definitions: Definitions) -> Objective:
    """The objective of that id. Raises: ConfigError when there is none."""
    found = next((objective for objective in objectives(definitions.catalogue) if objective.id == id_), None)
    if found is None:
        raise ConfigError(f"there is no objective {id_!r}.", mend="`surewire slo list` names them.")
    return found

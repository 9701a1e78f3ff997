"""What this installation promises: the configured definitions, or those that come with surewire, and everything that follows from them."""

from __future__ import annotations

from importlib import resources
from pathlib import Path
from typing import Final

from msgspec import Struct

from surewire.contract.catalogue import SloCatalogue, load_alerts, load_metrics, load_slos
from surewire.contract.runbooks import runbook_numbers
from surewire.errors import ConfigError
from surewire.slo.alert_rule import AlertRule
from surewire.slo.alert_rules import alert_rules
from surewire.slo.definitions import digest_of
from surewire.slo.lint import load_definitions
from surewire.slo.objective import Objective, objectives

__all__ = ["BUILT_IN", "Promises", "read_definitions_file", "read_promises"]

BUILT_IN: Final = "slos.yaml"


class Promises(Struct, frozen=True):
    """The definitions as they were written, with the digest of what they say; the objectives and every alert."""

    catalogue: SloCatalogue
    text: str
    digest: str
    objectives: tuple[Objective, ...]
    rules: tuple[AlertRule, ...]


def read_promises(file: Path | None) -> Promises:
    """What the file defines; without one, what comes with surewire. Raises: ConfigError with the place of what is wrong, and the mend."""
    text = read_definitions_file(file)
    # What comes with surewire was checked when it was built, and reading it strictly takes a while.
    catalogue = load_slos() if file is None else load_definitions(text, str(file), load_metrics(), runbook_numbers()).catalogue
    rules = alert_rules(catalogue, load_alerts(), load_metrics())
    return Promises(catalogue, text, digest_of(catalogue), objectives(catalogue), rules)


def read_definitions_file(file: Path | None) -> str:
    """The text. Raises: ConfigError when it cannot be read."""
    if file is None:
        return resources.files("surewire.contract").joinpath(BUILT_IN).read_text("utf-8")
    try:
        return file.read_text("utf-8")
    except OSError as error:
        raise ConfigError(f"{file} cannot be read: {error.strerror}.", path="slo.file") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{file} is no UTF-8 text.", path="slo.file") from error

"""`surewire config`: what holds, where it came from, and whether it is right."""

from __future__ import annotations

from typing import Annotated

import msgspec
from cyclopts import Parameter

from surewire.cli.configuration import ConfigFile, DataFolder, load_configuration
from surewire.cli.console_output import print_json, print_table, print_warning
from surewire.config.load import Effective, Loaded
from surewire.config.unreachable import unreachable_targets

__all__ = ["config"]


def config(
    *,
    config: ConfigFile = None,
    data: DataFolder = None,
    insecure: Annotated[bool, Parameter(help="Judge as `serve --insecure` does.")] = False,
    check: Annotated[bool, Parameter(help="Only say whether it is right: exit 0, or 2 and what is wrong.")] = False,
    show: Annotated[bool, Parameter(help="Print every value and where it came from (the default).")] = False,
    schema: Annotated[bool, Parameter(help="Print the JSON schema of the configuration file.")] = False,
    reference: Annotated[bool, Parameter(help="Print the reference page of all settings, as Markdown.")] = False,
    json: Annotated[bool, Parameter(help="Print for programs.")] = False,
) -> None:
    """Check, print and explain the configuration that `serve` would run with here; secrets are masked."""
    if schema or reference:
        _explain(as_schema=schema)
        return
    loaded = load_configuration(config, data, insecure=insecure)
    if show or not check:
        _show(loaded, as_json=json)
    else:
        for problem in unreachable_targets(loaded.config):
            print_warning(problem)
        print("The configuration is right.")


def _explain(*, as_schema: bool) -> None:
    # Only these two need the documents' maker.
    from surewire.config.reference import json_schema, reference_page

    if as_schema:
        print_json(json_schema())
    else:
        print(reference_page(), end="")


def _show(loaded: Loaded, *, as_json: bool) -> None:
    if as_json:
        print_json({one.name: {"value": one.value, "source": one.source} for one in loaded.effective()})
    else:
        print_table(("setting", "value", "from"), map(_row, loaded.effective()))


def _row(one: Effective) -> tuple[str, str, str]:
    return one.name, "" if one.value is None else msgspec.json.encode(one.value).decode(), one.source

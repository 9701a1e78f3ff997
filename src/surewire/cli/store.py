"""`surewire store`: a look into the data folder of a stopped server, which changes nothing in it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, NoReturn

import msgspec
from cyclopts import App, Parameter

from surewire.adapters.sqlite.folder_check import FolderCheck, check_folder, folder_stats
from surewire.cli.configuration import ConfigFile, DataFolder, load_configuration
from surewire.cli.console_output import print_json, print_table
from surewire.errors import ConfigError

__all__ = ["store"]

AsJson = Annotated[bool, Parameter(name="--json", help="Print for programs.")]

store = App(
    name="store",
    help="Look into the data folder of a stopped server.",
    help_epilogue="Example: `surewire store check --data ./surewire-data`",
)


@store.command(help_epilogue="Example: `surewire store check --data ./surewire-data`")
def check(*, config: ConfigFile = None, data: DataFolder = None, as_json: AsJson = False) -> int:
    """Look at everything that is stored: all four files and whether one is missing, gapless sequences and offsets, counters, orphans,
    acknowledged messages, service levels. Changes nothing. Exit 1 when something is wrong."""
    path = _store_path(config, data)
    found = check_folder(path) or _no_store(path)
    if as_json:
        print_json(found)
    else:
        for problem in found.problems:
            print(problem)
        print(_verdict(found))
    return 1 if found.problems else 0


@store.command(help_epilogue="Example: `surewire store stats --json`")
def stats(*, config: ConfigFile = None, data: DataFolder = None, as_json: AsJson = False) -> None:
    """Count what is stored. Changes nothing."""
    path = _store_path(config, data)
    found = folder_stats(path) or _no_store(path)
    if as_json:
        print_json(found)
    else:
        print_table(("what", "value"), ((name.replace("_", " "), _shown(value)) for name, value in msgspec.structs.asdict(found).items()))


def _store_path(config: Path | None, data: Path | None) -> Path:
    effective = load_configuration(config, data, insecure=True).config
    return Path(effective.data_dir) / effective.store.path


def _no_store(path: Path) -> NoReturn:
    raise ConfigError(f"there is no store at {path}.", path="data_dir", mend="Name the folder with --data.")


def _verdict(found: FolderCheck) -> str:
    counts = ((found.chats, "chat"), (found.messages, "message"), (found.events, "event"))
    readable = ", ".join(_counted(number, noun) for number, noun in counts if number is not None)
    problems = _counted(len(found.problems), "problem") if found.problems else "no problem"
    return f"{readable or 'nothing readable'}: {problems} found."


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _shown(value: object) -> str:
    return "" if value is None else f"{value:,}" if isinstance(value, int) else str(value)

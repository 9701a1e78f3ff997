"""`surewire store`: a look into the data folder of a stopped server, which changes nothing in it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, TypeVar

import msgspec
from cyclopts import App, Parameter

from surewire.adapters.sqlite import store_check
from surewire.adapters.sqlite.connection import Connection
from surewire.adapters.sqlite.event_history import FILE_NAME as EVENTS_FILE
from surewire.adapters.sqlite.events_check import check_events
from surewire.adapters.sqlite.file import locked_file
from surewire.adapters.sqlite.readers import Readers
from surewire.adapters.sqlite.slo_check import check_slo
from surewire.adapters.sqlite.slo_file import FILE_NAME as SLO_FILE
from surewire.cli.configuration import ConfigFile, DataFolder, load_configuration
from surewire.cli.console_output import print_json, print_table
from surewire.errors import ConfigError
from surewire.ports.message_store import StoreCheck, StoreStats

__all__ = ["store"]

T = TypeVar("T")
AsJson = Annotated[bool, Parameter(name="--json", help="Print for programs.")]

store = App(
    name="store",
    help="Look into the data folder of a stopped server.",
    help_epilogue="Example: `surewire store check --data ./surewire-data`",
)


@store.command(help_epilogue="Example: `surewire store check --data ./surewire-data`")
def check(*, config: ConfigFile = None, data: DataFolder = None, as_json: AsJson = False) -> int:
    """Look at everything that is stored: the files themselves, gapless sequences and offsets, counters, orphans, service levels. Exit 1
    when something is wrong."""
    found: StoreCheck = _read(config, data, lambda connection, _: store_check.check(connection))
    events, problems = _read_events(config, data)
    problems = (*found.problems, *problems, *_read_service_levels(config, data))
    if as_json:
        print_json({"chats": found.chats, "messages": found.messages, "events": events, "problems": problems})
    else:
        for problem in problems:
            print(problem)
        verdict = _counted(len(problems), "problem") if problems else "no problem"
        print(f"{_counted(found.chats, 'chat')}, {_counted(found.messages, 'message')}, {_counted(events, 'event')}: {verdict} found.")
    return 1 if problems else 0


@store.command(help_epilogue="Example: `surewire store stats --json`")
def stats(*, config: ConfigFile = None, data: DataFolder = None, as_json: AsJson = False) -> None:
    """Count what is stored."""
    found: StoreStats = _read(config, data, store_check.stats)
    if as_json:
        print_json(found)
    else:
        print_table(("what", "value"), ((name.replace("_", " "), _shown(value)) for name, value in msgspec.structs.asdict(found).items()))


def _read(config: Path | None, data: Path | None, look: Callable[[Connection, int], T]) -> T:
    """What `look(connection, size in bytes)` finds. Raises: BackendUnavailableError, naming the process, while a server has the folder."""
    effective = load_configuration(config, data, insecure=True).config
    path = Path(effective.data_dir) / effective.store.path
    if not path.is_file():
        raise ConfigError(f"there is no store at {path}.", path="data_dir", mend="Name the folder with --data.")

    return _look_into(path, "messages", look)


def _read_events(config: Path | None, data: Path | None) -> tuple[int, tuple[str, ...]]:
    path = Path(load_configuration(config, data, insecure=True).config.data_dir) / EVENTS_FILE
    return _look_into(path, "events", lambda connection, _: check_events(connection)) if path.is_file() else (0, ())


def _read_service_levels(config: Path | None, data: Path | None) -> tuple[str, ...]:
    path = Path(load_configuration(config, data, insecure=True).config.data_dir) / SLO_FILE
    return _look_into(path, "slo", lambda connection, _: check_slo(connection)) if path.is_file() else ()


def _look_into(path: Path, migrations: str, look: Callable[[Connection, int], T]) -> T:
    async def run() -> T:
        with locked_file(path, migrations) as file:
            async with Readers(file, threads=1) as readers:
                return await readers.read(lambda connection: look(connection, file.size_bytes))

    return asyncio.run(run())


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _shown(value: object) -> str:
    return "" if value is None else f"{value:,}" if isinstance(value, int) else str(value)

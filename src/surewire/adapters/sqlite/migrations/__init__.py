"""Schemas, one folder a file: `NNNN_name.sql`, forward only. The version is the file's `user_version`."""

from __future__ import annotations

import re
from importlib import resources
from typing import NamedTuple

from surewire.adapters.sqlite.connection import Connection
from surewire.adapters.sqlite.faults import BACKEND
from surewire.errors import BackendError

__all__ = ["build", "migrate", "newest_version"]

_NAME = re.compile(r"(\d{4})_\w+\.sql")


class _Migration(NamedTuple):
    version: int
    statements: str


def migrate(connection: Connection, schema: str) -> None:
    """Brings a file to the newest version of `schema` (a folder here): each step in a transaction of its own, run once.

    Raises: BackendError when the file was written by a newer surewire.
    """
    steps = _migrations(schema)
    version = int(connection.pragma("user_version"))
    if version > len(steps):
        raise BackendError(
            BACKEND, f"the file has version {version} of the {schema} schema, this surewire knows {len(steps)}: use a newer one"
        )
    for step in steps[version:]:
        _run(connection, step)


def newest_version(schema: str) -> int:
    """The version that `migrate` brings a file to."""
    return len(_migrations(schema))


def build(connection: Connection, schema: str, version: int) -> None:
    """Makes an empty database what a file of this version is."""
    for step in _migrations(schema)[:version]:
        _run(connection, step)


def _run(connection: Connection, step: _Migration) -> None:
    with connection:
        connection.execute(step.statements)
        connection.pragma("user_version", step.version)


def _migrations(schema: str) -> list[_Migration]:
    files = (
        file for file in resources.files("surewire.adapters.sqlite.migrations").joinpath(schema).iterdir() if file.name.endswith(".sql")
    )
    steps = sorted(_Migration(_number(file.name), file.read_text("utf-8")) for file in files)
    if [step.version for step in steps] != list(range(1, len(steps) + 1)):
        raise BackendError(BACKEND, f"the migrations of {schema} are not numbered 0001, 0002, … without a gap")
    return steps


def _number(name: str) -> int:
    match = _NAME.fullmatch(name)
    return int(match[1]) if match else 0

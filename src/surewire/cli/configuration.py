"""The options by which commands find their configuration."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter, Token

from surewire.errors import ConfigError

if TYPE_CHECKING:
    from surewire.config.load import Loaded

__all__ = ["ConfigFile", "DataFolder", "load_configuration"]

ConfigFile = Annotated[Path | None, Parameter(name="--config", env_var="SUREWIRE_CONFIG", help="TOML file with settings.")]


def _folder(_: object, tokens: Sequence[Token]) -> Path:
    """The folder that is named. An empty name, which comes of a variable that is not set, would be whichever one is current."""
    if not tokens[0].value:
        raise ConfigError("this names no folder.", path="--data", mend="Name one, or leave --data out.")
    return Path(tokens[0].value)


DataFolder = Annotated[Path | None, Parameter(name="--data", converter=_folder, help="Folder for everything that is stored.")]

_ADDRESS = re.compile(r"(\[[^\]]+\]|[^:\[\]]+):([0-9]+)")


def load_configuration(file: Path | None, data: Path | None = None, listen: Sequence[str] = (), *, insecure: bool = False) -> Loaded:
    """The effective configuration of this process: its file, its environment and these flags. Raises: ConfigError."""
    # Commands that only know the option do not pay for the settings.
    from surewire.config.load import load

    flags: dict[str, Mapping[str, Any]] = {}
    if data is not None:
        flags["--data"] = {"data_dir": str(data)}
    if listen:
        flags["--listen"] = {"listeners": [_listener(address) for address in listen]}
    return load(file, os.environ, flags, insecure=insecure)


def _listener(address: str) -> dict[str, Any]:
    match = _ADDRESS.fullmatch(address)
    if match is None:
        raise ConfigError(f"{address!r} is no HOST:PORT.", path="--listen", mend="Write it like 127.0.0.1:8080 or [::1]:8080.")
    return {"host": match[1].strip("[]"), "port": int(match[2])}

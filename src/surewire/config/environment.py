"""Settings from environment variables: `SUREWIRE_LIMITS__MAX_CONNECTIONS=50000`; lists as JSON or separated by commas."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

import msgspec

from surewire.config.given import WHERE_ALL_ARE, Given, checked, flattened
from surewire.config.settings import ANY_ITEM, Path, Setting, is_named, nearest_path, sections, setting_at, write_path
from surewire.errors import ConfigError

__all__ = ["OTHER_VARIABLES", "PREFIX", "from_environment", "variable"]

PREFIX: Final = "SUREWIRE_"
OTHER_VARIABLES: Final = {
    "SUREWIRE_CONFIG": "The configuration file, where `--config` is not given.",
    "SUREWIRE_URL": "The server that commands talk to, where `--url` is not given.",
}
"""Variables that are no settings."""

# Kubernetes sets these for every pod beside a service that is named surewire.
_SERVICE_LINK: Final = re.compile(r"SUREWIRE_(SERVICE_(HOST|PORT)|PORT)(_[A-Z0-9_]+)?")


def variable(path: Path) -> str:
    """The name of the variable that sets a path; a list of tables is set as a whole."""
    names = [str(step).upper() for step in path[: path.index(ANY_ITEM)]] if ANY_ITEM in path else [str(step).upper() for step in path]
    return PREFIX + "__".join(names)


def from_environment(environment: Mapping[str, str]) -> Iterator[Given]:
    """Every setting that a variable gives, checked. Raises: ConfigError for an unknown name or a value that does not fit."""
    paths = {variable(setting.path): setting.path for section in sections() for setting in section.settings}
    # A back end that there is not explains its unknown settings, so types go first.
    for name in sorted(environment, key=lambda name: (not name.endswith("__TYPE"), name)):
        if not name.startswith(PREFIX) or name in OTHER_VARIABLES:
            continue
        if path := paths.get(name) or _named_path(name):
            yield from _given(path, name, _text(environment[name], name))
        elif not _SERVICE_LINK.fullmatch(name):
            guess = nearest_path(_as_path(name), map(_as_path, OTHER_VARIABLES))
            mend = f"Did you mean {variable(guess)}?" if guess else WHERE_ALL_ARE
            raise ConfigError(f"the environment has {name}, but there is no such setting.", mend=mend)


def _given(path: Path, name: str, text: str) -> Iterator[Given]:
    if ANY_ITEM in path:
        yield from flattened({str(path[0]): _json(text, name, path[:1])}, name)
    elif (setting := setting_at(path)) and setting.is_list:
        yield _checked(Given(path, _list(setting, text, name), name))
    else:
        yield _checked(Given(path, text, name, is_text=True))


def _checked(given: Given) -> Given:
    return given if is_named(given.path) else checked(given)


def _named_path(name: str) -> Path | None:
    """Where `SUREWIRE_NOTIFY__PAGER_LOW__URL` belongs: `notify.pager-low.url`; None when it is no setting of a named table."""
    steps = _as_path(name)
    if len(steps) != 3:
        return None
    path = (steps[0], str(steps[1]).replace("_", "-"), steps[2])
    return path if is_named(path) and setting_at(path) else None


def _as_path(name: str) -> Path:
    return tuple(name.removeprefix(PREFIX).lower().split("__"))


def _text(value: str, name: str) -> str:
    """The value, without the surrogates that stand for bytes which are no text (PEP 383)."""
    try:
        value.encode()
    except UnicodeEncodeError:
        raise ConfigError(f"{name} is not text in UTF-8.") from None
    return value


def _list(setting: Setting, text: str, name: str) -> list[Any]:
    if text.lstrip().startswith("["):
        return [*_json(text, name, setting.path)]
    return [item.strip() for item in text.split(",") if item.strip()]


def _json(text: str, name: str, path: Path) -> Any:
    try:
        return msgspec.json.decode(text)
    except msgspec.DecodeError as error:
        raise ConfigError(f"{name} is not valid JSON: {error}.", path=write_path(path), mend="Write a JSON list.") from None
    except RecursionError:
        raise ConfigError(f"{name} is nested too deep.", path=write_path(path), mend="Write a JSON list.") from None

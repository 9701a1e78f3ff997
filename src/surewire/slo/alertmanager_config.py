"""The parts of an `alertmanager.yml` that decide who hears of an alert: routes, inhibitions, receivers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from surewire.contract.selector import Matcher
from surewire.errors import ConfigError
from surewire.slo.alertmanager_timing import TIMINGS, Timing, read_timing
from surewire.slo.label_matching import parse_matchers
from surewire.slo.yaml_document import Document

__all__ = ["AlertmanagerConfig", "Inhibition", "Route", "read_alertmanager"]


class Route(msgspec.Struct, frozen=True, kw_only=True):
    """One branch of the tree. `path` is where it stands: `route.routes[2]`."""

    path: str
    matchers: tuple[Matcher, ...]
    receiver: str
    """Its own, or that of the branch it grows from."""
    goes_on: bool
    """The branches beside it are looked at too."""
    mutings: tuple[str, ...]
    """The settings by which it says nothing at some times."""
    timings: Mapping[str, Timing]
    """By the name of the setting: its own, or that of the branch it grows from."""
    routes: tuple[Route, ...]


class Inhibition(msgspec.Struct, frozen=True, kw_only=True):
    """Alerts that are the target say nothing while one that is the source fires, and both have the same value of each `equal` label."""

    path: str
    source: tuple[Matcher, ...]
    target: tuple[Matcher, ...]
    equal: tuple[str, ...]


class AlertmanagerConfig(msgspec.Struct, frozen=True):
    """`receivers` are those that reach somebody or something."""

    route: Route
    inhibitions: tuple[Inhibition, ...]
    receivers: frozenset[str]


class _RawRoute(msgspec.Struct, frozen=True, kw_only=True):
    receiver: str = ""
    match: dict[str, str] = {}
    match_re: dict[str, str] = {}
    matchers: tuple[str, ...] = ()
    goes_on: bool = msgspec.field(name="continue", default=False)
    mute_time_intervals: tuple[str, ...] = ()
    active_time_intervals: tuple[str, ...] = ()
    group_wait: str = ""
    group_interval: str = ""
    repeat_interval: str = ""
    routes: tuple[_RawRoute, ...] = ()


class _RawInhibition(msgspec.Struct, frozen=True, kw_only=True):
    source_match: dict[str, str] = {}
    source_match_re: dict[str, str] = {}
    source_matchers: tuple[str, ...] = ()
    target_match: dict[str, str] = {}
    target_match_re: dict[str, str] = {}
    target_matchers: tuple[str, ...] = ()
    equal: tuple[str, ...] = ()


class _Raw(msgspec.Struct, frozen=True, kw_only=True):
    route: _RawRoute
    inhibit_rules: tuple[_RawInhibition, ...] = ()
    receivers: tuple[dict[str, Any], ...] = ()


_WAYS: Final = "_configs"
"""How the name of each way to reach somebody ends: `slack_configs`."""


def read_alertmanager(document: Document) -> AlertmanagerConfig:
    """What the document says. Settings that decide nothing here are passed over. Raises: ConfigError when it is no such configuration."""
    try:
        raw = msgspec.convert(_written(document.data), _Raw)
    except msgspec.ValidationError as error:
        raise ConfigError(f"this is no configuration of Alertmanager: {error}.", mend="`amtool check-config` says more.") from error
    receivers = frozenset(str(receiver.get("name", "")) for receiver in raw.receivers if _reaches(receiver))
    inhibitions = tuple(_inhibition(one, f"inhibit_rules[{number}]") for number, one in enumerate(raw.inhibit_rules))
    return AlertmanagerConfig(_route(raw.route, "route", "", TIMINGS), inhibitions, receivers)


def _written(value: Any) -> Any:
    """Without what is left empty, and with numbers as the texts that they are as values of labels."""
    if isinstance(value, dict):
        table: dict[Any, Any] = value  # pyright: ignore[reportUnknownVariableType] - whatever it holds is checked against shapes
        return {str(name): _written(one) for name, one in table.items() if one is not None}
    if isinstance(value, list):
        items: list[Any] = value  # pyright: ignore[reportUnknownVariableType] - as above
        return [_written(one) for one in items]
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


def _reaches(receiver: dict[str, Any]) -> bool:
    return any(name.endswith(_WAYS) and ways for name, ways in receiver.items())


def _route(raw: _RawRoute, path: str, receiver: str, timings: Mapping[str, Timing]) -> Route:
    own, times = raw.receiver or receiver, {**timings, **_timings(raw, path)}
    return Route(
        path=path,
        matchers=_matchers(path, raw.match, raw.match_re, raw.matchers),
        receiver=own,
        goes_on=raw.goes_on,
        mutings=tuple(name for name in ("mute_time_intervals", "active_time_intervals") if getattr(raw, name)),
        timings=times,
        routes=tuple(_route(child, f"{path}.routes[{number}]", own, times) for number, child in enumerate(raw.routes)),
    )


def _timings(raw: _RawRoute, path: str) -> dict[str, Timing]:
    return {name: read_timing(name, written, path) for name in TIMINGS if (written := getattr(raw, name))}


def _inhibition(raw: _RawInhibition, path: str) -> Inhibition:
    return Inhibition(
        path=path,
        source=_matchers(path, raw.source_match, raw.source_match_re, raw.source_matchers),
        target=_matchers(path, raw.target_match, raw.target_match_re, raw.target_matchers),
        equal=raw.equal,
    )


def _matchers(path: str, equal: dict[str, str], alike: dict[str, str], written: tuple[str, ...]) -> tuple[Matcher, ...]:
    found = [Matcher(label, "=", value) for label, value in equal.items()]
    try:
        patterns = [one for label, value in alike.items() for one in parse_matchers(f'{label}=~"{_escaped(value)}"')]
        return (*found, *patterns, *(one for text in written for one in parse_matchers(text)))
    except ConfigError as error:
        raise ConfigError(error.problem, path=path, mend=error.mend) from error


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"')

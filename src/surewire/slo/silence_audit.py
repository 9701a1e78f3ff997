"""Silences of a running Alertmanager that keep an alert from people that nothing may keep from them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from surewire.contract.selector import Matcher
from surewire.errors import ConfigError
from surewire.slo.label_matching import Labels, labels_assumed

__all__ = ["KeptQuiet", "LiveAlert", "LiveSilence", "Muting", "kept_quiet", "mutings"]


class LiveSilence(msgspec.Struct, frozen=True, kw_only=True):
    """A silence that holds or will hold. The times are as Alertmanager writes them."""

    id: str
    matchers: tuple[Matcher, ...]
    created_by: str
    comment: str
    starts_at: str
    ends_at: str


class LiveAlert(msgspec.Struct, frozen=True, kw_only=True):
    """An alert that Alertmanager has now, and what keeps it quiet there."""

    labels: dict[str, str]
    inhibited_by: tuple[str, ...] = ()
    muted_by: tuple[str, ...] = ()


class Muting(msgspec.Struct, frozen=True):
    """What one silence does: the alerts that it is about, or may be about if they have the labels `assumed`."""

    silence: LiveSilence
    alerts: tuple[str, ...]
    assumed: frozenset[str] = frozenset()
    is_readable: bool = True
    """Not, when it has a pattern that cannot be read here."""

    @property
    def is_sure(self) -> bool:
        """It is about the alerts as they are known, or as they fire now."""
        return self.is_readable and not self.assumed


class KeptQuiet(msgspec.Struct, frozen=True):
    """An alert that fires, and that something else than a silence keeps quiet: the configuration does."""

    alert: str
    reasons: tuple[str, ...]


def mutings(silences: Iterable[LiveSilence], protected: Mapping[str, Labels], live: Iterable[LiveAlert]) -> Sequence[Muting]:
    """The silences that are about a protected alert, given by name with their labels, or that may be."""
    firing = [alert.labels for alert in live if alert.labels.get("alertname") in protected]
    found = (_muting(silence, protected, firing) for silence in silences)
    return [muting for muting in found if muting is not None]


def kept_quiet(live: Iterable[LiveAlert], protected: Mapping[str, Labels]) -> Sequence[KeptQuiet]:
    """The protected alerts that fire and that an inhibition or a mute interval keeps quiet at this moment."""
    names = ((alert, alert.labels.get("alertname", "")) for alert in live)
    return [KeptQuiet(name, (*alert.inhibited_by, *alert.muted_by)) for alert, name in names if name in protected and _is_quiet(alert)]


def _is_quiet(alert: LiveAlert) -> bool:
    return bool(alert.inhibited_by or alert.muted_by)


def _muting(silence: LiveSilence, protected: Mapping[str, Labels], firing: Sequence[Labels]) -> Muting | None:
    try:
        known = {name: labels_assumed(silence.matchers, labels) for name, labels in protected.items()}
    except ConfigError:
        return Muting(silence, tuple(protected), is_readable=False)
    observed = {labels["alertname"] for labels in firing if _accepts(silence.matchers, labels)}
    sure = tuple(name for name in protected if name in observed or known[name] == frozenset())
    if sure:
        return Muting(silence, sure)
    possible = {name: assumed for name, assumed in known.items() if assumed}
    return Muting(silence, tuple(possible), frozenset[str]().union(*possible.values())) if possible else None


def _accepts(matchers: Iterable[Matcher], labels: Labels) -> bool:
    return all(matcher.accepts(labels.get(matcher.label, "")) for matcher in matchers)

"""Which alerts silences are about. Nothing silences a non-negotiable alert, and a silence that cannot be read silences nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import msgspec

from surewire.contract.selector import Matcher
from surewire.errors import ConfigError
from surewire.ports.alert_store import Silence
from surewire.slo.alert_rule import AlertRule

__all__ = ["SERVICE", "Silencing", "alert_labels", "matches"]

SERVICE: Final = "surewire"
"""The label `service` of every alert, as in the rules for Prometheus: it tells them from those of others at the same receivers."""
_REMEMBERED: Final = 500


def alert_labels(rule: AlertRule) -> dict[str, str]:
    """Every label that an alert is told with, and so may be silenced by; as in the rules for Prometheus, empty ones are left out."""
    labels = {
        "alertname": rule.name,
        "severity": rule.severity,
        "service": SERVICE,
        "slo": rule.slo,
        "window": rule.window,
        "owner": rule.owner,
    }
    return {label: value for label, value in labels.items() if value}


def matches(matchers: Iterable[Matcher], labels: Mapping[str, str]) -> bool:
    """Whether all matchers accept the labels; an absent label is the empty string. Raises: ConfigError when one cannot be read."""
    return all(matcher.accepts(labels.get(matcher.label, "")) for matcher in matchers)


class Silencing:
    """What silences mute among these rules. Matchers are held against each alert once, and what came of it is remembered."""

    __slots__ = ("_labels", "_muted")

    def __init__(self, rules: Iterable[AlertRule]) -> None:
        self._labels = {rule.name: alert_labels(rule) for rule in rules if not rule.is_non_negotiable}
        self._muted: dict[tuple[object, ...], frozenset[str]] = {}

    def in_force(self, silences: Iterable[Silence], now_s: int) -> dict[str, Silence]:
        """The silence of every alert that is muted now, by the alert's name: the first of those that mute it."""
        found: dict[str, Silence] = {}
        for silence in silences:
            if silence.starts_at_s <= now_s < silence.ends_at_s:
                for name in self.muted_by(silence.matchers):
                    found.setdefault(name, silence)
        return found

    def muted_by(self, matchers: Sequence[Matcher]) -> frozenset[str]:
        """The names of the alerts that a silence with these matchers would mute if nothing else held."""
        # Written out, as a matcher keeps its compiled pattern for as long as it is kept itself.
        written = tuple(map(msgspec.structs.astuple, matchers))
        if written not in self._muted:
            if len(self._muted) >= _REMEMBERED:
                self._muted.clear()
            self._muted[written] = frozenset(name for name, labels in self._labels.items() if _is_about(matchers, labels))
        return self._muted[written]


def _is_about(matchers: Iterable[Matcher], labels: Mapping[str, str]) -> bool:
    try:
        return matches(matchers, labels)
    except ConfigError:  # what is stored may have been written when other patterns were taken
        return False

"""What in somebody's `alertmanager.yml` keeps an alert from people that nothing may keep from them.

Theory. An alert walks down the tree of routes: into the first branch whose matchers accept it, or every one up to the first that does not
`continue`; where no branch below takes it, the route it has reached tells its receiver. It is swallowed when no such receiver reaches
anybody, at some times when one of these routes is muted, and while something else fires when an inhibition has it as a target
(https://prometheus.io/docs/alerting/latest/configuration/). It is told too late when even the quickest of these routes waits for longer
than a person may take to acknowledge it. Labels that Prometheus adds to every alert, `external_labels`, are not known here: what needs one
of them to be so is a warning. Regular expressions are those of RE2, which Alertmanager's are too.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from surewire.errors import ConfigError
from surewire.slo.alertmanager_config import AlertmanagerConfig, Inhibition, Route, read_alertmanager
from surewire.slo.label_matching import Labels, labels_assumed
from surewire.slo.problem import Problem
from surewire.slo.yaml_document import Document, read_yaml

__all__ = ["in_words", "lint_alertmanager"]

_LATEST_MS: Final = 300_000
_TOO_LATE: Final = {
    "group_wait": "would be told only after {}",
    "group_interval": "would be told only after {} when something else of their group has been told",
    "repeat_interval": "would be told again only after {}, though nobody may have noticed",
}
_IN_TIME: Final = "group_wait: 0s, group_interval: 1m and repeat_interval: 5m"


class _Finding(NamedTuple):
    """`path` is where it stands. `assumed` are labels that the alert must have for it; it is sure without."""

    path: str
    what: str
    mend: str
    assumed: frozenset[str]


def lint_alertmanager(text: str, file: str, protected: Mapping[str, Labels]) -> tuple[Problem, ...]:
    """Everything in the configuration that keeps one of the protected alerts, given by name with their labels, from people.

    An error is sure; a warning depends on a label that is not known.
    """
    document = read_yaml(text, file)
    if document.problems and not document.data:
        return document.problems
    try:
        config = read_alertmanager(document)
    except ConfigError as error:
        return (*document.problems, document.problem(error.path, error.problem, error.mend))
    found: dict[_Finding, list[str]] = {}
    for name, labels in protected.items():
        for finding in _findings(config, labels, tuple(protected)):
            found.setdefault(finding, []).append(name)
    return (*document.problems, *(_problem(document, finding, names) for finding, names in found.items()))


def in_words(names: Sequence[str], joined_by: str = "and") -> str:
    """`MessageLoss, DuplicateSequence and CounterCorruption`."""
    return f"{', '.join(names[:-1])} {joined_by} {names[-1]}" if len(names) > 1 else "".join(names)


def _problem(document: Document, finding: _Finding, names: Sequence[str]) -> Problem:
    condition = f"if they have the label {in_words(sorted(finding.assumed))}, " if finding.assumed else ""
    what = f"{condition}{in_words(names)} {finding.what}."
    mend = f"{finding.mend} Or say with --label which labels all alerts have." if finding.assumed else finding.mend
    return document.problem(finding.path, what[0].upper() + what[1:], mend, is_warning=bool(finding.assumed))


def _findings(config: AlertmanagerConfig, labels: Labels, names: Sequence[str]) -> Iterator[_Finding]:
    exclusion = f'alertname!~"{"|".join(names)}"'
    for inhibition in config.inhibitions:
        yield from _inhibited(inhibition, labels, exclusion)
    sure = set[tuple[str, str]]()
    # First as the alert is known, then with labels that a branch asks for and that nothing is known of.
    for assumed in sorted({frozenset[str](), *_asked(config.route, labels)}, key=lambda one: (len(one), sorted(one))):
        for finding in _in_world(config, labels, assumed, names):
            if (finding.path, finding.what) not in sure:
                sure.add((finding.path, finding.what))
                yield finding


def _inhibited(inhibition: Inhibition, labels: Labels, exclusion: str) -> Iterator[_Finding]:
    assumed = labels_assumed(inhibition.target, labels)
    if assumed is None or not _has_source(inhibition, labels):
        return
    path = f"{inhibition.path}.target_matchers"
    yield _Finding(path, "would be kept quiet by this while another alert fires", f"Add {exclusion} to target_matchers.", assumed)


def _has_source(inhibition: Inhibition, labels: Labels) -> bool:
    """Whether some alert can be the source: it has the target's values of the labels that must be equal."""
    same = {label: labels.get(label, "") for label in inhibition.equal if label in labels}
    return labels_assumed(inhibition.source, same) is not None


def _asked(route: Route, labels: Labels) -> Iterator[frozenset[str]]:
    for child in route.routes:
        assumed = labels_assumed(child.matchers, labels)
        if assumed is not None:
            yield assumed
            yield from (assumed | more for more in _asked(child, labels))


def _in_world(config: AlertmanagerConfig, labels: Labels, assumed: frozenset[str], names: Sequence[str]) -> Iterator[_Finding]:
    reached = _reached(config.route, labels, assumed)
    ahead = f"Put a route for them before it, with matchers: ['alertname=~\"{'|'.join(names)}\"'] and a receiver that wakes somebody."
    for route in reached:
        for muting in route.mutings:
            times = "at the times of this" if muting == "mute_time_intervals" else "at all times but those of this"
            yield _Finding(f"{route.path}.{muting}", f"would be muted {times}", ahead, assumed)
    yield from _too_late([route for route in reached if route.receiver in config.receivers], assumed, names)
    if not any(route.receiver in config.receivers for route in reached):
        receivers = in_words(sorted({route.receiver or "none at all" for route in reached}))
        what = f"would reach nobody: no way to tell anybody is configured for the receiver {receivers}"
        yield _Finding(f"{reached[-1].path}.receiver", what, ahead, assumed)


def _too_late(telling: Sequence[Route], assumed: frozenset[str], names: Sequence[str]) -> Iterator[_Finding]:
    """What the quickest of the routes that reach somebody takes too long for."""
    for setting, what in _TOO_LATE.items():
        quickest = min((route.timings[setting] for route in telling), key=lambda timing: timing.length_ms, default=None)
        if quickest is not None and quickest.length_ms > _LATEST_MS:
            mend = f"Put a route for them before all others, with matchers: ['alertname=~\"{'|'.join(names)}\"'], {_IN_TIME}."
            yield _Finding(f"{quickest.path}.{setting}", what.format(quickest.written), mend, assumed)


def _reached(route: Route, labels: Labels, assumed: frozenset[str]) -> Sequence[Route]:
    found: list[Route] = []
    for child in _taken(route.routes, labels, assumed):
        found += _reached(child, labels, assumed)
    return found or [route]


def _taken(routes: Iterable[Route], labels: Labels, assumed: frozenset[str]) -> Iterator[Route]:
    for route in routes:
        needed = labels_assumed(route.matchers, labels)
        if needed is not None and needed <= assumed:
            yield route
            if not route.goes_on:
                return

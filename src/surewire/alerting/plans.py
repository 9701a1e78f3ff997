"""How each severity is told: whom, how soon, how often again, and whom it goes to when nobody answers."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final, NamedTuple

import msgspec

from surewire.contract.alerts import AlertCatalogue, SeverityRule
from surewire.contract.slos import Severity
from surewire.slo.window import DAY_S, HOUR_S, parse_duration

__all__ = ["MISSED_PAGES", "Plan", "Step", "plans"]

MISSED_PAGES: Final = 2
"""So many pages without an answer, and the alert goes to the next person at once."""

_PAGERS: Final = frozenset({"pagerduty-high", "pagerduty-low"})
_NOT_FOR_ALL: Final = frozenset({"executive", "leadership"})
"""They get what names them, and nothing else."""


class Step(NamedTuple):
    """Whom an unanswered alert goes to. `after_s` None: only after missed pages."""

    after_s: int | None
    to: str


class _Pace(NamedTuple):
    wait_s: int
    interval_s: int
    repeat_s: int


# The first is told at once and each change at once: whoever is woken must know all of it. The others gather for a while.
_PACES: Final[dict[Severity, _Pace]] = {
    "SEV-1": _Pace(0, 0, 4 * HOUR_S),
    "SEV-2": _Pace(15, 60, 4 * HOUR_S),
    "SEV-3": _Pace(30, 300, DAY_S),
    "SEV-4": _Pace(30, 300, DAY_S),
}


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What holds for the alerts of one severity.

    A group is first told `wait_s` after its first alert, so that what fires together comes together; a change `interval_s` after what was
    told last, at the earliest; and all of it again every `repeat_s`. Who is paged is paged again when nobody answers within `answer_s`.
    """

    severity: Severity
    targets: tuple[str, ...]
    """Every target that is configured, pagers included."""
    pagers: tuple[str, ...]
    """Those that are told again when nobody answers: the pagers, or all targets where there is none and somebody must answer."""
    has_pager: bool
    """They wake somebody once for each dedup key."""
    wait_s: int
    interval_s: int
    repeat_s: int
    answer_s: int | None
    """None where nobody is paged."""
    steps: tuple[Step, ...]
    configured: frozenset[str]
    """Every target there is, for alerts that also go to one of their own."""


def plans(catalogue: AlertCatalogue, configured: Collection[str]) -> dict[Severity, Plan]:
    """The plan of each severity, with the targets of the catalogue that are configured.

    Telling somebody is better than telling nobody: where none of a severity's targets is configured, its alerts go to every target that
    is, and where somebody must answer and another pager than its own is there, to that one too. But nobody is woken for a SEV-3 or SEV-4.
    """
    first = next(iter(step.to for rule in catalogue.severities.values() for step in rule.escalate), "")
    return {severity: _plan(severity, rule, configured, first) for severity, rule in catalogue.severities.items()}


def _plan(severity: Severity, rule: SeverityRule, configured: Collection[str], first: str) -> Plan:
    pages = bool(_PAGERS & set(rule.notify))
    targets = _targets(rule, configured, pages=pages)
    pagers, pace = tuple(target for target in targets if target in _PAGERS), _PACES[severity]
    return Plan(
        severity=severity,
        targets=targets,
        pagers=(pagers or targets) if pages else (),
        has_pager=bool(pagers),
        wait_s=pace.wait_s,
        interval_s=pace.interval_s,
        repeat_s=pace.repeat_s,
        answer_s=parse_duration(rule.respond_within) if pages else None,
        steps=_steps(rule, first) if pages else (),
        configured=frozenset(configured),
    )


def _targets(rule: SeverityRule, configured: Collection[str], *, pages: bool) -> tuple[str, ...]:
    named = tuple(target for target in rule.notify if target in configured)
    others = sorted(set(configured) - _NOT_FOR_ALL - set(named))
    if not pages:
        return named or tuple(target for target in others if target not in _PAGERS)
    if not named:
        return tuple(others)
    stand_ins = () if _PAGERS & set(named) else _PAGERS & set(others)
    return (*named, *sorted(stand_ins))


def _steps(rule: SeverityRule, first: str) -> tuple[Step, ...]:
    """The severity's own; where it has none, whoever is first elsewhere, after missed pages only."""
    own = tuple(Step(parse_duration(step.after), step.to) for step in rule.escalate)
    return own or ((Step(None, first),) if first else ())

"""An objective's status as JSON shows it: the same for `GET /v1/slos` and `surewire slo status --json`."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

from msgspec import Meta, Struct

from surewire.domain.instant import format_seconds
from surewire.slo.status import Part, SloState, SloStatus, Verdict
from surewire.slo.window import Gap, GapCause

__all__ = ["GapView", "PartView", "SloList", "SloView", "slo_list", "slo_view"]

_DIGITS = 12

Ratio = Annotated[float | None, Meta(description="null when there are no data.")]


class PartView(Struct, frozen=True, kw_only=True):
    """One endpoint, worker or severity of an objective that is judged for each of them."""

    name: str
    good: int
    bad: int
    sli: Ratio
    verdict: Verdict


class GapView(Struct, frozen=True, kw_only=True, rename={"from_": "from"}):
    """A time in which the server did not run, from its last sign of life until it was ready again."""

    from_: str
    to: str
    cause: Annotated[GapCause, Meta(description="`crash`: it broke off; `drain`: it was told to end.")]


class SloView(Struct, frozen=True, kw_only=True):
    """One objective now. Numbers are null when there are no data; `_gross` ones are without maintenance and corrections taken out."""

    id: str
    kind: str
    objective: float | None
    window: str
    since: str
    good: int | None
    bad: int | None
    total: int | None
    sli: Ratio
    sli_gross: Ratio
    bad_gross: int | None
    total_gross: int | None
    budget_remaining: Annotated[float | None, Meta(description="1 untouched, 0 exhausted, negative when overspent.")]
    budget_remaining_gross: Ratio
    events_left: int | None
    outage_minutes_left: float | None
    burn_rates: dict[str, float | None]
    coverage: Annotated[float, Meta(description="The share of the window in which something recorded.")]
    excluded_s: int
    state: SloState
    verdict: Verdict
    owner: str
    backup: str
    note: str
    parts: tuple[PartView, ...] = ()
    gaps: Annotated[tuple[GapView, ...], Meta(description="Times in which the server did not run that are down time here.")] = ()


class SloList(Struct, frozen=True):
    """Every objective at one moment, in the order of the definitions."""

    at: str
    slos: tuple[SloView, ...]


def slo_list(statuses: tuple[SloStatus, ...], at_s: int) -> SloList:
    """The statuses as they are shown."""
    return SloList(format_seconds(at_s), tuple(map(slo_view, statuses)))


def slo_view(status: SloStatus) -> SloView:
    """One status as it is shown. Decimals become numbers of 12 significant digits."""
    return SloView(
        id=status.id,
        kind=status.kind,
        objective=_number(status.objective),
        window=status.window,
        since=format_seconds(status.start_s),
        good=status.good,
        bad=status.bad,
        total=status.total,
        sli=_number(status.sli),
        sli_gross=_number(status.sli_gross),
        bad_gross=status.bad_gross,
        total_gross=status.total_gross,
        budget_remaining=_number(status.budget_remaining),
        budget_remaining_gross=_number(status.budget_remaining_gross),
        events_left=status.events_left,
        outage_minutes_left=_number(status.outage_minutes_left),
        burn_rates={window: _number(rate) for window, rate in status.burn_rates.items()},
        coverage=float(round(status.coverage, 6)),
        excluded_s=status.excluded_s,
        state=status.state,
        verdict=status.verdict,
        owner=status.owner,
        backup=status.backup,
        note=status.note,
        parts=tuple(map(_part, status.parts)),
        gaps=tuple(map(_gap, status.gaps)),
    )


def _part(part: Part) -> PartView:
    return PartView(name=part.name, good=part.good, bad=part.bad, sli=_number(part.sli), verdict=part.verdict)


def _gap(gap: Gap) -> GapView:
    return GapView(from_=format_seconds(gap.start_s), to=format_seconds(gap.end_s), cause=gap.cause)


def _number(value: Decimal | None) -> float | None:
    return None if value is None else float(f"{value:.{_DIGITS}g}")

"""What an objective goes by when the counts cannot say it: incidents answered in time, checks that ran, loads that were carried."""

from __future__ import annotations

from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from surewire.slo.status import Part, SloStatus, Tally, Verdict

__all__ = ["NO_EVIDENCE", "Evidence", "judge_evidence"]


class Evidence(Struct, frozen=True, kw_only=True):
    """What was recorded outside of the counts."""

    tally: Tally = Tally(0, 0)
    """Hours in which a check was good or bad; responses in time and late ones."""
    highest: float | None = None
    """The greatest load that a test carried."""
    parts: tuple[Part, ...] = ()
    note: str = ""


NO_EVIDENCE: Final = Evidence()


def judge_evidence(status: SloStatus, evidence: Evidence) -> SloStatus:
    """The status of a check or of responses: met while none is bad, no data while there is none at all. Nothing is ever taken out."""
    tally = evidence.tally
    if not tally.total:
        return replace(status, note=evidence.note or "nothing was recorded that it goes by", parts=evidence.parts)
    verdict: Verdict = "breached" if tally.bad else "met"
    shown = replace(status, good=tally.good, bad=tally.bad, total=tally.total, sli=tally.sli)
    gross = replace(shown, good_gross=tally.good, bad_gross=tally.bad, total_gross=tally.total, sli_gross=tally.sli)
    state = "breached" if tally.bad else "healthy"
    return replace(gross, verdict=verdict, state=state, note=evidence.note, parts=evidence.parts)

"""What the non-negotiable alerts are, pinned, and every change to them that was approved.

Whoever changes one of them adds an amendment here: why, who approved it, where it is decided, and the digest of what they are from then on.
A change without one is found by the invariant `non_negotiable_immutable`, whoever made it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from hashlib import sha256
from typing import Final

import msgspec

from surewire.contract.alerts import AlertCatalogue

__all__ = ["AMENDMENTS", "APPROVERS", "FIRST_DIGEST", "Amendment", "definitions_digest", "unapproved"]

APPROVERS: Final = frozenset({"Platform Engineering Manager", "VP Engineering"})
"""Both approve every change."""
FIRST_DIGEST: Final = "bb6479b8acb78336142426bbf330e28201f41cf82efed380539228909235773e"
"""Of the three as the requirements define them."""


class Amendment(msgspec.Struct, frozen=True, kw_only=True):
    """One approved change. `digest` is of the definitions after it; `decision` names the entry of the decision record."""

    digest: str
    decided_on: str
    justification: str
    approved_by: tuple[str, ...]
    decision: str


AMENDMENTS: Final[tuple[Amendment, ...]] = ()
"""Oldest first. There was none yet."""


def definitions_digest(catalogue: AlertCatalogue) -> str:
    """SHA-256 of everything that the catalogue says of its non-negotiable alerts, whatever their order and notes."""
    named = sorted((alert for alert in catalogue.alerts if alert.name in catalogue.non_negotiable), key=lambda alert: alert.name)
    said = [(alert.name, alert.severity, alert.runbook, alert.expr, alert.hold, alert.needs) for alert in named]
    return sha256(msgspec.json.encode(said)).hexdigest()


def unapproved(catalogue: AlertCatalogue, amendments: Sequence[Amendment] = AMENDMENTS) -> Iterator[str]:
    """What is wrong: definitions that no amendment gave them, and amendments that nobody justified, approved or decided."""
    for number, amendment in enumerate(amendments, 1):
        if not amendment.justification.strip():
            yield f"amendment {number} has no justification."
        if missing := APPROVERS - set(amendment.approved_by):
            yield f"amendment {number} is not approved by {', '.join(sorted(missing))}."
        if not (amendment.decision.strip() and amendment.decided_on.strip()):
            yield f"amendment {number} names no decision and its day."
    if definitions_digest(catalogue) != (amendments[-1].digest if amendments else FIRST_DIGEST):
        yield "their definition was changed without an amendment in surewire.slo.amendments."

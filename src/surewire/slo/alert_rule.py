"""One alert with everything that its evaluation, its notification and its Prometheus rule need."""

from __future__ import annotations

import msgspec

from surewire.contract.slos import Severity
from surewire.slo.condition import Condition

__all__ = ["AlertRule"]


class AlertRule(msgspec.Struct, frozen=True, kw_only=True):
    """An alert by its unique name. `hold_s` is how long the condition must hold before it fires (`for` in Prometheus)."""

    name: str
    severity: Severity
    runbook: str
    condition: Condition
    summary: str
    """One sentence for the person who is paged."""
    hold_s: int = 0
    slo: str = ""
    window: str = ""
    owner: str = ""
    backup: str = ""
    needs: str = ""
    """The back end whose series it reads; without that there are no data."""
    targets: tuple[str, ...] = ()
    """Whom it goes to beyond its severity's own: `executive`."""
    is_non_negotiable: bool = False

"""The auditor: looks for acknowledged messages that are not there, with other eyes than those that acknowledged them.

It keeps the highest acknowledged sequence of every chat in a file of its own, at most a second behind, and compares it with the store: at
the start, after every reopening of the store, every hour, and for a sample of the batches just acknowledged. What retention or a deletion
removed counts as found, by the mark they leave. Every finding is counted and logged once ever, so that a person who has dealt with one
is not called again for it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from surewire.durability.acknowledged import Acknowledged
from surewire.ports.clock import Clock
from surewire.ports.message_audit import AcknowledgedMarks, Finding, MessageAudit
from surewire.telemetry.instruments import DurabilityInstruments
from surewire.telemetry.logging import logger

__all__ = ["Auditor"]

_log = logger(__name__)
_PAGE: Final = 200
_FULL_AUDIT_S: Final = 3_600.0


class Auditor:
    """One audits a store. `reopenings` tells how often the store was opened again; a new number starts a full audit."""

    def __init__(
        self,
        audit: MessageAudit,
        marks: AcknowledgedMarks,
        acknowledged: Acknowledged,
        clock: Clock,
        instruments: DurabilityInstruments,
        reopenings: Callable[[], int],
    ) -> None:
        self._audit, self._marks, self._acknowledged = audit, marks, acknowledged
        self._clock, self._instruments, self._reopenings = clock, instruments, reopenings
        self._audited_reopenings = -1
        self._audited_at = 0.0

    async def store_marks(self) -> None:
        """Makes durable what was acknowledged since the last call. Raises: BackendError, then it is kept for the next time."""
        highest = self._acknowledged.take_highest()
        if not highest:
            return
        try:
            await self._marks.raise_to(highest)
        except BaseException:
            self._acknowledged.put_back(highest)
            raise

    async def look(self, beat: Callable[[], None]) -> None:
        """Looks at a sample, or at everything when that is due. To be called about every second. Raises: BackendError."""
        await self.check_sample()
        reopenings = self._reopenings()
        if reopenings != self._audited_reopenings or self._clock.monotonic() - self._audited_at >= _FULL_AUDIT_S:
            await self.audit_everything(beat)
            self._audited_reopenings, self._audited_at = reopenings, self._clock.monotonic()

    async def check_sample(self) -> None:
        """Looks whether one batch that was acknowledged since the last call is stored as it was acknowledged."""
        sample = self._acknowledged.take_sample()
        if sample:
            absent = await self._audit.absent(sample)
            await self._report([Finding("lost", message.chat_id, message.sequence, message.sequence) for message in absent])

    async def audit_everything(self, beat: Callable[[], None]) -> None:
        """Looks at every chat that was ever acknowledged to or is stored; `beat` is called after every piece of a chat."""
        await self.store_marks()
        last = ""
        while marks := await self._marks.read(last, _PAGE):
            await self._examine(dict(marks), beat)
            last = marks[-1][0]
            beat()
        await self._audit_unmarked(beat)

    async def _audit_unmarked(self, beat: Callable[[], None]) -> None:
        last = ""
        while chat_ids := await self._audit.chat_ids(last, _PAGE):
            await self._examine(dict.fromkeys(chat_ids, 0), beat)
            last = chat_ids[-1]
            beat()

    async def _examine(self, marks: Mapping[str, int], beat: Callable[[], None]) -> None:
        await self._report(await self._audit.examine(marks, beat))

    async def _report(self, findings: Sequence[Finding]) -> None:
        for finding in await self._marks.unreported(findings) if findings else ():
            self._count(finding)

    def _count(self, finding: Finding) -> None:
        where = {"chat_id": finding.chat_id, "first_sequence": finding.first, "last_sequence": finding.last}
        if finding.kind == "lost":
            self._instruments.ack_sent["false"].n += finding.count
            _log.error("acknowledged messages are not in the store", error_code="PERSIST_FAILED", ack_sent=True, **where)
        elif finding.kind == "duplicate_sequence":
            self._instruments.duplicate_sequence.n += 1
            _log.error("a sequence exists more than once", error_code="DUPLICATE_SEQUENCE", **where)
        else:
            self._instruments.counter_missing.n += 1
            _log.error("a chat's counter is absent or too low", error_code="COUNTER_MISSING", **where)

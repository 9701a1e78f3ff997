"""Where a command records what it did to an alert: a running server, or the data folder of a stopped one."""

from __future__ import annotations

import secrets
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import msgspec

from surewire.adapters.sqlite.slo_file import open_slo_file
from surewire.adapters.system.clock import SystemClock
from surewire.alerting.audit import AUDIT
from surewire.client.http_api import HttpApi
from surewire.domain.ids import UlidGenerator
from surewire.domain.instant import MICROS_PER_SECOND
from surewire.ports.ledger import Entry

__all__ = ["AuditRecord", "Record", "recorder"]

_MICROS_PER_MILLI: Final = 1_000


class AuditRecord(msgspec.Struct, frozen=True, kw_only=True):
    """What was done to which alerts, why, and what came of it."""

    what: str
    subject: str
    reason: str
    outcome: str


Record = Callable[[AuditRecord], Awaitable[None]]
"""Keeps a record, on disk when it returns."""


@asynccontextmanager
async def recorder(actor: str, url: str, data: Path | None) -> AsyncGenerator[Record]:
    """Records under the actor's name in the folder, or at the server when there is none.

    Raises: BackendError when another process has the folder; the record itself ClientError when the server does not answer.
    """
    if data is None:
        async with HttpApi(url, user_id=actor, patience_s=2.0) as api:

            async def post(what: AuditRecord) -> None:
                await api.call("POST", "/v1/audits", AuditRecord, body=what)

            yield post
        return
    clock = SystemClock()
    async with open_slo_file(data, clock) as file:
        ids = UlidGenerator(secrets.randbits)

        async def record(what: AuditRecord) -> None:
            now_micros = clock.now_micros()
            name, at_s = f"aud_{ids.next(now_micros // _MICROS_PER_MILLI)}", now_micros // MICROS_PER_SECOND
            await file.ledger.append(Entry(id=name, kind=AUDIT, at_s=at_s, actor=actor, body=msgspec.to_builtins(what)))

        yield record

"""`surewire alerts audit`: silences of a running Alertmanager over alerts that cannot be silenced, found, ended and recorded."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated

import msgspec
from cyclopts import Parameter

from surewire.adapters.alertmanager.api import AlertmanagerApi
from surewire.cli.alerts_protected import ExternalLabels, protected_alerts
from surewire.cli.audit_records import AuditRecord, Record, recorder
from surewire.cli.console_output import print_error, print_json, print_table
from surewire.cli.remote import DEFAULT_URL, Url, printable
from surewire.errors import BackendError, SurewireError
from surewire.slo.alertmanager_lint import in_words
from surewire.slo.label_matching import Labels
from surewire.slo.silence_audit import KeptQuiet, LiveSilence, Muting, kept_quiet, mutings

__all__ = ["audit"]


class _Row(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that was found, and what became of it."""

    what: str
    alerts: str
    by: str
    until: str
    outcome: str


def audit(
    *,
    alertmanager: Annotated[str, Parameter(help="Address of the Alertmanager; a user and a password may stand in it.")],
    actor: Annotated[str, Parameter(help="Who asks for it.")],
    dry_run: Annotated[bool, Parameter(help="Only look: end nothing, record nothing.")] = False,
    label: ExternalLabels = None,
    url: Url = DEFAULT_URL,
    data: Annotated[Path | None, Parameter(help="Record in the data folder of a stopped server instead of at --url.")] = None,
    json: Annotated[bool, Parameter(help="Print for programs.")] = False,
) -> int:
    """Find silences that match MessageLoss, DuplicateSequence or CounterCorruption, end them, and record who made them and why. What an
    inhibition or a mute interval keeps quiet now is said too. Exit 1 when anything was found."""
    rows, problems = asyncio.run(_audited(alertmanager, actor, protected_alerts(label), None if dry_run else (url, data)))
    if json:
        print_json(rows)
    else:
        print_table(("what", "alerts", "by", "until", "outcome"), [(row.what, row.alerts, row.by, row.until, row.outcome) for row in rows])
    for problem in problems:
        print_error(problem)
    return 1 if rows or problems else 0


async def _audited(
    alertmanager: str, actor: str, protected: Mapping[str, Labels], place: tuple[str, Path | None] | None
) -> tuple[Sequence[_Row], Sequence[str]]:
    async with AlertmanagerApi(alertmanager) as api:
        live = await api.alerts()
        found = mutings(await api.silences(), protected, live)
        rows = [_kept_quiet(one) for one in kept_quiet(live, protected)]
        rows += [_row(one, "may match: look at it") for one in found if not one.is_sure]
        sure = [one for one in found if one.is_sure]
        if place is None or not sure:
            return [*rows, *(_row(one, "would be ended") for one in sure)], ()
        rows += [_row(one, outcome) async for one, outcome in _ended(api, sure)]
    return rows, await _recorded(rows[-len(sure) :], sure, actor, *place)


async def _ended(api: AlertmanagerApi, sure: Sequence[Muting]) -> AsyncIterator[tuple[Muting, str]]:
    """Each silence with what became of it, looked up once more."""
    problems: dict[str, str] = {}
    for one in sure:
        try:
            await api.expire(one.silence.id)
        except BackendError as error:
            problems[one.silence.id] = f"not ended: {error.problem}"
    left = {silence.id for silence in await api.silences()}
    for one in sure:
        yield one, problems.get(one.silence.id) or ("not ended: it still holds" if one.silence.id in left else "ended")


async def _recorded(rows: Sequence[_Row], sure: Sequence[Muting], actor: str, url: str, data: Path | None) -> Sequence[str]:
    """Why it is not on record, if it is not. Ending comes first: an alert must reach people though nobody can write down why it had not."""
    try:
        async with recorder(actor, url, data) as record:
            for row, one in zip(rows, sure, strict=True):
                await _record(record, row, one.silence)
    except SurewireError as error:
        return [f"it is not on record: {error} Start a server, say where it is with --url, or name its data folder with --data."]
    return ()


async def _record(record: Record, row: _Row, silence: LiveSilence) -> None:
    reason = f"silenced by {silence.created_by} until {silence.ends_at}: {silence.comment}"
    await record(AuditRecord(what="silence at an Alertmanager", subject=row.alerts, reason=reason[:2_000], outcome=row.outcome))


def _kept_quiet(one: KeptQuiet) -> _Row:
    by = printable(", ".join(one.reasons))
    return _Row(what="inhibited or muted", alerts=one.alert, by=by, until="", outcome="mend the configuration: surewire alerts lint")


def _row(one: Muting, outcome: str) -> _Row:
    condition = f" with the label {in_words(sorted(one.assumed))}" if one.assumed else ""
    by = printable(f"{one.silence.created_by}: {one.silence.comment}")
    until = printable(one.silence.ends_at)
    return _Row(what=f"silence {one.silence.id}", alerts=", ".join(one.alerts) + condition, by=by, until=until, outcome=outcome)

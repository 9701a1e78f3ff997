"""`surewire alerts test`: whether people can be reached in the ways that are configured."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Mapping, Sequence
from typing import Annotated, Literal

import msgspec
from cyclopts import Parameter

from surewire.adapters.system.clock import SystemClock
from surewire.adapters.system.outbound import SystemOutboundGuard
from surewire.cli.configuration import ConfigFile, load_configuration
from surewire.cli.console_output import print_json, print_table
from surewire.cli.remote import printable
from surewire.config.notify import Email, NotifyTarget
from surewire.contract.slos import Severity
from surewire.errors import ConfigError
from surewire.ports.notifier import AlertView, Notification, Notifier, NotifyError

__all__ = ["trial"]


class _Outcome(msgspec.Struct, frozen=True):
    """What became of one target. `problem` is empty when it took everything."""

    target: str
    type: str
    problem: str


def trial(
    target: Annotated[list[str] | None, Parameter(help="Names of targets, `[notify.NAME]`; all when none is given.")] = None,
    /,
    *,
    severity: Annotated[Severity, Parameter(help="SEV-1 wakes somebody.")] = "SEV-4",
    config: ConfigFile = None,
    json: Annotated[bool, Parameter(help="Print for programs.")] = False,
) -> int:
    """Tell each target of an alert that is only a test, and then that it is over, straight from here: no server is needed, nothing is tried
    again. Exit 1 when one did not take it."""
    configured = load_configuration(config, insecure=True).config.notify
    outcomes = asyncio.run(_tested(_chosen(configured, target or []), severity))
    if json:
        print_json(outcomes)
    else:
        print_table(("target", "type", "outcome"), [(one.target, one.type, printable(one.problem) or "taken") for one in outcomes])
    return 1 if any(one.problem for one in outcomes) else 0


def _chosen(configured: Mapping[str, NotifyTarget], names: Sequence[str]) -> Mapping[str, NotifyTarget]:
    if not configured:
        raise ConfigError("no way to reach anybody is configured.", mend="Write a [notify.NAME] into the file that --config names.")
    if unknown := [name for name in names if name not in configured]:
        raise ConfigError(f"there is no [notify.{unknown[0]}].", path="TARGET", mend=f"Configured are {', '.join(configured)}.")
    return {name: configured[name] for name in names or configured}


async def _tested(targets: Mapping[str, NotifyTarget], severity: Severity) -> Sequence[_Outcome]:
    # At once, so that one that says nothing does not hold up the others.
    return await asyncio.gather(*(_outcome(name, target, severity) for name, target in targets.items()))


async def _outcome(name: str, target: NotifyTarget, severity: Severity) -> _Outcome:
    notifier, key, problem = _notifier(name, target), secrets.token_hex(8), ""
    try:
        await notifier.send(_notification(name, key, severity, "firing"))
        await notifier.send(_notification(name, key, severity, "resolved"))
    except NotifyError as error:
        problem = error.problem
    return _Outcome(name, str(target.__struct_config__.tag), problem)


def _notifier(name: str, target: NotifyTarget) -> Notifier:
    # Each brings a library that only it needs.
    if isinstance(target, Email):
        from surewire.adapters.smtp.email import EmailNotifier

        return EmailNotifier(name, target, SystemOutboundGuard())
    from surewire.adapters.webhook.notifiers import http_notifier

    return http_notifier(name, target, SystemOutboundGuard(), SystemClock())


def _notification(target: str, trial: str, severity: Severity, status: Literal["firing", "resolved"]) -> Notification:
    now_s = int(time.time())
    alert = AlertView(
        name="SurewireTest",
        severity=severity,
        status=status,
        labels={"alertname": "SurewireTest", "severity": severity},
        summary="This is a test: nothing is wrong.",
        detail="Somebody ran `surewire alerts test`.",
        runbook_url="",
        starts_at_s=now_s,
        ends_at_s=None if status == "firing" else now_s,
    )
    key, name = f"surewire/test/{trial}", f"ntf_test_{trial}_{status}"
    return Notification(id=name, target=target, dedup_key=key, status=status, severity=severity, alerts=(alert,), at_s=now_s)

"""`surewire publish`: one event, stored and sent to whoever listens."""

from __future__ import annotations

import asyncio
import sys
from typing import Annotated, Any

import msgspec
from cyclopts import Parameter

from surewire.cli.console_output import print_json
from surewire.cli.remote import DEFAULT_URL, Url, check_user, named_values, reaching
from surewire.cli.standard_streams import drop_output
from surewire.client.http_api import HttpApi, Published
from surewire.domain.event import Severity
from surewire.errors import ConfigError, SurewireError

__all__ = ["publish"]


def publish(
    event_type: Annotated[str, Parameter(help="What happened, such as incident_created.")],
    /,
    *,
    severity: Annotated[Severity | None, Parameter(help="How bad it is.")] = None,
    source: Annotated[str | None, Parameter(help="Who reports it.")] = None,
    label: Annotated[list[str] | None, Parameter(help="NAME=VALUE; may be repeated.")] = None,
    resource: Annotated[list[str] | None, Parameter(help="Something affected; may be repeated.")] = None,
    incident: Annotated[str | None, Parameter(help="Id of the incident it belongs to.")] = None,
    channel: Annotated[str | None, Parameter(help="Channel to publish to.")] = None,
    data: Annotated[str | None, Parameter(help="Any JSON value.")] = None,
    user: Annotated[str | None, Parameter(help="Who publishes.")] = None,
    url: Url = DEFAULT_URL,
    json: Annotated[bool, Parameter(help="Print for programs.")] = False,
) -> None:
    """Publish one event; prints its id and its position once it is on disk."""
    value = _parsed(data)
    labels = named_values("--label", label)
    if user is not None:
        check_user(user, "--user")

    async def run() -> Published:
        async with HttpApi(url, user_id=user, patience_s=5.0) as api:
            return await api.publish(
                event_type,
                value,
                severity=severity,
                source=source,
                labels=labels,
                affected_resources=resource or (),
                incident_id=incident,
                channel=channel,
            )

    with reaching():
        published = asyncio.run(run())
    try:
        _print(published, as_json=json)
    except OSError as error:
        drop_output()
        # Whoever only hears that it failed publishes it again.
        done = f"the event is published as {published.message_id} {published.position}"
        raise SurewireError(f"{done}, but standard output cannot be written: {error.strerror}.") from error


def _print(published: Published, *, as_json: bool) -> None:
    if as_json:
        print_json(published)
    else:
        print(published.message_id, published.position)
    sys.stdout.flush()


def _parsed(data: str | None) -> Any:
    if data is None:
        return None
    try:
        return msgspec.json.decode(data)
    except msgspec.DecodeError as error:
        raise ConfigError(f"this is not JSON: {error}.", path="--data", mend="""Write it like --data '{"title": "Link down"}'.""") from None

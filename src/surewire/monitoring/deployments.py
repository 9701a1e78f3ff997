"""Deployments on record."""

from __future__ import annotations

import msgspec
from msgspec import Struct

from surewire.domain.deployment import Deployment
from surewire.domain.instant import format_seconds
from surewire.ports.ledger import Entry

__all__ = ["DeploymentList", "RecordedDeployment", "recorded_deployment"]


class RecordedDeployment(Deployment, frozen=True, kw_only=True, omit_defaults=True):
    """A deployment with its id and the time when it was recorded."""

    id: str
    at: str


class DeploymentList(Struct, frozen=True):
    """Deployments, newest first."""

    items: tuple[RecordedDeployment, ...]


def recorded_deployment(entry: Entry) -> RecordedDeployment:
    """The deployment that the entry of the ledger holds."""
    fields = {**entry.body, "id": entry.id, "actor": entry.actor, "at": format_seconds(entry.at_s)}
    return msgspec.convert(fields, RecordedDeployment)

"""A deployment: what was changed, where and by whom, as the place to look for "what changed"."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

__all__ = ["Deployment", "DeploymentKind"]

DeploymentKind = Literal["deploy", "config"]
Name = Annotated[str, Meta(min_length=1, max_length=128)]


class Deployment(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A version of a service, or a change of its configuration, that went live."""

    service: Name
    version: Name
    kind: DeploymentKind = "deploy"
    actor: Annotated[str, Meta(max_length=128, description="Who did it; the caller when it is left out.")] = ""
    note: Annotated[str, Meta(max_length=1_000, description="Whatever helps whoever looks for a cause.")] = ""

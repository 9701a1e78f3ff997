"""The Grafana that is told what happened."""

from __future__ import annotations

from typing import Annotated

from msgspec import Struct

from surewire.config.kinds import Duration, Url, about, hidden

__all__ = ["Grafana"]


class Grafana(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A Grafana that deployments, maintenance, freezes and notes are drawn in, as annotations with the tag `surewire`."""

    url: Annotated[Url | None, about("Its address, such as `https://grafana.example`; without one, nothing is drawn.")] = None
    token: Annotated[
        str, hidden("Token of a service account that may create annotations.", "visible ASCII characters", pattern=r"^[!-~]*$(?!\n)")
    ] = ""
    timeout_s: Annotated[Duration, about("How long one attempt may take, from the look-up of the name to the answer.")] = 10.0
    allow_private: Annotated[bool, about("Allow a loopback, private or link-local address, which is refused otherwise.")] = False

    def __repr__(self) -> str:
        """Without the values: one is a secret, and this ends up in logs."""
        return f"<{type(self).__name__}>"

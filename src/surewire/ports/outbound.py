"""Where a name leads, for connections to places that a configuration names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from surewire.errors import SurewireError

__all__ = ["OutboundGuard", "OutboundRefusedError"]


class OutboundRefusedError(SurewireError):
    """A name leads to an address that must not be connected to."""

    def __init__(self, host: str, address: str, reason: str) -> None:
        self.host, self.address, self.reason = host, address, reason
        super().__init__(f"{host} leads to {address}, which {reason}")


class OutboundGuard(Protocol):
    """Looks a name up once and judges every address. Whoever connects takes an address from here and never the name again: a second look-up
    could lead somewhere else (DNS rebinding)."""

    async def addresses(self, host: str, port: int, *, allow_private: bool) -> Sequence[str]:
        """Addresses of the host that may be connected to, the preferred ones first; at least one.

        Raises: OutboundRefusedError when one of them must not be; OSError when the name cannot be looked up.
        """
        ...

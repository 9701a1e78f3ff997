"""Names looked up by the operating system, and judged."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable, Sequence
from ipaddress import ip_address

from surewire.domain.outbound import why_refused
from surewire.ports.outbound import OutboundRefusedError

__all__ = ["LookUp", "SystemOutboundGuard", "look_up"]

LookUp = Callable[[str, int], Awaitable[Sequence[str]]]
"""Addresses by host and port. Raises: OSError."""


async def look_up(host: str, port: int) -> Sequence[str]:
    """The addresses of a host, each once, in the order of RFC 6724."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(place[0]) for *_, place in found))


class SystemOutboundGuard:
    """The `OutboundGuard` of a running server. One address that must not be connected to condemns the whole name: a name of honest people
    has none."""

    __slots__ = ("_look_up",)

    def __init__(self, look_up: LookUp = look_up) -> None:
        self._look_up = look_up

    async def addresses(self, host: str, port: int, *, allow_private: bool) -> Sequence[str]:
        found = await self._look_up(host, port)
        if not found:
            raise OSError(f"{host} has no address")
        for address in found:
            if reason := why_refused(ip_address(address), allow_private=allow_private):
                raise OutboundRefusedError(host, address, reason)
        return found

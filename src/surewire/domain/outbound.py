"""Which addresses a server may connect to because a configuration says so: a target that somebody else chose the name of must not lead
into the network behind the server (server-side request forgery, CWE-918)."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Final

__all__ = ["IpAddress", "why_refused"]

IpAddress = IPv4Address | IPv6Address

# Where clouds tell a machine its own credentials: AWS and most others, AWS over IPv6, Alibaba, Oracle.
_METADATA: Final = frozenset(map(ip_address, ("169.254.169.254", "fd00:ec2::254", "100.100.100.200", "192.0.0.192")))
# An IPv4 address in the last 32 bits: IPv4-compatible (RFC 4291 §2.5.5.1), NAT64 (RFC 6052 §2.1).
_EMBEDDING: Final = (IPv6Network("::/96"), IPv6Network("64:ff9b::/96"))
_RESERVED: Final = IPv4Network("240.0.0.0/4")


def why_refused(address: IpAddress, *, allow_private: bool) -> str:
    """What keeps a connection from being made to the address, or an empty string.

    Only addresses that are global by the registries of RFC 6890 pass; with `allow_private` those of this machine and of private networks
    do too. Addresses of more than one machine, and those at which clouds hand out credentials, never pass. An IPv6 address that carries an
    IPv4 address is judged by both.
    """
    problems = (_problem(one, allow_private=allow_private) for one in (address, *_carried(address)))
    return next(filter(None, problems), "")


def _problem(address: IpAddress, *, allow_private: bool) -> str:
    if address in _METADATA:
        return "is where clouds hand out credentials"
    if address.is_multicast or address.is_unspecified or address in _RESERVED:
        return "is no address of one machine"
    if allow_private or address.is_global:
        return ""
    return "is of this machine" if address.is_loopback else "is of its own link" if address.is_link_local else "is private"


def _carried(address: IpAddress) -> Iterator[IPv4Address]:
    if not isinstance(address, IPv6Address) or address.is_loopback:
        return
    yield from filter(None, (address.ipv4_mapped, address.sixtofour, *(address.teredo or ())))
    if any(address in network for network in _EMBEDDING):
        yield IPv4Address(int(address) & 0xFFFF_FFFF)

"""The operating system's look-up, judged."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from surewire.adapters.system.outbound import SystemOutboundGuard
from surewire.ports.outbound import OutboundRefusedError


def leading_to(*addresses: str) -> SystemOutboundGuard:
    async def look_up(host: str, port: int) -> Sequence[str]:
        return addresses

    return SystemOutboundGuard(look_up)


async def test_this_machine_is_refused_until_it_is_allowed() -> None:
    guard = SystemOutboundGuard()
    with pytest.raises(OutboundRefusedError, match=r"127\.0\.0\.1 leads to 127\.0\.0\.1, which is of this machine"):
        await guard.addresses("127.0.0.1", 80, allow_private=False)
    assert await guard.addresses("127.0.0.1", 80, allow_private=True) == ["127.0.0.1"]


@pytest.mark.parametrize("host", ["2130706433", "0x7f.1", "127.1", "localhost"])
async def test_another_way_to_write_this_machine_is_refused_too(host: str) -> None:
    with pytest.raises(OutboundRefusedError):
        await SystemOutboundGuard().addresses(host, 80, allow_private=False)


async def test_one_private_address_condemns_the_name() -> None:
    with pytest.raises(OutboundRefusedError, match=r"10\.0\.0\.1"):
        await leading_to("8.8.8.8", "10.0.0.1").addresses("mixed.example", 443, allow_private=False)
    assert await leading_to("8.8.8.8", "1.1.1.1").addresses("fine.example", 443, allow_private=False) == ("8.8.8.8", "1.1.1.1")


async def test_a_name_without_addresses_is_an_error() -> None:
    with pytest.raises(OSError, match="has no address"):
        await leading_to().addresses("nobody.example", 443, allow_private=False)

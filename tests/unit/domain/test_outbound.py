"""Which addresses a server may connect to because somebody named them."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surewire.domain.outbound import why_refused

LOCAL = ["127.0.0.1", "127.8.8.8", "::1", "10.1.2.3", "172.16.0.1", "192.168.1.5", "169.254.7.7", "fe80::1", "fd12::1", "100.64.0.1"]
NEVER = ["0.0.0.0", "::", "224.0.0.1", "ff02::1", "255.255.255.255", "240.0.0.1"]
METADATA = ["169.254.169.254", "fd00:ec2::254", "100.100.100.200", "192.0.0.192"]


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::1111", "1.1.1.1"])
def test_a_global_address_passes(address: str) -> None:
    assert why_refused(ip_address(address), allow_private=False) == ""


@pytest.mark.parametrize("address", LOCAL)
def test_a_local_address_passes_only_when_it_is_allowed(address: str) -> None:
    assert why_refused(ip_address(address), allow_private=False)
    assert why_refused(ip_address(address), allow_private=True) == ""


@pytest.mark.parametrize("address", NEVER + METADATA)
def test_an_address_of_no_one_machine_or_of_credentials_never_passes(address: str) -> None:
    assert why_refused(ip_address(address), allow_private=True)


@given(st.ip_addresses(v=4).filter(lambda address: why_refused(address, allow_private=False) != ""))
def test_an_address_that_is_refused_is_refused_inside_an_ipv6_address(address: IPv4Address) -> None:
    number = int(address)
    forms = [
        IPv6Address((0xFFFF << 32) | number),
        IPv6Address(int(IPv6Address("64:ff9b::")) | number),
        IPv6Address((0x2002 << 112) | number << 80),
    ]
    for form in forms:
        assert why_refused(form, allow_private=False)


@pytest.mark.parametrize("form", ["::ffff:{}", "64:ff9b::{}", "::{}"])
@pytest.mark.parametrize("address", METADATA[:1] + METADATA[2:])
def test_credentials_are_not_reached_through_ipv6_either(form: str, address: str) -> None:
    assert why_refused(ip_address(form.format(address)), allow_private=True)


def test_a_global_address_carried_over_nat64_passes() -> None:
    assert why_refused(ip_address("64:ff9b::8.8.8.8"), allow_private=False) == ""

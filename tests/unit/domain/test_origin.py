"""Which pages may ask, and under which names."""

from __future__ import annotations

import pytest

from surewire.domain.origin import OriginPolicy, is_loopback_name

OPEN = OriginPolicy(["https://app.example", "http://tools.example:3000"], only_loopback=True)
PUBLIC = OriginPolicy([], only_loopback=False)


@pytest.mark.parametrize(
    "host",
    [
        *("localhost", "LOCALHOST:8080", "localhost.", "a.localhost:1", "127.0.0.1", "127.9.9.9:8080", "[::1]", "[::1]:8080"),
        *("app.example", "app.example:443", "tools.example:3000", None),
    ],
)
def test_loopback_and_configured_names_are_answered(host: str | None) -> None:
    assert OPEN.allows_host(host)


@pytest.mark.parametrize(
    "host",
    [
        *("evil.example", "evil.example:8080", "localhost.evil.example", "127.0.0.1.evil.example", "127.0.0.1.nip.io", "10.0.0.1"),
        *("[2001:db8::1]", "0.0.0.0", "", ":8080", "localhost:8080:1", "a@localhost", "localhost/", "[::1", "app.example.evil.org"),
    ],
)
def test_every_other_name_is_a_rebinding(host: str) -> None:
    assert not OPEN.allows_host(host)


def test_a_public_server_answers_to_any_name() -> None:
    assert PUBLIC.allows_host("chat.example.org")


@pytest.mark.parametrize(
    ("origin", "host"),
    [
        (None, "localhost:8080"),
        ("http://localhost:8080", "localhost:8080"),
        ("HTTP://LocalHost:8080", "localhost:8080"),
        ("http://localhost", "localhost"),
        ("http://localhost", "localhost:80"),
        ("https://chat.example.org", "chat.example.org"),
        ("https://chat.example.org", "chat.example.org:443"),
        ("http://[::1]:8080", "[::1]:8080"),
        ("https://app.example", "localhost:8080"),
        ("http://tools.example:3000", "localhost:8080"),
    ],
)
def test_the_same_and_the_allowed_origins_may_ask(origin: str | None, host: str) -> None:
    assert OPEN.allows_origin(origin, host)


@pytest.mark.parametrize(
    ("origin", "host"),
    [
        ("null", "localhost:8080"),
        ("", "localhost:8080"),
        ("http://localhost:3000", "localhost:8080"),
        ("http://127.0.0.1:8080", "localhost:8080"),
        ("https://app.example.evil.org", "localhost:8080"),
        ("https://evil.org/https://app.example", "localhost:8080"),
        ("https://app.example:8443", "localhost:8080"),
        ("http://app.example", "localhost:8080"),
        ("file://", "localhost:8080"),
        ("chrome-extension://abc", "localhost:8080"),
        ("http://localhost:8080", None),
        ("http://localhost:8080.evil.org", "localhost:8080"),
        ("http://evil@localhost:8080", "localhost:8080"),
        ("http://localhost:99999999", "localhost:8080"),
    ],
)
def test_every_other_origin_is_refused(origin: str, host: str | None) -> None:
    assert not OPEN.allows_origin(origin, host)


@pytest.mark.parametrize("name", ["localhost", "127.0.0.1", "127.255.255.254", "::1", "[::1]", "x.y.localhost"])
def test_names_of_this_machine(name: str) -> None:
    assert is_loopback_name(name)


@pytest.mark.parametrize("name", ["0.0.0.0", "::", "localhost.example", "128.0.0.1", "", "2130706433"])
def test_names_that_may_be_other_machines(name: str) -> None:
    assert not is_loopback_name(name)

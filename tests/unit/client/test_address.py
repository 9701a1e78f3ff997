"""Addresses as people write them."""

from __future__ import annotations

import pytest

from surewire.client.address import parse_address
from surewire.errors import ClientError


@pytest.mark.parametrize(
    ("url", "http", "websocket"),
    [
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080", "ws://127.0.0.1:8080/ws"),
        ("http://127.0.0.1:8080/", "http://127.0.0.1:8080", "ws://127.0.0.1:8080/ws"),
        ("127.0.0.1:8080", "http://127.0.0.1:8080", "ws://127.0.0.1:8080/ws"),
        ("ws://localhost:1/ws", "http://localhost:1", "ws://localhost:1/ws"),
        ("wss://chat.example/v1/ws", "https://chat.example", "wss://chat.example/ws"),
        ("https://example.com/team", "https://example.com/team", "wss://example.com/team/ws"),
        ("http://[::1]:80", "http://[::1]:80", "ws://[::1]:80/ws"),
    ],
)
def test_one_address_gives_both(url: str, http: str, websocket: str) -> None:
    address = parse_address(url)
    assert (address.http, address.websocket) == (http, websocket)


def test_the_user_goes_into_the_query_safely() -> None:
    assert parse_address("http://h").websocket_of("a@b&c") == "ws://h/ws?user_id=a%40b%26c"
    assert parse_address("http://h").websocket_of(None) == "ws://h/ws"


def test_a_local_server_is_reached_without_a_proxy() -> None:
    assert parse_address("http://localhost:1").is_local
    assert not parse_address("http://example.com").is_local


@pytest.mark.parametrize("url", ["", "ftp://example.com", "http://", "://"])
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(ClientError, match="is no server address"):
        parse_address(url)

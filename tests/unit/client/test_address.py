"""Addresses as people write them."""

from __future__ import annotations

import pytest

from surewire.client import connect
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
        ("http://b\u00fccher.example", "http://b\u00fccher.example", "ws://b\u00fccher.example/ws"),
        ("http://my_service:80", "http://my_service:80", "ws://my_service:80/ws"),
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


@pytest.mark.parametrize(
    "url",
    [
        *("", "ftp://example.com", "http://", "://", "8080:x"),
        *("http://127.0.0.1:99999", "http://127.0.0.1:x", "http://127.0.0.1:-1", "http://127.0.0.1:0"),
        *("http://[::1", "http://[::g]", "http://[]:1", "ftp://[::1]:80", "http://[::1]:99999"),
        *("http://a b", "http://a%b", "http://a<b", "http://a..b", f"http://{'a' * 64}.example", "http://\ud800", "http://h/\ud800"),
    ],
)
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(ClientError, match="is no server address; write it like") as refused:
        parse_address(url)
    assert (refused.value.code, refused.value.path) == ("INVALID_MESSAGE", "url")


@pytest.mark.parametrize("url", ["http://127.0.0.1:99999", "http://1.2.3.999", "http://alice@127.0.0.1:9"])
async def test_whoever_connects_to_what_is_no_address_gets_a_client_error(url: str) -> None:
    with pytest.raises(ClientError, match="is no server address"):
        async with connect(url):
            pass

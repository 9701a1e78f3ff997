"""What must hold between settings."""

from __future__ import annotations

from typing import Any

import pytest

from surewire.config.load import load
from surewire.config.rules import is_loopback
from surewire.errors import ConfigError


def config_error(**tables: Any) -> ConfigError:
    with pytest.raises(ConfigError) as raised:
        load(flags={"test": tables})
    return raised.value


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "fe80::1%eth0", "example.com", "127.0.0.1.nip.io"])
def test_open_authentication_is_refused_beyond_loopback(host: str) -> None:
    error = config_error(listeners=[{"port": 1}, {"host": host}])
    assert error.path == "listeners[1].host"
    assert "--insecure" in error.mend


def test_insecure_allows_open_authentication_everywhere() -> None:
    loaded = load(flags={"--listen": {"listeners": [{"host": "0.0.0.0"}]}}, insecure=True)
    assert loaded.config.listeners[0].host == "0.0.0.0"


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1", "localhost", "LOCALHOST"])
def test_loopback_is_known(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize("given", ["tls_certificate", "tls_key"])
def test_half_of_tls_is_refused(given: str) -> None:
    error = config_error(listeners=[{given: "/etc/tls.pem"}])
    assert error.path == "listeners[0]"
    assert str(error).startswith("listeners[0]: TLS needs a certificate and its key. Set tls_")


def test_one_address_cannot_be_served_twice_but_any_number_of_free_ports_can() -> None:
    assert config_error(listeners=[{"port": 1}, {"port": 1}]).path == "listeners[1]"
    assert len(load(flags={"test": {"listeners": [{"port": 0}, {"port": 0}]}}).config.listeners) == 2


@pytest.mark.parametrize("timeout_s", [30, 31])
def test_a_heartbeat_must_time_out_before_the_next_one(timeout_s: int) -> None:
    assert config_error(heartbeat={"interval_s": 30, "timeout_s": timeout_s}).path == "heartbeat.timeout_s"


def test_without_pings_their_time_out_may_be_anything() -> None:
    load(flags={"test": {"heartbeat": {"interval_s": 0, "timeout_s": 10}}})


def test_content_must_fit_a_message() -> None:
    assert config_error(limits={"max_message_bytes": 100, "max_content_bytes": 101}).path == "limits.max_content_bytes"


def test_compression_is_refused_until_there_is_one() -> None:
    assert config_error(limits={"compression": True}).path == "limits.compression"


@pytest.mark.parametrize("url", ["https://host:0/x", "https://host:99999/x", "https://[::1/x", "http://:80/"])
@pytest.mark.parametrize("kind", ["slack", "webhook"])
def test_an_address_that_leads_nowhere_is_refused_and_not_repeated(kind: str, url: str) -> None:
    setting = {"slack": "webhook_url", "webhook": "url"}[kind]
    more = {"secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"} if kind == "webhook" else {}
    error = config_error(notify={"x": {"type": kind, setting: url, **more}})
    assert error.path == f"notify.x.{setting}"
    assert kind == "webhook" or url not in str(error)


def test_waits_that_grow_shorter_are_refused() -> None:
    error = config_error(alerting={"retry_first_s": 60, "retry_most_s": 30})
    assert error.path == "alerting.retry_most_s"


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"url": "https://grafana.example"}, "grafana: annotations need an address and a token. Set token too, or neither."),
        ({"token": "glsa_x"}, "grafana: annotations need an address and a token. Set url too, or neither."),
        ({"url": "https://:3000", "token": "glsa_x"}, "grafana.url: the value is no complete address. Write it like https://host/path."),
    ],
)
def test_half_of_a_grafana_is_refused_and_its_token_never_shown(given: dict[str, str], sentence: str) -> None:
    assert str(config_error(grafana=given)) == sentence
    loaded = load(flags={"test": {"grafana": {"url": "https://grafana.example", "token": "glsa_x"}}})
    assert "glsa_x" not in repr(loaded.config)

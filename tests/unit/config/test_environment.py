"""Settings from environment variables."""

from __future__ import annotations

import pytest

from surewire.config.load import load
from surewire.config.model import Listener
from surewire.errors import ConfigError


def test_a_variable_sets_the_setting_of_its_name() -> None:
    assert load(environment={"SUREWIRE_LIMITS__MAX_CONNECTIONS": "50000"}).config.limits.max_connections == 50_000
    assert load(environment={"SUREWIRE_DATA_DIR": "/var/lib/surewire"}).config.data_dir == "/var/lib/surewire"
    assert load(environment={"SUREWIRE_DIAGNOSTICS__ECHO": "true"}).config.diagnostics.echo is True


@pytest.mark.parametrize("text", ["now_playing,doorbell", " now_playing , doorbell ", '["now_playing", "doorbell"]'])
def test_a_list_is_json_or_separated_by_commas(text: str) -> None:
    assert load(environment={"SUREWIRE_EVENTS__TYPES": text}).config.events.types == ("now_playing", "doorbell")


def test_listeners_are_json() -> None:
    environment = {"SUREWIRE_LISTENERS": '[{"port": 1}, {"port": 2, "channel": "pulse"}]'}
    assert load(environment=environment).config.listeners == (Listener(port=1), Listener(port=2, channel="pulse"))


@pytest.mark.parametrize(
    ("name", "text", "sentence"),
    [
        (
            "SUREWIRE_LIMITS__BRUST",
            "1",
            "the environment has SUREWIRE_LIMITS__BRUST, but there is no such setting. Did you mean SUREWIRE_LIMITS__BURST?",
        ),
        ("SUREWIRE_DATADIR", "x", "the environment has SUREWIRE_DATADIR, but there is no such setting. Did you mean SUREWIRE_DATA_DIR?"),
        ("SUREWIRE_CONFG", "x", "the environment has SUREWIRE_CONFG, but there is no such setting. Did you mean SUREWIRE_CONFIG?"),
        (
            "SUREWIRE_DRAIN_TIMEOUT_S",
            "1",
            "the environment has SUREWIRE_DRAIN_TIMEOUT_S, but there is no such setting. Did you mean SUREWIRE_DRAIN__TIMEOUT_S?",
        ),
        (
            "SUREWIRE_NOTIFY__PAGER__URLL",
            "x",
            "the environment has SUREWIRE_NOTIFY__PAGER__URLL, but there is no such setting. Did you mean SUREWIRE_NOTIFY__PAGER__URL?",
        ),
        (
            "SUREWIRE_LIMITS__FOO",
            "1",
            "the environment has SUREWIRE_LIMITS__FOO, but there is no such setting. `surewire config --reference` explains every setting.",
        ),
        (
            "SUREWIRE_LIMITS__BURST",
            "many",
            "limits.burst: 'many' in SUREWIRE_LIMITS__BURST does not fit. It takes a whole number from 1 to 1,000,000,000.",
        ),
        (
            "SUREWIRE_EVENTS__TYPES",
            "Loud",
            "events.types: ['Loud'] in SUREWIRE_EVENTS__TYPES does not fit. It takes a list of: a name of a-z, 0-9 and _.",
        ),
        (
            "SUREWIRE_STORE__TYPE",
            "postgres",
            "store.type: this version has no 'postgres', asked for in SUREWIRE_STORE__TYPE. It takes `sqlite`.",
        ),
    ],
)
def test_a_mistake_is_named_with_its_mend(name: str, text: str, sentence: str) -> None:
    with pytest.raises(ConfigError) as raised:
        load(environment={name: text})
    assert str(raised.value) == sentence


def test_a_list_that_is_broken_json_is_said() -> None:
    with pytest.raises(ConfigError, match=r"listeners: SUREWIRE_LISTENERS is not valid JSON.*Write a JSON list\."):
        load(environment={"SUREWIRE_LISTENERS": "127.0.0.1:8080"})


@pytest.mark.parametrize("name", ["SUREWIRE_LISTENERS", "SUREWIRE_EVENTS__TYPES"])
def test_json_that_is_nested_too_deep_is_said(name: str) -> None:
    with pytest.raises(ConfigError, match=f"{name} is nested too deep"):
        load(environment={name: "[" * 100_000})


@pytest.mark.parametrize("name", ["SUREWIRE_STORE__TYPE", "SUREWIRE_LISTENERS", "SUREWIRE_EVENTS__TYPES", "SUREWIRE_LIMITS__BURST"])
def test_bytes_that_are_no_text_are_said(name: str) -> None:
    text = b"[\xff".decode(errors="surrogateescape")  # as os.environ has them
    with pytest.raises(ConfigError, match=f"{name} is not text in UTF-8"):
        load(environment={name: text})


def test_variables_of_others_are_left_alone() -> None:
    service_links = {
        "SUREWIRE_SERVICE_HOST": "10.0.0.1",
        "SUREWIRE_SERVICE_PORT_HTTP": "80",
        "SUREWIRE_PORT": "tcp://10.0.0.1:80",
        "SUREWIRE_PORT_80_TCP": "x",
    }
    load(environment={"PATH": "/bin", "SUREWIRE_URL": "http://127.0.0.1:1", "SUREWIRE_CONFIG": "surewire.toml"} | service_links)

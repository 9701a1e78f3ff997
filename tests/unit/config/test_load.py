"""Loading: which layer wins, where a value came from, and what is said about mistakes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from surewire.config.load import DEFAULT_SOURCE, Loaded, load
from surewire.config.model import Config, Listener
from surewire.config.settings import Setting, sections, write_path
from surewire.errors import ConfigError

# Sections of scalars that no rule ties to each other, so that any valid values go together.
FREE = [
    setting
    for section in sections()
    for setting in section.settings
    if section.path in {("drain",), ("events",), ("retention",), ("telemetry",), ("diagnostics",)} and not setting.is_list
]


def values_of(setting: Setting) -> st.SearchStrategy[Any]:
    """Valid values of a setting, as TOML would hold them."""
    kind = msgspec.inspect.type_info(setting.annotation)
    kind = kind.type if isinstance(kind, msgspec.inspect.Metadata) else kind
    match kind:
        case msgspec.inspect.BoolType():
            return st.booleans()
        case msgspec.inspect.LiteralType():
            return st.sampled_from(kind.values)
        case msgspec.inspect.IntType():
            return st.integers(kind.ge, kind.le)
        case msgspec.inspect.FloatType():
            return st.floats(0.5, kind.le)
        case _:
            raise AssertionError(kind)


LAYER = st.lists(st.sampled_from(FREE), unique_by=lambda setting: setting.path).flatmap(
    lambda chosen: st.fixed_dictionaries({setting.path: values_of(setting) for setting in chosen})
)


def as_tables(layer: dict[tuple[str, str], Any]) -> dict[str, dict[str, Any]]:
    tables: dict[str, dict[str, Any]] = {}
    for (section, name), value in layer.items():
        tables.setdefault(section, {})[name] = value
    return tables


def as_toml(layer: dict[tuple[str, str], Any]) -> str:
    return "\n".join(f"{section}.{name} = {msgspec.json.encode(value).decode()}" for (section, name), value in layer.items())


def as_environment(layer: dict[tuple[str, str], Any]) -> dict[str, str]:
    return {f"SUREWIRE_{section}__{name}".upper(): str(value) for (section, name), value in layer.items()}


def effective(loaded: Loaded) -> dict[str, tuple[Any, str]]:
    return {one.name: (one.value, one.source) for one in loaded.effective()}


@given(in_file=LAYER, in_environment=LAYER, in_flags=LAYER)
def test_flags_beat_the_environment_which_beats_the_file_which_beats_the_defaults(
    tmp_path_factory: pytest.TempPathFactory, in_file: Any, in_environment: Any, in_flags: Any
) -> None:
    file = tmp_path_factory.getbasetemp() / "precedence.toml"
    file.write_text(as_toml(in_file))
    found = effective(load(file, as_environment(in_environment), {"--flag": as_tables(in_flags)}))
    for setting in FREE:
        layers = [
            (in_flags, "--flag"),
            (in_environment, f"SUREWIRE_{setting.path[0]}__{setting.path[1]}".upper()),
            (in_file, str(file)),
            ({setting.path: setting.default}, DEFAULT_SOURCE),
        ]
        expected = next((layer[setting.path], source) for layer, source in layers if setting.path in layer)
        assert found[write_path(setting.path)] == expected


def test_nothing_given_is_valid_and_is_the_defaults() -> None:
    assert load().config == Config()
    assert {one.source for one in load().effective()} == {DEFAULT_SOURCE}


def test_an_empty_file_is_valid(tmp_path: Path) -> None:
    (tmp_path / "empty.toml").write_text("")
    assert load(tmp_path / "empty.toml").config == Config()


def test_listeners_of_a_later_layer_replace_those_of_an_earlier_one(tmp_path: Path) -> None:
    file = tmp_path / "surewire.toml"
    file.write_text("[[listeners]]\nport = 1\nchannel = 'pulse'\n[[listeners]]\nport = 2\n")
    assert [listener.port for listener in load(file).config.listeners] == [1, 2]
    replaced = load(file, flags={"--listen": {"listeners": [{"port": 3}]}})
    assert replaced.config.listeners == (Listener(port=3),)
    assert effective(replaced)["listeners[0].port"] == (3, "--listen")
    assert effective(replaced)["listeners[0].channel"] == (None, DEFAULT_SOURCE)


def test_an_empty_listener_is_one_with_all_defaults(tmp_path: Path) -> None:
    file = tmp_path / "surewire.toml"
    file.write_text("[[listeners]]\n[[listeners]]\nport = 0\n")
    assert load(file).config.listeners == (Listener(), Listener(port=0))


@pytest.mark.parametrize(
    ("toml", "sentence"),
    [
        (
            "limits.max_conections = 1",
            "limits.max_conections: {file} sets it, but there is no such setting. Did you mean limits.max_connections?",
        ),
        ("max_connections = 1", "max_connections: {file} sets it, but there is no such setting. Did you mean limits.max_connections?"),
        ("[limit]\nburst = 1", "limit: {file} sets it, but there is no such setting. Did you mean limits?"),
        ("drain_timeout_s = 1", "drain_timeout_s: {file} sets it, but there is no such setting. Did you mean drain.timeout_s?"),
        (
            "drain.max_connections = 1",
            "drain.max_connections: {file} sets it, but there is no such setting. Did you mean limits.max_connections?",
        ),
        ("[[listeners]]\nprt = 1", "listeners[0].prt: {file} sets it, but there is no such setting. Did you mean listeners[0].port?"),
        (
            "limits.foo = 1",
            "limits.foo: {file} sets it, but there is no such setting. `surewire config --reference` explains every setting.",
        ),
        (
            "qwertyuiop = 1",
            "qwertyuiop: {file} sets it, but there is no such setting. `surewire config --reference` explains every setting.",
        ),
        ("limits = 1", "limits: {file} gives a value, but this is a section. Write [limits] and settings below it."),
        ("[listeners]\nport = 1", "listeners: {file} must give it as a list of tables. Write [[listeners]]."),
        ("listeners = []", "listeners: {file} must give it as a list of tables. Write [[listeners]]."),
        ("[[listeners]]\nport = 65536", "listeners[0].port: 65536 in {file} does not fit. It takes a whole number from 0 to 65,535."),
        ("limits.burst = '5'", "limits.burst: '5' in {file} does not fit. It takes a whole number from 1 to 1,000,000,000."),
        ("drain.timeout_s = nan", "drain.timeout_s: nan in {file} does not fit. It takes a number above 0 to 31,622,400."),
        ("store.type = 'postgres'", "store.type: this version has no 'postgres', asked for in {file}. It takes `sqlite`."),
        ("store.type = 'dynamodb'", "store.type: this version has no 'dynamodb', asked for in {file}. It takes `sqlite`."),
        ("log.type = 'kafka'", "log.type: this version has no 'kafka', asked for in {file}. It takes `embedded`."),
        ("router.type = 'redis'", "router.type: this version has no 'redis', asked for in {file}. It takes `local`."),
        ("auth.type = 'jwt'", "auth.type: this version has no 'jwt', asked for in {file}. It takes `open`."),
    ],
)
def test_a_mistake_in_the_file_is_named_with_its_mend(tmp_path: Path, toml: str, sentence: str) -> None:
    file = tmp_path / "surewire.toml"
    file.write_text(toml)
    with pytest.raises(ConfigError) as raised:
        load(file)
    assert str(raised.value) == sentence.format(file=file)


def test_a_back_end_that_does_not_exist_is_named_before_its_own_settings(tmp_path: Path) -> None:
    file = tmp_path / "surewire.toml"
    file.write_text("[store]\nurl = 'postgresql:///chats'\ntype = 'postgres'")
    with pytest.raises(ConfigError, match="this version has no 'postgres'"):
        load(file)
    with pytest.raises(ConfigError, match="this version has no 'jwt'"):
        load(environment={"SUREWIRE_AUTH__SECRET": "x", "SUREWIRE_AUTH__TYPE": "jwt"})


def test_a_file_that_is_not_there_or_is_not_toml_is_said(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"nowhere\.toml cannot be read: No such file"):
        load(tmp_path / "nowhere.toml")
    (tmp_path / "broken.toml").write_text("[limits")
    with pytest.raises(ConfigError, match=r"broken\.toml is not valid TOML"):
        load(tmp_path / "broken.toml")
    (tmp_path / "latin1.toml").write_bytes(b"data_dir = '\xe9'")
    with pytest.raises(ConfigError, match=r"latin1\.toml is not valid TOML"):
        load(tmp_path / "latin1.toml")


@pytest.mark.parametrize("nest", ["[", "{a="])
def test_a_file_that_is_nested_too_deep_is_said(tmp_path: Path, nest: str) -> None:
    file = tmp_path / "surewire.toml"
    file.write_text("a=" + nest * 10_000)
    with pytest.raises(ConfigError, match="is nested too deep"):
        load(file)

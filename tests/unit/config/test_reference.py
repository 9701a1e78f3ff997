"""The documents made from the model."""

from __future__ import annotations

import tomllib
from pathlib import Path

import jsonschema
import pytest

from surewire.config.reference import json_schema, reference_page
from surewire.config.settings import sections

PAGE = Path(__file__).parents[3] / "docs" / "configuration.md"


def test_the_reference_page_is_up_to_date() -> None:
    assert PAGE.read_text("utf-8") == reference_page(), "write it anew: surewire config --reference > docs/configuration.md"


def test_the_reference_page_names_every_setting() -> None:
    page = reference_page()
    assert [setting.path for section in sections() for setting in section.settings if f"| `{setting.path[-1]}` |" not in page] == []


def test_the_schema_is_a_valid_one() -> None:
    jsonschema.Draft202012Validator.check_schema(json_schema())


@pytest.mark.parametrize(
    "toml", ["", "[store]\npath = 'chats.db'", "[store]\ntype = 'sqlite'", "[[listeners]]\nport = 0\n[limits]\nburst = 7"]
)
def test_the_schema_takes_what_the_loader_takes(toml: str) -> None:
    jsonschema.validate(tomllib.loads(toml), json_schema())


@pytest.mark.parametrize(
    "toml", ["limit = 1", "limits.burst = 0", "store.type = 'postgres'", "[[listeners]]\nhost = 'a b'", "telemetry.profiles = ['x']"]
)
def test_the_schema_refuses_what_the_loader_refuses(toml: str) -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(tomllib.loads(toml), json_schema())

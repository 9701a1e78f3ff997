"""The model seen setting by setting."""

from __future__ import annotations

from typing import Annotated, Any, get_args

import pytest
from msgspec import Meta, Struct

from surewire.config.model import Config
from surewire.config.notify import NotifyTarget
from surewire.config.settings import Setting, is_named, nearest, sections, setting_at, write_path

SETTINGS = [setting for section in sections() for setting in section.settings]


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: write_path(setting.path))
def test_every_setting_says_what_it_means_and_what_it_takes(setting: Setting) -> None:
    assert setting.description.endswith(".")
    assert setting.allowed


UNITS = {"_per_s": "per second", "_s": "seconds", "_bytes": "bytes", "_days": "days"}


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: write_path(setting.path))
def test_a_unit_in_a_name_is_the_unit_of_the_setting(setting: Setting) -> None:
    name = str(setting.path[-1])
    assert setting.unit == next((unit for suffix, unit in UNITS.items() if name.endswith(suffix)), "")


def test_every_section_says_what_it_is_for() -> None:
    assert [section.path for section in sections() if not section.about.endswith(".")] == []


def test_every_field_of_the_model_is_a_setting() -> None:
    def leaves(value: Any) -> int:
        if isinstance(value, Struct):
            tag = 1 if value.__struct_config__.tag else 0
            return tag + sum(leaves(getattr(value, name)) for name in value.__struct_fields__)
        return leaves(value[0]) if isinstance(value, tuple) and value and isinstance(value[0], Struct) else int(value != {})

    named = sum(1 + len(kind.__struct_fields__) for kind in get_args(NotifyTarget))
    assert len(SETTINGS) == leaves(Config()) + named


def test_a_path_is_found_with_any_index() -> None:
    assert setting_at(("listeners", 7, "port")) is setting_at(("listeners", 0, "port"))
    assert setting_at(("listeners",)) is None
    assert setting_at(("limits", "nothing")) is None


def test_a_setting_of_a_named_table_is_found_by_its_kind_or_any() -> None:
    assert setting_at(("notify", "my-pager", "routing_key")) is setting_at(("notify", "other", "routing_key"), "pagerduty")
    assert setting_at(("notify", "my-pager", "routing_key"), "slack") is None
    assert setting_at(("notify", "my-pager")) is None
    assert [is_named(path) for path in [("notify", "x", "url"), ("notify", "x"), ("notify",), ("limits", "burst")]] == [
        True,
        True,
        False,
        False,
    ]


def test_a_secret_is_known_as_one() -> None:
    class Model(Struct):
        """A model with a secret."""

        key: Annotated[str, Meta(description="Secret.", extra={"secret": True})] = ""
        name: Annotated[str, Meta(description="No secret.")] = ""

    (section,) = sections(Model)
    assert [setting.is_secret for setting in section.settings] == [True, False]


def test_a_name_like_no_other_resembles_none() -> None:
    assert nearest("qwertyuiop", ["limits", "drain"]) == ""
    assert nearest("limit", ["limits", "drain"]) == "limits"

"""Who does what a command does, where nobody is named."""

from __future__ import annotations

import getpass
from typing import NoReturn

import pytest

from surewire.cli.actor import named_actor
from surewire.errors import ConfigError


def nameless() -> NoReturn:
    raise KeyError("getpwuid(): uid not found: 10001")


def test_it_is_the_named_one_else_the_user_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOGNAME", "deployer")
    assert (named_actor("alice"), named_actor(" "), named_actor(None)) == ("alice", "deployer", "deployer")


def test_where_the_user_has_no_name_somebody_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(getpass, "getuser", nameless)
    with pytest.raises(ConfigError, match="has no name"):
        named_actor(None)

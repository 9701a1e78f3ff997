"""Errors carry data, say a sentence, and survive being copied between processes."""

from __future__ import annotations

import copy
import inspect
import pickle

import pytest

from surewire import errors
from surewire.errors import (
    BackendCorruptError,
    BackendError,
    BackendUnavailableError,
    ClientError,
    ConfigError,
    MissingDependencyError,
    SurewireError,
)
from surewire.protocol.codec import RequestError

CLIENT = ClientError("NOT_FOUND", "no such chat", temporary=True, retry_after_s=1.5, details={"chat_id": "c"}, path="chat_id")
EXAMPLES: dict[str, tuple[SurewireError, str]] = {
    "a setting": (
        ConfigError("is too small.", path="limits.burst", mend="Write 1 or more."),
        "limits.burst: is too small. Write 1 or more.",
    ),
    "a configuration": (ConfigError("cannot be read."), "cannot be read."),
    "a request": (CLIENT, "no such chat"),
    "a back end": (BackendError("sqlite", "disk I/O error"), "sqlite: disk I/O error"),
    "a busy back end": (BackendUnavailableError("sqlite", "busy"), "sqlite: busy"),
    "a broken back end": (BackendCorruptError("sqlite", "malformed"), "sqlite: malformed"),
    "a package": (MissingDependencyError("aiokafka", "kafka"), "aiokafka is not installed: pip install 'surewire[kafka]'"),
    "a frame": (
        RequestError("UNSUPPORTED", "unknown type", kind="resume", request_id="r", subscription_id="s", path="type"),
        "unknown type",
    ),
}


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_error_says_its_sentence(name: str) -> None:
    error, sentence = EXAMPLES[name]
    assert str(error) == sentence


@pytest.mark.parametrize("name", EXAMPLES)
@pytest.mark.parametrize("way", ["pickle", "copy"])
def test_an_error_keeps_its_data_when_it_is_copied(name: str, way: str) -> None:
    error, sentence = EXAMPLES[name]
    copied = pickle.loads(pickle.dumps(error)) if way == "pickle" else copy.copy(error)
    assert type(copied) is type(error)
    assert str(copied) == sentence
    assert vars(copied) == vars(error)


def test_a_client_is_told_no_more_than_the_start_of_its_own_words() -> None:
    error = ClientError("INVALID_MESSAGE", f"unknown field `{'x' * 1_000_000}`", path="x" * 1_000_000)
    assert str(error).startswith("unknown field `xxx")
    assert len(str(error)) == len(error.path) == 201


def test_every_error_of_ours_has_one_root_and_stands_in_the_tree() -> None:
    tree = inspect.getdoc(errors) or ""
    for name, error in vars(errors).items():
        if inspect.isclass(error) and issubclass(error, Exception):
            assert issubclass(error, SurewireError)
            assert name in tree
            assert name in errors.__all__


def test_a_back_end_that_may_work_later_is_not_a_broken_one() -> None:
    assert not issubclass(BackendUnavailableError, BackendCorruptError)
    assert not issubclass(BackendCorruptError, BackendUnavailableError)

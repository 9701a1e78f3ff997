"""A fresh front for every test, on both event loops."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import AbstractContextManager
from functools import partial

import pytest

from tests.acceptance.front.running_front import LOOPS, RunningFront, running_front

RunFront = Callable[..., AbstractContextManager[RunningFront]]


@pytest.fixture(params=list(LOOPS))
def run_front(request: pytest.FixtureRequest) -> RunFront:
    """Starts a front with other limits or listeners."""
    return partial(running_front, request.param)


@pytest.fixture(scope="module", params=list(LOOPS))
def shared_front(request: pytest.FixtureRequest) -> Generator[RunningFront]:
    """One front for the tests of a file that leave nothing in it."""
    with running_front(request.param) as running:
        yield running


@pytest.fixture
def front(run_front: RunFront) -> Generator[RunningFront]:
    with run_front() as running:
        yield running

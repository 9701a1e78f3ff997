"""A fresh server for every test."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from pathlib import Path

import httpx
import pytest

from tests.acceptance.http_api.running_api import RunningApi, running_api


@pytest.fixture
async def api(tmp_path: Path) -> AsyncGenerator[RunningApi]:
    async with running_api(tmp_path) as running:
        yield running


@pytest.fixture
def client(api: RunningApi) -> httpx.AsyncClient:
    return api.client

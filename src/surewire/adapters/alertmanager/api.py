"""Silences and alerts of a running Alertmanager, by its API v2:
https://github.com/prometheus/alertmanager/blob/main/api/v2/openapi.yaml"""

from __future__ import annotations

from types import TracebackType
from typing import Final, Literal, Self, TypeVar
from urllib.parse import quote

import httpx
import msgspec

from surewire.contract.selector import Matcher, Operator
from surewire.errors import BackendError, BackendUnavailableError, ConfigError
from surewire.slo.silence_audit import LiveAlert, LiveSilence

__all__ = ["AlertmanagerApi"]

T = TypeVar("T")
_NAME: Final = "alertmanager"
_OPERATORS: Final[dict[tuple[bool, bool], Operator]] = {
    (False, True): "=",
    (False, False): "!=",
    (True, True): "=~",
    (True, False): "!~",
}
"""By whether it is a pattern, and whether it must match."""


class _Matcher(msgspec.Struct, frozen=True):
    name: str
    value: str
    is_regex: bool = msgspec.field(name="isRegex")
    is_equal: bool = msgspec.field(name="isEqual", default=True)


class _SilenceStatus(msgspec.Struct, frozen=True):
    state: Literal["expired", "active", "pending"]


class _Silence(msgspec.Struct, frozen=True, rename="camel"):
    id: str
    status: _SilenceStatus
    matchers: tuple[_Matcher, ...]
    created_by: str
    comment: str
    starts_at: str
    ends_at: str


class _AlertStatus(msgspec.Struct, frozen=True, rename="camel"):
    inhibited_by: tuple[str, ...] = ()
    muted_by: tuple[str, ...] = ()


class _Alert(msgspec.Struct, frozen=True):
    labels: dict[str, str]
    status: _AlertStatus


class AlertmanagerApi:
    """One Alertmanager at `url`, a path prefix included. A user and a password may stand in the address.

    Every call raises BackendUnavailableError when nothing answers or it fails, and BackendError when it refuses or answers something else.
    """

    def __init__(self, url: str, timeout_s: float = 10.0) -> None:
        try:
            self._http = httpx.AsyncClient(base_url=url, timeout=timeout_s, trust_env=False)
        except httpx.InvalidURL as error:
            raise ConfigError(f"{url!r} is no address: {error}.", mend="Write it like http://127.0.0.1:9093.") from error

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self._http.aclose()

    async def silences(self) -> list[LiveSilence]:
        """Those that hold or will hold."""
        found = await self._get("/api/v2/silences", list[_Silence])
        return [_silence(one) for one in found if one.status.state != "expired"]

    async def expire(self, silence_id: str) -> None:
        """Ends a silence now. One that has ended already is no error."""
        try:
            await self._request("DELETE", f"/api/v2/silence/{quote(silence_id, safe='')}")
        except BackendError:
            # Another may have been faster.
            if any(one.id == silence_id for one in await self.silences()):
                raise

    async def alerts(self) -> list[LiveAlert]:
        """Every alert that it knows, those included that it keeps to itself."""
        found = await self._get("/api/v2/alerts", list[_Alert])
        return [LiveAlert(labels=one.labels, inhibited_by=one.status.inhibited_by, muted_by=one.status.muted_by) for one in found]

    async def _get(self, path: str, shape: type[T]) -> T:
        answer = await self._request("GET", path)
        try:
            return msgspec.json.decode(answer, type=shape)
        except msgspec.DecodeError as error:
            raise BackendError(_NAME, f"its answer is not that of an Alertmanager: {error}") from error

    async def _request(self, method: str, path: str) -> bytes:
        try:
            response = await self._http.request(method, path)
        except (httpx.TransportError, httpx.UnsupportedProtocol) as error:
            raise BackendUnavailableError(_NAME, f"not reached: {str(error) or type(error).__name__}") from error
        if response.is_server_error:
            raise BackendUnavailableError(_NAME, f"HTTP {response.status_code}")
        if not response.is_success:
            raise BackendError(_NAME, f"HTTP {response.status_code}")
        return response.content


def _silence(raw: _Silence) -> LiveSilence:
    matchers = tuple(Matcher(one.name, _OPERATORS[one.is_regex, one.is_equal], one.value) for one in raw.matchers)
    return LiveSilence(
        id=raw.id, matchers=matchers, created_by=raw.created_by, comment=raw.comment, starts_at=raw.starts_at, ends_at=raw.ends_at
    )

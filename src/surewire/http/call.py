"""One request as the routes see it: who asks, for what, and what it may be answered from."""

from __future__ import annotations

from typing import Any, TypeVar, cast

from litestar import Request

from surewire.config.model import Limits
from surewire.domain.principal import Principal
from surewire.gateway.identity import given_once, identify_open
from surewire.http.body import check_content_type, decode_body, read_body
from surewire.http.query import IDENTITY, identities, read_query
from surewire.http.running_claims import RunningClaims
from surewire.http.services import Services

__all__ = ["Call"]

_T = TypeVar("_T")


class Call(Request[Any, Any, Any]):
    """A request to a route."""

    @property
    def services(self) -> Services:
        """What the application was made with."""
        return cast("Services", self.scope["litestar_app"].state["services"])

    @property
    def limits(self) -> Limits:
        """What a client may use."""
        return self.services.config.limits

    @property
    def running_claims(self) -> RunningClaims:
        """The idempotency keys in use right now."""
        return cast("RunningClaims", self.scope["litestar_app"].state["running_claims"])

    @property
    def request_id(self) -> str:
        """The `X-Request-ID` of this request and its answer."""
        return cast("str", self.scope["state"]["request_id"])

    def identify(self) -> Principal:
        """Who asks. Raises: ClientError `INVALID_MESSAGE` for a name that is no user id, or more names than one."""
        named = given_once(identities(self.scope["query_string"]), IDENTITY)
        return identify_open(named, self.header(b"x-user-id", "X-User-Id"), self.services.new_ulid)

    def header(self, name: bytes, shown_as: str) -> str | None:
        """A header that may come once. Raises: ClientError `INVALID_MESSAGE` when it comes again."""
        return given_once([value.decode("latin-1") for key, value in self.scope["headers"] if key == name], shown_as)

    def query_as(self, shape: type[_T]) -> _T:
        """The query as a struct. Raises: ClientError `INVALID_MESSAGE` with the parameter's name."""
        return read_query(self.scope["query_string"], shape)

    async def json_body(self) -> bytes:
        """The body, which is said once to be JSON. Raises: ClientError `UNSUPPORTED`, `TOO_LARGE`, `INVALID_MESSAGE`."""
        check_content_type(self.header(b"content-type", "Content-Type"))
        return await read_body(self.receive, self.limits.max_body_bytes)

    async def body_as(self, shape: type[_T]) -> tuple[bytes, _T]:
        """The body and what it says. Raises: ClientError as `json_body`, or `INVALID_MESSAGE`."""
        body = await self.json_body()
        return body, decode_body(body, shape, self.limits.max_json_depth)

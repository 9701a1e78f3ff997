"""The HTTP API: one ASGI application made from the services it answers from."""

from __future__ import annotations

from typing import Any, cast

from litestar import Litestar
from litestar.datastructures import State
from litestar.exceptions import HTTPException

from surewire.http.browser_guard import BrowserGuard
from surewire.http.call import Call
from surewire.http.envelope import Envelope
from surewire.http.failure_place import place_of
from surewire.http.options import options_of
from surewire.http.problem import as_client_error
from surewire.http.reply import Reply, problem_reply
from surewire.http.routes import ROUTES
from surewire.http.running_claims import RunningClaims
from surewire.http.services import Services
from surewire.telemetry.logging import logger

__all__ = ["create_app"]

_log = logger(__name__)


def create_app(services: Services) -> Envelope:
    """The application over `services`. It has no life of its own: whoever made the services closes them after the last request."""
    app = Litestar(
        # OPTIONS first: Litestar adds its own to a path that has none yet.
        route_handlers=(*options_of(ROUTES), *ROUTES),
        request_class=Call,
        exception_handlers={Exception: cast("Any", _refuse)},
        state=State({"services": services, "running_claims": RunningClaims()}),
        openapi_config=None,
        logging_config=None,
    )
    return Envelope(app, BrowserGuard(services.config), [route.path_format for route in app.routes])


def _refuse(request: Call, error: Exception) -> Reply:
    """The answer of a request that ended with an exception: the border of one request."""
    refusal = as_client_error(error)
    if refusal.code == "INTERNAL":
        _log_failure(request, error)
    if not isinstance(error, HTTPException):
        return problem_reply(refusal, request.request_id)
    allowed = [(b"allow", value.encode("ascii")) for name, value in (error.headers or {}).items() if name == "allow"]
    return problem_reply(refusal, request.request_id, min(error.status_code, 500), allowed)


def _log_failure(request: Call, error: Exception) -> None:
    _log.error("request failed", request_id=request.request_id, error_type=type(error).__name__, place=place_of(error))

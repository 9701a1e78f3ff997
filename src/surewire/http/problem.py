"""Refusals as RFC 9457 problem documents: one shape for everything that goes wrong, and nothing of what is inside."""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import Annotated, Any, Final

from litestar.exceptions import HTTPException
from msgspec import Meta, Struct

from surewire.errors import BackendUnavailableError, ClientError
from surewire.http.validation_words import in_sentence
from surewire.protocol.codes import ErrorCode

__all__ = ["STATUSES", "FieldError", "Problem", "as_client_error", "field_error", "problem_of", "status_of"]

STATUSES: Final[dict[str, int]] = {
    "INVALID_MESSAGE": 400,
    "UNSUPPORTED": 415,
    "NOT_FOUND": 404,
    "UNAUTHORIZED": 401,
    "FORBIDDEN": 403,
    "RATE_LIMITED": 429,
    "CONFLICT": 409,
    "TOO_LARGE": 413,
    "LIMIT_EXCEEDED": 422,
    "UNAVAILABLE": 503,
    "TIMEOUT": 503,
    "INTERNAL": 500,
}
_FIELD_STATUS: Final = 422
_CODES: Final[dict[int, ErrorCode]] = {
    400: "INVALID_MESSAGE",
    401: "UNAUTHORIZED",
    403: "FORBIDDEN",
    404: "NOT_FOUND",
    405: "UNSUPPORTED",
    413: "TOO_LARGE",
    415: "UNSUPPORTED",
    422: "INVALID_MESSAGE",
    429: "RATE_LIMITED",
    503: "UNAVAILABLE",
}
_DETAILS: Final = {
    404: "there is nothing here; GET / lists what there is",
    405: "this resource does not know that method; Allow names those it knows",
}
# How msgspec says which field is missing or too much.
_FIELD: Final = re.compile(r"Object (?:missing required|contains unknown) field `(?P<field>[^`]*)`", re.DOTALL)


class FieldError(Struct, frozen=True):
    """One thing that is wrong in a request."""

    path: Annotated[str, Meta(description="Where: a field as in `events[3].severity`, a parameter, or a header.")]
    message: Annotated[str, Meta(description="What, for a person.")]


class Problem(Struct, frozen=True, omit_defaults=True):
    """Why a request was not done (RFC 9457), as `application/problem+json`."""

    type: Annotated[str, Meta(description="`about:blank`: the status and `code` say what kind of problem it is.")]
    title: Annotated[str, Meta(description="The status in words.")]
    status: Annotated[int, Meta(ge=400, le=599, description="The HTTP status, again.")]
    detail: Annotated[str, Meta(description="What was wrong this time, and what to do instead.")]
    code: Annotated[ErrorCode, Meta(description="For programs; never changes its meaning.")]
    request_id: Annotated[str, Meta(description="The answer's `X-Request-ID`; name it when you ask about this request.")]
    errors: Annotated[tuple[FieldError, ...], Meta(description="Every field that is known to be wrong.")] = ()
    details: Annotated[dict[str, Any] | None, Meta(description="More for programs, by code.")] = None


def problem_of(error: ClientError, status: int, request_id: str) -> Problem:
    """The document that tells a client of its error."""
    errors = (FieldError(error.path, error.problem),) if error.path else ()
    detail = f"{error.path}: {error.problem}" if error.path else error.problem
    code: Any = error.code
    return Problem("about:blank", HTTPStatus(status).phrase, status, detail, code, request_id, errors, error.details)


def status_of(error: ClientError) -> int:
    """The HTTP status of a refusal. A request that names its wrong field was understood, so it is 422 and not 400."""
    if error.code == "INVALID_MESSAGE" and error.path:
        return _FIELD_STATUS
    return STATUSES.get(error.code, STATUSES["INTERNAL"])


def as_client_error(error: Exception) -> ClientError:
    """What the peer may know of any exception: its own mistakes in full, everything else in one sentence."""
    if isinstance(error, ClientError):
        return error
    if isinstance(error, BackendUnavailableError):
        return ClientError("UNAVAILABLE", "the server cannot do this now; try again", temporary=True, retry_after_s=1.0)
    if isinstance(error, HTTPException) and error.status_code < STATUSES["INTERNAL"]:
        code = _CODES.get(error.status_code, "INVALID_MESSAGE")
        return ClientError(code, _DETAILS.get(error.status_code, "the request cannot be understood"))
    return ClientError("INTERNAL", "the server failed; the request may be tried again")


def field_error(problem: str, shape: Any = None) -> FieldError:
    """Where and what, of a sentence in which msgspec says both; with the mend where the `shape` that was asked for knows it."""
    problem, _, place = problem.partition(" - at ")
    place = place.removeprefix("`key` in ").strip("`").removeprefix("$").removeprefix(".")
    field = _FIELD.fullmatch(problem)
    if not field:
        return FieldError(place, in_sentence(problem, shape, place))
    path = f"{place}.{field['field']}" if place else field["field"]
    return FieldError(path, "is required" if "missing" in problem else "is no field that the server knows")

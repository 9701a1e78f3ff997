"""What several operations of the OpenAPI document have in common: parameters, headers and refusals."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, Final

import msgspec

from surewire.domain.principal import USER_ID_PATTERN
from surewire.errors import ClientError
from surewire.http.problem import problem_of
from surewire.http.reply import PROBLEM

__all__ = ["CALLER", "COMMON_PARAMETERS", "HEADERS", "IDEMPOTENCY", "PATH_PARAMETERS", "REFUSALS", "SCHEMA_REF", "TAGS", "problem_response"]

SCHEMA_REF: Final = "#/components/schemas/{name}"

TAGS: Final = {
    "chats": "Chats and their members.",
    "messages": "Messages of a chat: stored once, in order, and kept.",
    "events": "The one stream of events: published, and read back from a position.",
    "service levels": "What is promised, what is left of it, and what people decide about it.",
    "operation": "For whoever runs the server.",
    "documents": "What the server says of itself.",
}

_USER_ID: Final = {"type": "string", "pattern": USER_ID_PATTERN}
_ULID: Final = "[0-7][0-9A-HJKMNP-TV-Z]{25}"


def _path_id(name: str, description: str, pattern: str) -> dict[str, Any]:
    return {"name": name, "in": "path", "required": True, "description": description, "schema": {"type": "string", "pattern": pattern}}


PATH_PARAMETERS: Final[dict[str, dict[str, Any]]] = {
    "chat_id": {
        "name": "chat_id",
        "in": "path",
        "required": True,
        "description": "The chat.",
        "schema": {"type": "string", "pattern": f"^chat_(lobby|{_ULID})$"},
    },
    "user_id": {"name": "user_id", "in": "path", "required": True, "description": "The member.", "schema": _USER_ID},
    "slo_id": _path_id("slo_id", "The objective.", "^[a-z0-9]+(-[a-z0-9]+)*$"),
    "action_id": _path_id("action_id", "The corrective action.", f"^act_{_ULID}$"),
    "alert": _path_id("alert", "The alert, by its name.", "^[A-Z][A-Za-z0-9_]*$"),
    "cadence": _path_id("cadence", "Which review.", "^(daily|weekly|monthly|quarterly)$"),
    "silence_id": _path_id("silence_id", "The silence.", f"^sil_{_ULID}$"),
    "maintenance_id": _path_id("maintenance_id", "The maintenance.", f"^mnt_{_ULID}$"),
    "runbook": _path_id("runbook", "The runbook's number.", r"^RB-[0-9]{3}(\.md)?$"),
}

COMMON_PARAMETERS: Final[dict[str, dict[str, Any]]] = {
    "CallerInQuery": {
        "name": "user_id",
        "in": "query",
        "description": "Who asks, where identities are open. Goes before `X-User-Id`; with neither, the caller is anonymous.",
        "schema": _USER_ID,
    },
    "CallerInHeader": {"name": "X-User-Id", "in": "header", "description": "Who asks, where identities are open.", "schema": _USER_ID},
    "RequestId": {
        "name": "X-Request-ID",
        "in": "header",
        "description": "The caller's name for the request, 1 to 128 of A-Z a-z 0-9 . _ : - and given back with the answer. "
        "Anything else is replaced.",
        "schema": {"type": "string"},
    },
    "IdempotencyKey": {
        "name": "Idempotency-Key",
        "in": "header",
        "description": "Makes it safe to send the request again: for 24 hours the same key and body get the first answer, and nothing is "
        "done again. Belongs to the caller, the method and the path.",
        "schema": {"type": "string", "pattern": "^[!-~]{1,255}$"},
    },
}
CALLER: Final = ("CallerInQuery", "CallerInHeader")
IDEMPOTENCY: Final = ("IdempotencyKey",)

HEADERS: Final[dict[str, dict[str, Any]]] = {
    "RequestId": {"description": "The name of this request, the caller's own or a new one.", "schema": {"type": "string"}},
    "RetryAfter": {"description": "Seconds after which the request may work.", "schema": {"type": "integer", "minimum": 1}},
    "Replayed": {
        "description": "This is the answer that the request with this `Idempotency-Key` was given before.",
        "schema": {"type": "string", "const": "true"},
    },
}

REFUSALS: Final[dict[int, tuple[str, str, ClientError]]] = {
    400: ("Malformed", "It is no request: bad JSON, a bad query.", ClientError("INVALID_MESSAGE", "the body is not valid JSON")),
    403: ("Forbidden", "The caller, or the page that asks, may not.", ClientError("FORBIDDEN", "only the owner may do this")),
    404: ("NotFound", "There is no such thing, or not for this caller.", ClientError("NOT_FOUND", "there is no such chat")),
    409: (
        "Conflict",
        "It contradicts what was done before, or is being done.",
        ClientError("CONFLICT", "this key was used with another body", path="Idempotency-Key"),
    ),
    413: (
        "TooLarge",
        "Something is too large; `detail` says what.",
        ClientError("TOO_LARGE", "is longer than 16384 bytes of UTF-8", path="content"),
    ),
    415: ("NotJson", "The body must be JSON.", ClientError("UNSUPPORTED", "the body must be JSON: send Content-Type: application/json")),
    422: ("Invalid", "A field or a parameter is wrong; `errors` names it.", ClientError("INVALID_MESSAGE", "is required", path="content")),
    429: ("TooMany", "Too many, too fast.", ClientError("RATE_LIMITED", "too many messages to this chat; wait")),
    503: ("Unavailable", "Not now; sending it again is safe.", ClientError("UNAVAILABLE", "the server cannot do this now; try again")),
}
"""By status: the response's name, what it means, and an example."""
_RETRY_LATER: Final = (429, 503)


def problem_response(status: int) -> dict[str, Any]:
    """The response of a refusal."""
    _, description, error = REFUSALS[status]
    example = msgspec.to_builtins(problem_of(error, status, "req_01KAJ5R0K6T1B8D3F5H7J9M2PQ"))
    headers = {"X-Request-ID": {"$ref": "#/components/headers/RequestId"}}
    if status in _RETRY_LATER:
        headers["Retry-After"] = {"$ref": "#/components/headers/RetryAfter"}
    return {
        "description": f"{HTTPStatus(status).phrase}. {description}",
        "headers": headers,
        "content": {PROBLEM.decode(): {"schema": {"$ref": SCHEMA_REF.format(name="Problem")}, "example": example}},
    }

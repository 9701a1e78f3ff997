"""`/openapi.json` and `/asyncapi.json`: what the server can do, for programs."""

from __future__ import annotations

from typing import Any, Final

from surewire.http.call import Call
from surewire.http.openapi import openapi_document
from surewire.http.operation import Answered, Operation, serves
from surewire.http.reply import JSON, Reply
from surewire.protocol.asyncapi import asyncapi_document

__all__ = ["ROUTES"]

_CACHED: Final = ((b"cache-control", b"public, max-age=300"),)


@serves(
    "GET",
    "/openapi.json",
    Operation(
        summary="Describe the HTTP API",
        tag="documents",
        answers={200: Answered("An OpenAPI 3.1 document.", dict[str, Any])},
        takes_caller=False,
    ),
)
async def read_openapi(request: Call) -> Reply:
    return Reply(200, openapi_document(), JSON, _CACHED)


@serves(
    "GET",
    "/asyncapi.json",
    Operation(
        summary="Describe the WebSocket protocol",
        tag="documents",
        answers={200: Answered("An AsyncAPI 3 document.", dict[str, Any])},
        takes_caller=False,
    ),
)
async def read_asyncapi(request: Call) -> Reply:
    return Reply(200, asyncapi_document(), JSON, _CACHED)


ROUTES: Final = (read_openapi, read_asyncapi)

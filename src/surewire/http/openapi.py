"""The OpenAPI 3.1 document: made from the routes and their structs, so it cannot say what the server does not do."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any, Final, NamedTuple

import msgspec
from litestar.handlers import HTTPRouteHandler

from surewire import __version__
from surewire.http.openapi_parts import (
    CALLER,
    COMMON_PARAMETERS,
    HEADERS,
    IDEMPOTENCY,
    PATH_PARAMETERS,
    REFUSALS,
    SCHEMA_REF,
    TAGS,
    problem_response,
)
from surewire.http.operation import OPERATION, Answered, Operation
from surewire.http.problem import Problem
from surewire.http.query import DEEP, parameter_kinds
from surewire.http.reply import encode_json

__all__ = ["document_of", "openapi_document"]

Json = dict[str, Any]

_PATH_PARAMETER: Final = re.compile(r"\{(\w+)(?::\w+)?\}")
_WITH_CALLER: Final = (400, 403, 422, 503)
_DESCRIPTION: Final = """Durable chats and one stream of events.

Everything is JSON; times are RFC 3339 in UTC. Where identities are open, callers name themselves, and who gives no name is anonymous.
Every refusal is a problem document (RFC 9457), whose `code` is for programs."""


@cache
def openapi_document() -> bytes:
    """The document of this server, as JSON."""
    from surewire.http.routes import ROUTES  # the routes know this module, because one of them serves the document

    return encode_json(document_of(ROUTES))


class _Described(NamedTuple):
    path: str
    method: str
    name: str
    operation: Operation


def _described(routes: Iterable[HTTPRouteHandler]) -> list[_Described]:
    """Every method of every path, by path. HEAD goes without saying where there is GET."""
    return sorted(
        _Described(_PATH_PARAMETER.sub(r"{\1}", path), method.lower(), route.handler_name, route.opt[OPERATION])
        for route in routes
        for path in route.paths
        for method in route.http_methods - {"HEAD"}
    )


def document_of(routes: Iterable[HTTPRouteHandler]) -> Json:
    """The document of any routes, for JSON."""
    listed = _described(routes)
    shapes = {shape for described in listed for shape in _shapes(described.operation)} | {Problem}
    schemas, components = msgspec.json.schema_components(shapes, ref_template=SCHEMA_REF)
    schema_of = dict(zip(shapes, schemas, strict=True))
    paths: dict[str, Json] = {}
    for described in listed:
        paths.setdefault(described.path, {})[described.method] = _operation(described, schema_of)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "surewire",
            "version": __version__,
            "summary": "Durable chat and live event streams, and the service levels they keep.",
            "description": _DESCRIPTION,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "tags": [{"name": name, "description": description} for name, description in TAGS.items()],
        "paths": paths,
        "components": {
            "schemas": dict(sorted(components.items())),
            "parameters": COMMON_PARAMETERS,
            "headers": HEADERS,
            "responses": {name: problem_response(status) for status, (name, *_) in REFUSALS.items()},
        },
    }


def _shapes(operation: Operation) -> Iterator[Any]:
    for shape in (operation.body, *(answer.shape for answer in operation.answers.values())):
        yield from _alternatives(shape)


def _alternatives(shape: Any) -> tuple[Any, ...]:
    return () if shape is None else shape if isinstance(shape, tuple) else (shape,)  # pyright: ignore[reportUnknownVariableType]


def _operation(listed: _Described, schema_of: dict[Any, Json]) -> Json:
    operation = listed.operation
    described: Json = {
        "operationId": listed.name,
        "summary": operation.summary,
        "tags": [operation.tag],
        "parameters": _parameters(listed.path, operation),
        "responses": {**_answers(operation, schema_of), **_refusals(operation), "default": _default()},
    }
    if operation.description:
        described["description"] = operation.description
    if operation.body is not None:
        described["requestBody"] = {"required": True, "content": {"application/json": _body(operation, schema_of)}}
    return described


def _parameters(path: str, operation: Operation) -> list[Json]:
    names = (*(CALLER if operation.takes_caller else ()), "RequestId", *(IDEMPOTENCY if operation.takes_key else ()))
    in_path = [PATH_PARAMETERS[name] for name in _PATH_PARAMETER.findall(path)]
    return [*in_path, *_query_parameters(operation.query), *({"$ref": f"#/components/parameters/{name}"} for name in names)]


def _query_parameters(query: Any) -> Iterator[Json]:
    if query is None:
        return
    kinds = parameter_kinds(query)
    _, components = msgspec.json.schema_components((query,))
    for name, schema in components[query.__name__]["properties"].items():
        parameter = {"name": name, "in": "query", **_described_schema(schema)}
        yield {**parameter, "style": "deepObject", "explode": True} if kinds[name] == DEEP else parameter


def _described_schema(schema: Json) -> Json:
    """A parameter's schema and description. It cannot be null, only absent."""
    given = [option for option in schema.get("anyOf", ()) if option != {"type": "null"}]
    schema = given[0] if given else schema
    description = schema.pop("description", "Only what has this value; repeat it, or put commas between values, for any of several.")
    return {"description": description, "schema": schema}


def _body(operation: Operation, schema_of: dict[Any, Json]) -> Json:
    examples = {name: {"value": _plain(value)} for name, value in operation.body_examples.items()}
    return {"schema": _one_of(operation.body, schema_of), "examples": examples}


def _answers(operation: Operation, schema_of: dict[Any, Json]) -> Json:
    return {str(status): _answer(answer, operation, schema_of) for status, answer in operation.answers.items()}


def _answer(answer: Answered, operation: Operation, schema_of: dict[Any, Json]) -> Json:
    headers = {"X-Request-ID": {"$ref": "#/components/headers/RequestId"}}
    if operation.takes_key:
        headers["Idempotency-Replayed"] = {"$ref": "#/components/headers/Replayed"}
    response: Json = {"description": answer.description, "headers": headers}
    if answer.shape is not None:
        content = {"schema": _one_of(answer.shape, schema_of)}
        response["content"] = {answer.content_type: content if answer.example is None else {**content, "example": _plain(answer.example)}}
    return response


def _refusals(operation: Operation) -> Json:
    statuses = {*operation.refusals, *(_WITH_CALLER if operation.takes_caller else ())} - {*operation.answers}
    return {str(status): {"$ref": f"#/components/responses/{REFUSALS[status][0]}"} for status in sorted(statuses)}


def _default() -> Json:
    """What may happen to any request: a head that is none (400, 408, 414, 431), a foreign page (403), a failure of the server (500)."""
    content = {"application/problem+json": {"schema": {"$ref": SCHEMA_REF.format(name="Problem")}}}
    return {
        "description": "Any other refusal.",
        "headers": {"X-Request-ID": {"$ref": "#/components/headers/RequestId"}},
        "content": content,
    }


def _one_of(shape: Any, schema_of: dict[Any, Json]) -> Json:
    schemas = [schema_of[alternative] for alternative in _alternatives(shape)]
    return schemas[0] if len(schemas) == 1 else {"oneOf": schemas}


def _plain(value: object) -> Any:
    return msgspec.json.decode(encode_json(value))

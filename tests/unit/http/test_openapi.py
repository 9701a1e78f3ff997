"""The OpenAPI document against its official schema, and against the routes it describes."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from litestar import Litestar

from surewire.http.call import Call
from surewire.http.openapi import openapi_document
from surewire.http.problem import STATUSES
from surewire.http.routes import ROUTES

SCHEMA: dict[str, Any] = json.loads((Path(__file__).parents[2] / "schemas" / "openapi-3.1.json").read_text("utf-8"))
DOCUMENT: dict[str, Any] = json.loads(openapi_document())


def operations() -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in DOCUMENT["paths"].items():
        for method, operation in methods.items():
            yield path, method, operation


def references(value: Any) -> list[str]:
    if isinstance(value, dict):
        own = [value["$ref"]] if isinstance(value.get("$ref"), str) else []
        return own + [found for inner in value.values() for found in references(inner)]
    return [found for inner in value for found in references(inner)] if isinstance(value, list) else []


def resolve(value: Any) -> Any:
    while isinstance(value, dict) and "$ref" in value:
        reference, value = value["$ref"], DOCUMENT
        for step in reference.removeprefix("#/").split("/"):
            value = value[step]
    return value


def examples() -> Iterator[tuple[str, dict[str, Any], Any]]:
    for path, method, operation in operations():
        parts = {"body": operation.get("requestBody", {}), **operation["responses"]}
        for name, part in parts.items():
            for content in resolve(part).get("content", {}).values():
                values = [content["example"]] if "example" in content else [e["value"] for e in content.get("examples", {}).values()]
                for number, value in enumerate(values):
                    yield f"{method} {path} {name} {number}", content["schema"], value


def test_the_document_is_valid_openapi_3_1() -> None:
    jsonschema.Draft202012Validator(SCHEMA).validate(DOCUMENT)


def test_every_schema_is_valid_json_schema() -> None:
    for schema in DOCUMENT["components"]["schemas"].values():
        jsonschema.Draft202012Validator.check_schema(schema)


def test_every_reference_leads_somewhere() -> None:
    assert all(resolve({"$ref": reference}) for reference in references(DOCUMENT))


def test_every_component_is_used() -> None:
    used = set(references(DOCUMENT))
    defined = {f"#/components/{kind}/{name}" for kind, named in DOCUMENT["components"].items() for name in named}
    assert defined == used


def test_the_document_and_the_application_have_the_same_routes() -> None:
    app = Litestar(list(ROUTES), openapi_config=None, request_class=Call)
    served = {
        (re.sub(r":\w+}", "}", path), method.lower())
        for route in app.routes
        for path in (route.path_format,)
        for method in route.methods
        if method not in {"HEAD", "OPTIONS"}
    }
    assert served == {(path, method) for path, method, _ in operations()}


def test_every_get_also_answers_head() -> None:
    assert all(("HEAD" in route.http_methods) == ("GET" in route.http_methods) for route in ROUTES)


def test_every_operation_has_a_name_of_its_own() -> None:
    names = [operation["operationId"] for *_, operation in operations()]
    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"[a-z]+(_[a-z]+)+", name) for name in names)


def test_every_post_says_that_it_honours_an_idempotency_key() -> None:
    for _, method, operation in operations():
        keys = [parameter for parameter in operation["parameters"] if resolve(parameter)["name"] == "Idempotency-Key"]
        assert bool(keys) == (method == "post")


def test_every_path_parameter_is_described() -> None:
    for path, _, operation in operations():
        described = {parameter["name"] for parameter in map(resolve, operation["parameters"]) if parameter["in"] == "path"}
        assert described == set(re.findall(r"\{(\w+)\}", path))


@pytest.mark.parametrize(("schema", "value"), [pytest.param(*rest, id=name) for name, *rest in examples()])
def test_every_example_is_what_its_schema_says(schema: dict[str, Any], value: Any) -> None:
    jsonschema.Draft202012Validator({**schema, "components": DOCUMENT["components"]}).validate(value)


def test_every_error_code_of_the_protocol_has_a_status() -> None:
    assert set(DOCUMENT["components"]["schemas"]["Problem"]["properties"]["code"]["enum"]) == set(STATUSES)

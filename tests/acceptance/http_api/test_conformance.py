"""Any request at all is answered as the OpenAPI document says."""

from __future__ import annotations

import json
import string
from collections.abc import AsyncGenerator
from functools import partial
from typing import Any, NamedTuple
from urllib.parse import quote

import httpx
import jsonschema
import pytest
import pytest_asyncio
from hypothesis import given, settings
from hypothesis import strategies as st

from surewire.http.openapi import openapi_document
from tests.acceptance.http_api.running_api import running_api
from tests.acceptance.http_api.test_chats import ALICE, make_chat

pytestmark = pytest.mark.asyncio(loop_scope="module")

DOCUMENT: dict[str, Any] = json.loads(openapi_document())
OPERATIONS = [(method, path) for path, methods in DOCUMENT["paths"].items() for method in methods]


class Server(NamedTuple):
    client: httpx.AsyncClient
    chat_id: str


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def server(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Server]:
    async with running_api(tmp_path_factory.mktemp("data")) as running:
        yield Server(running.client, await make_chat(running.client, "bob"))


def resolve(value: Any) -> Any:
    while isinstance(value, dict) and "$ref" in value:
        reference, value = value["$ref"], DOCUMENT
        for step in reference.removeprefix("#/").split("/"):
            value = value[step]
    return value


SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4), max_leaves=10)
HEADER_VALUES = st.text(string.ascii_letters + string.digits + string.punctuation, min_size=1, max_size=20)
# Dots alone are steps along a path, which clients take before they ask; a slash begins another segment, percent-encoded or not.
SEGMENTS = st.text(st.characters(codec="utf-8", exclude_characters="./"), min_size=1, max_size=20).map(partial(quote, safe=""))


@st.composite
def bodies(draw: st.DrawFn, method: str, path: str) -> bytes:
    """Something like what the operation wants, or nothing like it."""
    wanted = DOCUMENT["paths"][path][method].get("requestBody")
    if wanted is None or draw(st.integers(0, 9)) == 0:
        return draw(st.binary(max_size=50) | VALUES.map(lambda value: json.dumps(value).encode()))
    body = dict(draw(st.sampled_from(list(wanted["content"]["application/json"]["examples"].values())))["value"])
    for name in draw(st.lists(st.sampled_from([*body, "unknown"]), max_size=2)):
        if draw(st.booleans()):
            body[name] = draw(VALUES)
        else:
            body.pop(name, None)
    return json.dumps(body).encode()


@st.composite
def queries(draw: st.DrawFn, method: str, path: str) -> list[tuple[str, str]]:
    """Any of the parameters that the operation knows, and of those that it does not, with any value."""
    known = [parameter["name"] for parameter in map(resolve, DOCUMENT["paths"][path][method]["parameters"]) if parameter["in"] == "query"]
    names = st.sampled_from([*known, "labels[a]", "unknown"])
    values = st.text(max_size=20) | st.integers(-1, 600).map(str) | st.sampled_from(["P0,P1", "alice", "deployment", "a:1"])
    return draw(st.lists(st.tuples(names, values), max_size=3))


def check(method: str, path: str, answer: httpx.Response) -> None:
    responses = DOCUMENT["paths"][path][method]["responses"]
    described = resolve(responses.get(str(answer.status_code), responses["default"]))
    assert str(answer.status_code) in responses or answer.status_code in {403, 408, 414, 431}, answer.text
    for name in described.get("headers", {}):
        assert name in answer.headers or name == "Idempotency-Replayed"
    if "content" not in described:
        assert answer.content == b""
        return
    ((content_type, content),) = described["content"].items()
    assert answer.headers["content-type"].partition(";")[0] == content_type
    if content_type.endswith("json"):
        schema = {**content["schema"], "components": DOCUMENT["components"]}
        jsonschema.Draft202012Validator(schema).validate(answer.json())


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
@settings(max_examples=25)
@given(data=st.data())
async def test_any_request_is_answered_as_documented(server: Server, method: str, path: str, data: st.DataObject) -> None:
    chat_id = data.draw(st.sampled_from([server.chat_id, "chat_lobby"]) | SEGMENTS)
    user_id = data.draw(st.sampled_from(["alice", "bob"]) | SEGMENTS)
    slo_id = data.draw(st.sampled_from(["availability", "no-such-thing"]) | SEGMENTS)
    others = {"maintenance_id": data.draw(st.just(f"mnt_{server.chat_id.removeprefix('chat_')}") | SEGMENTS), "slo_id": slo_id}
    others |= {"alert": data.draw(st.sampled_from(["MessageLoss", "NoSuchAlert"]) | SEGMENTS), "silence_id": data.draw(SEGMENTS)}
    others |= {"cadence": data.draw(st.sampled_from(["weekly", "yearly"]) | SEGMENTS), "action_id": data.draw(SEGMENTS)}
    others["runbook"] = data.draw(st.sampled_from(["RB-001", "RB-050.md", "RB-999"]) | SEGMENTS)
    target = path.format(chat_id=chat_id, user_id=user_id, **others)
    headers = {**ALICE, "Content-Type": data.draw(st.sampled_from(["application/json"] * 9 + ["text/plain"]))}
    headers |= data.draw(
        st.dictionaries(st.sampled_from(["Idempotency-Key", "X-Request-ID", "X-User-Id", "Accept"]), HEADER_VALUES, max_size=2)
    )
    body = data.draw(bodies(method, path)) if method not in {"get", "delete"} else None
    query = data.draw(queries(method, path))
    answer = await server.client.request(method, target, params=query, content=body, headers=headers)
    check(method, path, answer)

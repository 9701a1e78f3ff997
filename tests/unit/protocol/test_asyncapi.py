"""The AsyncAPI document against its official schema, and against the structs it describes."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, get_args

import jsonschema
import msgspec
import pytest

from surewire.protocol.asyncapi import PUSHED, REPLIES, asyncapi_document
from surewire.protocol.asyncapi_examples import EXAMPLES
from surewire.protocol.client_messages import ClientMessage
from surewire.protocol.codec import client_decoder
from surewire.protocol.codes import CloseCode
from surewire.protocol.server_messages import ServerMessage

SCHEMA: dict[str, Any] = json.loads((Path(__file__).parents[2] / "schemas" / "asyncapi-3.0.json").read_text("utf-8"))
DOCUMENT: dict[str, Any] = json.loads(asyncapi_document())
CLIENT = {struct.__struct_config__.tag for struct in get_args(ClientMessage)}
SERVER = {struct.__struct_config__.tag for struct in get_args(ServerMessage)}


def resolve(reference: str) -> Any:
    value: Any = DOCUMENT
    for step in reference.removeprefix("#/").split("/"):
        value = value[step]
    return value


def references(value: Any) -> list[str]:
    if isinstance(value, dict):
        own = [value["$ref"]] if isinstance(value.get("$ref"), str) else []
        return own + [found for inner in value.values() for found in references(inner)]
    return [found for inner in value for found in references(inner)] if isinstance(value, list) else []


def test_the_document_is_valid_asyncapi_3() -> None:
    jsonschema.Draft7Validator(SCHEMA).validate(DOCUMENT)


def test_every_reference_leads_somewhere() -> None:
    assert all(resolve(reference) is not None for reference in references(DOCUMENT))


def test_every_message_of_the_protocol_is_described_and_no_other() -> None:
    assert set(DOCUMENT["components"]["messages"]) == CLIENT | SERVER == set(EXAMPLES)


def test_every_client_message_has_its_replies_and_every_server_message_its_occasion() -> None:
    assert set(REPLIES) == CLIENT
    assert {reply for replies in REPLIES.values() for reply in replies} | set(PUSHED) == SERVER


@pytest.mark.parametrize("name", sorted(EXAMPLES))
def test_every_example_is_what_its_schema_says(name: str) -> None:
    message = DOCUMENT["components"]["messages"][name]
    schema = {"$ref": message["payload"]["$ref"], "components": DOCUMENT["components"]}
    (example,) = message["examples"]
    jsonschema.Draft202012Validator(schema).validate(example["payload"])


@pytest.mark.parametrize("name", sorted(CLIENT))
def test_every_client_example_is_understood_by_the_server(name: str) -> None:
    text = msgspec.json.encode(EXAMPLES[name]).decode()
    assert msgspec.json.encode(client_decoder()(text)) == text.encode()


def test_every_close_code_is_listed() -> None:
    assert [code["code"] for code in DOCUMENT["x-close-codes"]] == [int(code) for code in CloseCode]


def test_the_pattern_of_a_user_id_refuses_what_is_no_user_id() -> None:
    pattern = DOCUMENT["channels"]["socket"]["bindings"]["ws"]["query"]["properties"]["user_id"]["pattern"]
    assert [name for name in ("alice", "..a", ".", "..", "a b", "") if re.search(pattern, name)] == ["alice", "..a"]

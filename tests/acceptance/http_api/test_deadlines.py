"""Every change has a deadline; one that passes it is done all the same."""

from __future__ import annotations

import pytest

from surewire.http.deadline import in_time
from tests.acceptance.http_api.running_api import RunningApi
from tests.acceptance.http_api.test_chats import ALICE, code_of, make_chat


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/v1/chats/{}/messages", {"client_message_id": "1", "content": "Hello"}),
        ("PATCH", "/v1/chats/{}", {"name": "Late"}),
        ("DELETE", "/v1/chats/{}", None),
        ("PUT", "/v1/chats/{}/members/carol", None),
        ("DELETE", "/v1/chats/{}/members/bob", None),
    ],
)
async def test_a_change_that_takes_too_long_is_answered_and_goes_on(
    api: RunningApi, monkeypatch: pytest.MonkeyPatch, method: str, path: str, body: object
) -> None:
    path = path.format(await make_chat(api.client, "bob"))
    before = await state(api, path)
    with monkeypatch.context() as hurry:
        hurry.setattr(in_time, "__defaults__", (0.0,))
        answer = await api.client.request(method, path, json=body, headers=ALICE)
    assert code_of(answer) == (503, "TIMEOUT")
    await make_chat(api.client)  # writes are done in their order
    assert await state(api, path) != before


async def state(api: RunningApi, path: str) -> object:
    """The chat that the path is about, and its messages."""
    chat = "/".join(path.split("/")[:4])
    return [(await api.client.get(part, headers=ALICE)).json() for part in (chat, f"{chat}/messages")]

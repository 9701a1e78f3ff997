"""What a client may say, judged before it goes out."""

from __future__ import annotations

import pytest

from surewire.client.outgoing import frame_of, json_of
from surewire.domain.filters import Filters
from surewire.errors import ClientError
from surewire.protocol.client_messages import Ack, ClientMessage, History, SendMessage, Subscribe


def test_what_a_server_takes_goes_out_as_json() -> None:
    assert frame_of(Ack(chat_id="chat_x", sequence=3)) == (
        b'{"type":"ack","message_id":null,"chat_id":"chat_x","sequence":3,"state":"delivered"}'
    )
    assert json_of({"text": "ü 👋"}) == '{"text":"ü 👋"}'.encode()


@pytest.mark.parametrize(
    ("message", "path"),
    [
        (SendMessage("chat_x", "m1", ""), "content"),
        (SendMessage("", "m1", "hello"), "chat_id"),
        (SendMessage("chat_x", "m" * 129, "hello"), "client_message_id"),
        (Ack(chat_id="chat_x", sequence=-1), "sequence"),
        (Ack(chat_id="chat_x", sequence=2**60), "sequence"),
        (Ack(chat_id="chat_x", sequence=2**70), "sequence"),
        (Ack(chat_id="chat_x", sequence=1, state="foo"), "state"),  # type: ignore[arg-type]
        (History("chat_x", limit=201), "limit"),
        (Subscribe("s1", Filters(severities=("P9",))), "filters.severities[0]"),  # type: ignore[arg-type]
    ],
)
def test_what_every_server_would_refuse_is_refused_with_the_field(message: ClientMessage, path: str) -> None:
    with pytest.raises(ClientError) as refused:
        frame_of(message)
    assert (refused.value.code, refused.value.path) == ("INVALID_MESSAGE", path)
    assert str(refused.value).startswith(f"{path}: ")


def test_half_of_a_surrogate_pair_is_refused_in_words() -> None:
    with pytest.raises(ClientError, match=r"\\ud800 is half of a character and cannot be sent"):
        frame_of(SendMessage("chat_x", "m1", "bad \ud800"))

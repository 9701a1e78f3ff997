"""What a client says on an open connection, through everything behind it: sessions, chats, events, all in memory.

Each line is one message, a few words stand for ids that the server gave. Holds: every answer is a documented message, and JSON that
everybody reads; an error is short, whatever was said, and its code is documented; a connection ends with a documented close code, never
because of an error of ours; and when it is gone, nothing of it is left.
"""

from __future__ import annotations

from contextlib import AsyncExitStack
from typing import Any

from fuzz.pipe import StillLoop
from fuzz.target import Target
from surewire.domain.event import Event
from surewire.gateway.frames import Ending
from surewire.protocol import server_messages
from surewire.protocol.codes import ERROR_CODES, CloseCode
from tests.fakes.plane import Client, MemoryPlane, configured, memory_plane

LOOP = StillLoop()
TYPES = {struct.__struct_config__.tag for struct in server_messages.ServerMessage.__args__}
LIMITS = {"max_content_bytes": 200, "max_message_bytes": 2_000, "max_filter_values": 10, "max_subscriptions": 3, "max_json_depth": 8}
RATES = {"connections_per_user": 1_000, "messages_per_s": 1e6, "burst": 1_000_000, "chat_messages_per_s": 1e6, "chat_burst": 1_000_000}
RATES |= {"accept_rate_per_s": 1e9, "accept_burst": 10**9}
RUNS_PER_PLANE = 500
MAX_ERROR_BYTES = 4_096


class Planes:
    """A plane that is made anew now and then, because what clients send stays in it."""

    def __init__(self) -> None:
        self._stack = AsyncExitStack()
        self._left = 0
        self.plane: MemoryPlane
        self.chat_id = b""

    async def ready(self) -> MemoryPlane:
        if not self._left:
            await self._stack.aclose()
            self.plane = await self._stack.enter_async_context(memory_plane(configured(limits=LIMITS | RATES)))
            self.chat_id = (await self.plane.store.messages.create_chat("alice", ("bob",), None)).chat_id.encode()
            await self.plane.stream.publish([Event("deployment"), Event("escalated", severity="P1")])
            self._left = RUNS_PER_PLANE
        self._left -= 1
        return self.plane


PLANES = Planes()


async def talk(data: bytes) -> None:
    plane = await PLANES.ready()
    before = len(plane.hub), plane.hub.index.subscriptions
    alice, bob = plane.connect("alice"), plane.connect("bob")
    for line in data.replace(b"CHAT", PLANES.chat_id).replace(b"EPOCH", plane.stream.head.epoch.encode()).split(b"\n"):
        alice.say(line.decode(errors="replace"))
        await LOOP.turns()
    await plane.stream.publish([Event("deployment", source="a")])
    await LOOP.turns()
    for client in (alice, bob):
        check_heard(client)
        client.lose()
    await LOOP.turns()
    assert (len(plane.hub), plane.hub.index.subscriptions) == before


def check_heard(client: Client) -> None:
    ending: Ending | None = client.listener._ending
    assert ending is None or ending.code in {*CloseCode}, ending
    for message in client.messages():
        assert message["type"] in TYPES
        if message["type"] == "error":
            check_error(message)


def check_error(message: dict[str, Any]) -> None:
    assert message["code"] in ERROR_CODES
    assert message["code"] not in {"INTERNAL", "UNAVAILABLE", "UNAUTHORIZED"}, message
    assert len(str(message)) <= MAX_ERROR_BYTES


def check(data: bytes) -> None:
    LOOP.run_until_complete(talk(data))


SEND = b'{"type":"send_message","chat_id":"CHAT","client_message_id":"1","content":"hello","request_id":"r"}'
TARGET = Target(
    check,
    seeds=(
        b"\n".join([SEND, SEND, SEND.replace(b"hello", b"other"), SEND.replace(b'"1"', b'"2"'), SEND.replace(b"CHAT", b"chat_x")]),
        (
            b'{"type":"subscribe","subscription_id":"s","filters":{"sources":["a"]},"since":{"epoch":"EPOCH","offset":0}}\n'
            b'{"type":"subscribe","subscription_id":"s","filters":{"severities":["P1"]}}\n{"type":"unsubscribe","subscription_id":"s"}'
        ),
        b'{"type":"subscribe","subscription_id":"s","filters":{},"since":{"epoch":"other","offset":7}}\n{"type":"ping","timestamp":[[]]}',
        b'{"type":"history","chat_id":"CHAT","limit":1}\n{"type":"history","chat_id":"CHAT","after_sequence":0,"before_sequence":3}',
        b'{"type":"sync_request","chats":[{"chat_id":"CHAT","after_sequence":0},{"chat_id":"x","after_sequence":1}]}',
        b'{"type":"ack","chat_id":"CHAT","sequence":1}\n{"type":"ack","message_id":"msg_1"}\n{"type":"ack"}\n{"type":"nothing"}\n[]',
    ),
    max_bytes=2_000,
)

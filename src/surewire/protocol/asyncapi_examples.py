"""One example of every message, for the document that describes the protocol."""

from __future__ import annotations

from typing import Final

from msgspec import Raw, Struct

from surewire.domain.event import Event
from surewire.domain.filters import Filters
from surewire.domain.message import Message
from surewire.domain.stream import Position
from surewire.protocol import client_messages as client
from surewire.protocol import server_messages as server

__all__ = ["EXAMPLES"]

_CHAT: Final = "chat_01KAJ5Q6W5Y3N9V4T2R8M7C1ZX"
_MESSAGE: Final = "msg_01KAJ5R0K6T1B8D3F5H7J9M2PQ"
_TIME: Final = "2026-11-21T10:00:00.000000Z"
_POSITION: Final = Position("7d1f0c9a52e84b63", 41)
_FILTERS: Final = Filters(severities=("P0", "P1"), labels={"team": "payments"})
_STORED: Final = Message(_MESSAGE, _CHAT, 7, "alice", "Shall we?", "text/plain", _TIME)
_EVENT: Final = Event(
    "incident_created",
    severity="P1",
    source="llm-sentinel",
    labels={"team": "payments"},
    priority="high",
    data=Raw(b'{"title":"Checkout is slow"}'),
)

EXAMPLES: Final[dict[str, Struct]] = {
    "subscribe": client.Subscribe("urgent", _FILTERS, since=_POSITION),
    "unsubscribe": client.Unsubscribe("urgent"),
    "ping": client.Ping(Raw(b"1763719200000")),
    "ack": client.Ack(chat_id=_CHAT, sequence=7, state="read"),
    "send_message": client.SendMessage(_CHAT, "7f0c1d1e-1", "Shall we?", request_id="1"),
    "sync_request": client.SyncRequest((client.ChatPosition(_CHAT, 6),), request_id="2"),
    "history": client.History(_CHAT, request_id="3", before_sequence=8),
    "welcome": server.Welcome(
        session_id="sess_01KAJ5PZ3E6H8K1M4P7R9T2W5Y",
        connection_id="conn_01KAJ5PZ3E6H8K1M4P7R9T2W5Y",
        user_id="alice",
        server_time=_TIME,
        protocol_version=server.PROTOCOL_VERSION,
        heartbeat_interval_ms=30_000,
        session_timeout_ms=300_000,
        resume_token="q3Zk0u8b2m",  # noqa: S106 - an example
        limits=server.Limits(65_536, 16_384, 100, 50.0, 100),
    ),
    "subscribed": server.Subscribed("urgent", _FILTERS, _POSITION, server.Recovery(True, 38, 41, 1, False)),
    "unsubscribed": server.Unsubscribed("urgent"),
    "pong": server.Pong(Raw(b"1763719200000"), _TIME),
    "position": server.PositionMessage(_POSITION),
    "event": server.EventMessage(_MESSAGE, _EVENT, _TIME, ("urgent",), _POSITION),
    "message_ack": server.MessageAck(_CHAT, "7f0c1d1e-1", _MESSAGE, 7, _TIME, duplicate=False, request_id="1"),
    "message": server.ChatMessage(_MESSAGE, _CHAT, 7, "alice", "Shall we?", "text/plain", _TIME),
    "sync_response": server.SyncResponse((server.ChatPage(_CHAT, (_STORED,), False, 7),), request_id="2"),
    "history_result": server.HistoryResult(_CHAT, (_STORED,), False, 7, request_id="3"),
    "error": server.ErrorMessage("RATE_LIMITED", "too many messages to this chat; wait", True, request_id="1", retry_after_ms=100),
    "closing": server.Closing("restart", 1012, True, 1_250),
}

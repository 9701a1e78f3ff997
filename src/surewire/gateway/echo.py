"""The diagnostic echo: text and binary come back as they came, through the same frame code as every connection."""

from __future__ import annotations

import picows

from surewire.gateway.frames import BINARY, TEXT, MessageListener, frame

__all__ = ["ECHO_MAX_FRAGMENTS", "ECHO_MAX_MESSAGE_BYTES", "EchoListener"]

# What the conformance suite sends at most.
ECHO_MAX_MESSAGE_BYTES = 16 * 1024 * 1024
ECHO_MAX_FRAGMENTS = 65_536


class EchoListener(MessageListener):
    """One echo connection. A client that sends and does not read is not read any more until it does."""

    __slots__ = ()

    def __init__(self, max_message_bytes: int = ECHO_MAX_MESSAGE_BYTES, max_fragments: int = ECHO_MAX_FRAGMENTS) -> None:
        super().__init__(max_message_bytes, max_fragments)

    def on_text(self, text: str) -> None:
        """Sends the text back."""
        self._send(TEXT, text.encode())

    def on_binary(self, data: bytes) -> None:
        """Sends the bytes back."""
        self._send(BINARY, data)

    def pause_writing(self) -> None:
        """Stops reading, so that what is unsent stays bounded."""
        self.transport.underlying_transport.pause_reading()

    def resume_writing(self) -> None:
        """Reads on."""
        if self.is_open:
            self.transport.underlying_transport.resume_reading()

    def _send(self, opcode: picows.WSMsgType, payload: bytes) -> None:
        self.transport.underlying_transport.write(frame(opcode, payload))

"""An answer's head and the first of its body are one write."""

from __future__ import annotations

import asyncio
from typing import cast

from surewire.http.answer_transport import AnswerTransport


class Recorder:
    """A transport that remembers what was done with it."""

    def __init__(self) -> None:
        self.done: list[bytes] = []

    def write(self, data: bytes) -> None:
        self.done.append(data)

    def close(self) -> None:
        self.done.append(b"<closed>")

    def is_closing(self) -> bool:
        return b"<closed>" in self.done


def after(*writes: bytes, is_closed: bool = False) -> list[bytes]:
    recorder = Recorder()
    transport = AnswerTransport(cast("asyncio.Transport", recorder))
    for data in writes:
        transport.write(data)
    if is_closed:
        transport.close()
    assert transport.is_closing() is is_closed
    return recorder.done


HEAD = b"HTTP/1.1 200 OK\r\n\r\n"
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


def test_head_and_body_are_one_write_and_the_rest_of_a_stream_is_not_kept() -> None:
    assert after(HEAD) == []
    assert after(HEAD, b"body") == [HEAD + b"body"]
    assert after(HEAD, b"", b"later") == [HEAD, b"later"]
    assert after(HEAD, b"a", b"b", is_closed=True) == [HEAD + b"a", b"b", b"<closed>"]


def test_who_waits_for_100_continue_gets_it_before_the_answer() -> None:
    assert after(CONTINUE) == [CONTINUE]
    assert after(CONTINUE, HEAD, b"body") == [CONTINUE, HEAD + b"body"]


def test_a_head_without_its_body_is_written_before_the_end() -> None:
    assert after(HEAD, is_closed=True) == [HEAD, b"<closed>"]
    assert after(is_closed=True) == [b"<closed>"]

"""What a connection has said before it closes gets out before the CLOSE, whoever is to blame for it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from surewire.gateway.frames import BINARY, CLOSE
from surewire.protocol.codes import CloseCode
from tests.unit.gateway.outboxes import Box, Outboxes, event, numbered


def breaks_a_rule(box: Box) -> None:
    box.violate(CloseCode.TOO_BIG, "message is too long")


def is_told_to_close(box: Box) -> None:
    box.close(CloseCode.RESTART, "server is stopping")


def fails(box: Box) -> None:
    try:
        raise RuntimeError
    except RuntimeError as error:
        box.fail(error)


@pytest.mark.parametrize(
    ("close", "code"), [(breaks_a_rule, CloseCode.TOO_BIG), (is_told_to_close, CloseCode.RESTART), (fails, CloseCode.SERVER_ERROR)]
)
async def test_what_was_sent_in_the_turn_of_the_close_stands_before_it(close: Callable[[Box], None], code: CloseCode) -> None:
    outboxes = Outboxes()
    box, client = outboxes.open()
    box.write(numbered(1))
    box.write_event(event(2))
    close(box)
    outboxes.loop.end()
    *said, (opcode, payload) = client.frames()
    assert said == [(BINARY.value, (1).to_bytes(8, "big")), (BINARY.value, (2).to_bytes(8, "big"))]
    assert (opcode, int.from_bytes(payload[:2], "big")) == (CLOSE.value, code)

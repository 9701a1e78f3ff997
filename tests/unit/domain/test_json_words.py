"""Malformed JSON is explained by what is wrong with it, not by how a decoder noticed."""

from __future__ import annotations

import msgspec
import pytest

from surewire.domain.json_words import why_malformed

HALF = r"it has half of a surrogate pair, such as \ud800 alone, which is no character"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (b'{"name":"\\ud800"}', HALF),
        (b'{"name":"\\uD83D and more text"}', HALF),
        (b'{"name":"\\ud83d\\u0041"}', HALF),
        (b'{"name":"\\udc00 and more text"}', HALF),
        (b'["\\\\\\ud800"]', HALF),
        (b'["\\\\ud800', "it ends too early"),
        (b'["\\ud83d\\ude00', "it ends too early"),
        (b'{"a":', "it ends too early"),
        (b'"\xff"', "it is not UTF-8"),
        (b"{'a':1}", "object keys must be strings (byte 1)"),
    ],
)
def test_what_is_wrong_is_said(text: bytes, words: str) -> None:
    with pytest.raises((msgspec.DecodeError, UnicodeDecodeError)) as error:
        msgspec.json.decode(text)
    assert why_malformed(text, error.value) == words


def test_a_long_run_of_backslashes_is_looked_at_once() -> None:
    text = b'"' + b"\\" * 200_000
    with pytest.raises(msgspec.DecodeError) as error:
        msgspec.json.decode(text)
    assert why_malformed(text, error.value) == "it ends too early"

"""How deep JSON is nested: whoever reads it deeper than its own stack fails, so nothing deep may get in."""

from __future__ import annotations

import re
from typing import Final

__all__ = ["MAX_JSON_DEPTH", "is_deeper"]

MAX_JSON_DEPTH: Final = 32
"""What is allowed unless it is configured otherwise."""

_STRING: Final = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"')
_NO_BRACKETS: Final = bytes(byte for byte in range(256) if byte not in b"[]{}")
_ONE_KIND: Final = bytes.maketrans(b"{}", b"[]")


def is_deeper(json: bytes, most: int) -> bool:
    """Whether arrays and objects of valid JSON are nested deeper than `most`; `[[]]` has depth 2."""
    # Brackets stand in strings too, so only a high count is worth a closer look.
    if json.count(b"[") + json.count(b"{") <= most:
        return False
    brackets = _STRING.sub(b"", json).translate(_ONE_KIND, _NO_BRACKETS)
    for _ in range(most):
        # The innermost pairs go in each round: one pass in C, where counting would look at every bracket.
        brackets = brackets.replace(b"[]", b"")
    return bool(brackets)

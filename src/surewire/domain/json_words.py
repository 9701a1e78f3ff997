"""Why a text is no JSON, in words for whoever wrote it: a decoder names its own parts, or what it was looking for."""

from __future__ import annotations

import re
from typing import Final

__all__ = ["why_malformed"]

_TRUNCATED: Final = "Input data was truncated"
# RFC 8259 §7: a character beyond the basic plane is escaped as a pair. Every other backslash comes in twos.
_HALF_A_PAIR: Final = re.compile(rb"(?<!\\)(?:\\\\)*\\u[dD][89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F])")


def why_malformed(json: bytes, error: Exception) -> str:
    """What is wrong with `json`, for which the decoder raised `error`: half a sentence, to stand after "is not valid JSON: "."""
    if isinstance(error, UnicodeDecodeError):
        return "it is not UTF-8"
    problem = str(error)
    # The decoder looks for the second half behind the end of the text, and finds the text too short.
    if "surrogate" in problem or (problem == _TRUNCATED and _HALF_A_PAIR.search(json)):
        return r"it has half of a surrogate pair, such as \ud800 alone, which is no character"
    return "it ends too early" if problem == _TRUNCATED else problem.removeprefix("JSON is malformed: ")

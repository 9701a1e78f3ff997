"""What a log line looks like: stable fields first, nothing withheld in it, no character in it that acts on a terminal or a parser."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, MutableMapping
from typing import Any, Final

import msgspec
import structlog

from surewire.domain.instant import format_instant

__all__ = ["MAX_TEXT", "Fields", "Line", "console_line", "fields_in_order", "json_line"]

Fields = MutableMapping[str, Any]
Line = Callable[[Fields], str]

MAX_TEXT: Final = 2_000
"""Characters of one value; a longer one is cut."""
WITHHELD: Final = frozenset(
    {"authorization", "body", "content", "cookie", "data", "password", "payload", "resume_token", "secret", "ticket", "token"}
)
"""Fields that could carry what people write or what lets someone in. Their values are never logged."""

# Controls (C0, DEL, C1), line and paragraph separators, and what turns the direction of text.
_UNSAFE: Final = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")
_UNSAFE_BUT_NEWLINE: Final = re.compile(_UNSAFE.pattern.replace("\x00-\x1f", "\x00-\x09\x0b-\x1f"))
_encode: Final = msgspec.json.Encoder(enc_hook=repr).encode


def fields_in_order(level: str, event: Fields) -> Fields:
    """`timestamp`, `level`, `service`, `logger`, `event`, then the event's own fields; `exception` is the traceback, without any values.

    `service` is the first part of the logger's name: the plane.
    """
    name = str(event.pop("logger_name", ""))
    ordered: Fields = {
        "timestamp": format_instant(time.time_ns() // 1000),
        "level": level,
        "service": name.partition(".")[0],
        "logger": name,
        "event": _cut(event.pop("event", "")),
    }
    event = structlog.processors.format_exc_info(None, level, event)
    exception = event.pop("exception", None)
    for key, value in event.items():
        ordered[key] = "(withheld)" if key in WITHHELD else _cut(value)
    return ordered if exception is None else {**ordered, "exception": exception}


def json_line(fields: Fields) -> str:
    """One JSON object. What has no JSON is shown as its `repr`."""
    try:
        line = _encode(fields).decode()
    except (TypeError, ValueError, RecursionError):
        # Half surrogates, circular or absurdly deep values.
        line = json.dumps({key: _plain(value) for key, value in fields.items()})
    # Within JSON these stand only in strings; a newline in one is escaped already.
    return line if line.isascii() and "\x7f" not in line else _UNSAFE.sub(lambda found: f"\\u{ord(found[0]):04x}", line)


def console_line(colors: bool) -> Line:
    """Lines for people; a traceback follows its line, indented."""
    # It shows values as `repr` does, which escapes what is unsafe in them.
    render = structlog.dev.ConsoleRenderer(colors=colors, pad_event_to=0, sort_keys=False, repr_native_str=True)

    def line(fields: Fields) -> str:
        shown = {key: value for key, value in fields.items() if key != "service"}
        shown["event"], shown["logger"] = _escape(_UNSAFE, str(shown["event"])), _escape(_UNSAFE, shown["logger"])
        if "exception" in shown:
            shown["exception"] = "    " + _escape(_UNSAFE_BUT_NEWLINE, shown["exception"]).replace("\n", "\n    ")
        return str(render(None, shown["level"], shown))

    return line


def _escape(unsafe: re.Pattern[str], text: str) -> str:
    return unsafe.sub(lambda found: ascii(found[0])[1:-1], text)


def _cut(value: Any) -> Any:
    if isinstance(value, str) and len(value) > MAX_TEXT:
        return f"{value[:MAX_TEXT]}… ({len(value)} characters)"
    return value


def _plain(value: Any) -> Any:
    return value if isinstance(value, str | int | None) else f"<{type(value).__name__}>"

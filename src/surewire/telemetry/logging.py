"""Structured logs on standard error: `configure` once when the program starts, `logger` wherever something is worth a line.

    log = logger(__name__)
    log.error("acknowledged message is not in the store", error_code="PERSIST_FAILED", ack_sent=True, chat_id=chat_id)

An event is a constant text; what varies goes into fields. Nothing is logged per frame, and never what people write.
"""

from __future__ import annotations

import logging as stdlib
import os
import sys
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar, Final, Literal, TextIO, cast

from surewire.telemetry.bare_structlog import structlog
from surewire.telemetry.log_lines import Line, console_line, fields_in_order, json_line
from surewire.telemetry.log_output import LogOutput

if TYPE_CHECKING:
    from structlog.typing import FilteringBoundLogger

__all__ = ["Format", "Level", "configure", "logger"]

Level = Literal["debug", "info", "warning", "error", "critical"]
Format = Literal["auto", "json", "console"]

_RECORD_FIELDS: Final = frozenset(vars(stdlib.makeLogRecord({}))) | {"message", "asctime", "taskName", "event", "level"}


def logger(name: str) -> FilteringBoundLogger:
    """The logger of a module (`logger(__name__)`). A call below the level that was configured costs as much as an empty function."""
    return cast("FilteringBoundLogger", _logger(_short(name)))


def configure(level: Level = "info", format: Format = "auto", stream: TextIO | None = None) -> LogOutput:  # noqa: A002 - the setting's name
    """Sends our logs and those of the libraries to `stream` (standard error) until what is returned is closed; a context manager.

    `auto` is `console` on a terminal and `json` elsewhere. What a module logs before this, structlog prints in its own way.
    """
    target = sys.stderr if stream is None else stream
    line = _line(format, target.isatty())
    output = LogOutput(target, report=lambda count: line(fields_in_order("warning", _dropped(count))))
    structlog.configure(
        processors=[lambda _, method, event: line(fields_in_order(method, event))],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=lambda *_: output,
    )
    _LazyLogger.forget_all()
    output.call_on_close(structlog.reset_defaults)
    output.call_on_close(_LazyLogger.forget_all)
    output.call_on_close(_take_over_stdlib(level))
    return output


class _LazyLogger:
    """Has the methods of the logger that structlog makes when one is first called; from then on they are plain attributes."""

    _all: ClassVar[list[_LazyLogger]] = []

    def __init__(self, name: str) -> None:
        self._name = name
        self._all.append(self)

    def __getattr__(self, method: str) -> Any:
        found = getattr(structlog.get_logger(logger_name=self._name).bind(), method)
        setattr(self, method, found)
        return found

    @classmethod
    def forget_all(cls) -> None:
        for known in cls._all:
            known.forget()

    def forget(self) -> None:
        self.__dict__ = {"_name": self._name}


_logger: Final = cache(_LazyLogger)


def _line(format_: Format, is_terminal: bool) -> Line:
    if format_ == "json" or (format_ == "auto" and not is_terminal):
        return json_line
    return console_line(colors=is_terminal and not os.environ.get("NO_COLOR"))


def _dropped(count: int) -> dict[str, Any]:
    return {"logger_name": "telemetry.logging", "event": "log_lines_dropped", "count": count}


def _short(name: str) -> str:
    return name.removeprefix("surewire.")


def _take_over_stdlib(level: Level) -> Callable[[], None]:
    """Routes what libraries log through `logging` here; returns what undoes it."""
    root, handler = stdlib.getLogger(), _ForeignHandler()
    handlers_before, level_before = root.handlers[:], root.level
    root.handlers[:] = [handler]
    root.setLevel(level.upper())

    def restore() -> None:
        root.handlers[:] = handlers_before
        root.setLevel(level_before)

    return restore


class _ForeignHandler(stdlib.Handler):
    """Gives the records of `logging` to structlog, with their `extra` as fields."""

    def __init__(self) -> None:
        super().__init__()
        self._log: FilteringBoundLogger = structlog.get_logger().bind()

    def emit(self, record: stdlib.LogRecord) -> None:
        fields = {key: value for key, value in vars(record).items() if key not in _RECORD_FIELDS}
        # Levels of their own (5, 25) count as the named one below, the lowest as debug.
        named = min(max(record.levelno // 10 * 10, stdlib.DEBUG), stdlib.CRITICAL)
        self._log.log(named, _text(record), **{**fields, "logger_name": _short(record.name), "exc_info": record.exc_info})


def _text(record: stdlib.LogRecord) -> str:
    try:
        return record.getMessage()
    except (TypeError, ValueError, KeyError):
        return f"{record.msg} (its arguments do not fit)"

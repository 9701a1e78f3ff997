"""A conversation on a terminal: incoming lines above the line that is being typed; or plain lines when there is no terminal."""

from __future__ import annotations

import asyncio
import os
import sys
import threading
from collections.abc import Iterable
from functools import partial
from typing import Final

from surewire.cli.remote import printable
from surewire.cli.standard_streams import use_stand_ins
from surewire.client import Connected, Disconnected, Message, MessagesLost, Notice
from surewire.errors import ClientError, ConfigError

__all__ = ["TalkScreen"]

_CLEAR_LINE: Final = "\r\x1b[K"
_DIM, _BOLD, _PLAIN = "\x1b[2m", "\x1b[1m", "\x1b[0m"
_NO_STYLES: Final = ("", "", "")


class TalkScreen:
    """What one user sees and types. On a terminal it has a prompt; the state of the connection goes to standard error otherwise."""

    def __init__(self, user_id: str) -> None:
        # Some locales make halves of characters of bytes that are no text, which cannot be sent.
        use_stand_ins(sys.stdin)
        self.is_terminal = sys.stdin.isatty() and sys.stdout.isatty()
        # no-color.org: set to anything, it asks for plain text.
        self._dim, self._bold, self._plain = _NO_STYLES if os.environ.get("NO_COLOR") else (_DIM, _BOLD, _PLAIN)
        self._prompt = f"{user_id}> "
        self._is_prompting = self._is_away = False
        if self.is_terminal:
            # Editing keys and history for `input`, and what was typed so far when a line comes in between.
            import readline

            self._typed = readline.get_line_buffer
        else:
            self._typed = str

    def start(self, chat_id: str, earlier: Iterable[Message]) -> None:
        """Shows where we are and what was said before; only to people."""
        if self.is_terminal:
            for message in earlier:
                self.message(message)
            self._print(f"{self._dim}in {chat_id}; Ctrl-D leaves{self._plain}")

    def message(self, message: Message) -> None:
        """Someone said something."""
        name, text = printable(message.sender_id), printable(message.content)
        time = message.created_at[11:19]
        self._print(
            f"{self._dim}{time}{self._plain} {self._bold}{name}{self._plain}: {text}" if self.is_terminal else f"{time} {name}: {text}"
        )

    def notice(self, notice: Notice) -> None:
        """The connection came or went."""
        match notice:
            case Disconnected() if not self._is_away:
                self._is_away = True
                self._status(f"disconnected: {notice.reason}; trying again, what you write is kept")
            case Connected(again=True):
                self._is_away = False
                self._status("connected again")
            case MessagesLost():
                self._status(f"messages {notice.first} to {notice.last} are no longer kept")
            case _:
                pass

    def refused(self, error: ClientError) -> None:
        """The server does not take the line that was sent last."""
        self._status(f"not sent: {error}")

    def unsent(self, line: str) -> None:
        """We leave before the server confirmed this line; to standard error, where it is not lost in the conversation."""
        clear = _CLEAR_LINE if self.is_terminal else ""
        print(f"{clear}not sent: {printable(line)} (the server has not confirmed it)", file=sys.stderr, flush=True)

    async def read_line(self) -> str | None:
        """The next line without its end; None at the end of the input, or when the terminal is left. Raises: ConfigError."""
        loop = asyncio.get_running_loop()
        line: asyncio.Future[str | None] = loop.create_future()

        def read() -> None:
            try:
                settle = partial(line.set_result, self._read())
            except Exception as error:  # noqa: BLE001 - whoever waits for the line raises it
                settle = partial(line.set_exception, error)
            # The loop may be gone by the time that somebody presses Enter.
            if not loop.is_closed():
                loop.call_soon_threadsafe(lambda: None if line.done() else settle())

        # A daemon, because a thread that waits for a key cannot be stopped in any other way.
        threading.Thread(target=read, daemon=True, name="keyboard").start()
        self._is_prompting = True
        try:
            return await line
        finally:
            self._is_prompting = False

    def _read(self) -> str | None:
        try:
            if self.is_terminal:
                return input(self._prompt)
            line = sys.stdin.readline()
            return line.rstrip("\n") if line else None
        except EOFError:
            return None
        except OSError as error:
            raise ConfigError(f"standard input cannot be read: {error.strerror or error}.") from error

    def _status(self, text: str) -> None:
        if self.is_terminal:
            self._print(f"{self._dim}{printable(text)}{self._plain}")
        else:
            print(printable(text), file=sys.stderr, flush=True)

    def _print(self, line: str) -> None:
        if self.is_terminal and self._is_prompting:
            sys.stdout.write(f"{_CLEAR_LINE}{line}\n{self._prompt}{self._typed()}")
        else:
            sys.stdout.write(f"{_CLEAR_LINE if self.is_terminal else ''}{line}\n")
        sys.stdout.flush()

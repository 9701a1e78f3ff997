"""The `surewire` command. Each command is a file of its own, imported only when it is asked for.

Exit status: 0 fine, 1 failed, 2 wrong use or wrong configuration. What a program may read goes to standard output, everything else
to standard error.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import NoReturn

from cyclopts import App, CycloptsError, Parameter

from surewire import __version__
from surewire.cli.console_output import print_error
from surewire.cli.standard_streams import drop_output, mend_streams, watched_output
from surewire.errors import ConfigError, SurewireError

__all__ = ["GROUPS", "application", "main"]

_COMMANDS = {
    "serve": ("Run the server until SIGTERM or SIGINT.", "surewire serve --listen 127.0.0.1:8080 --data ./surewire-data"),
    "chat": ("Talk in a chat from the terminal.", "surewire chat alice --with bob"),
    "listen": ("Print events as they happen.", "surewire listen --filter severities=P0,P1 --filter labels.env=prod"),
    "publish": (
        "Publish one event.",
        """surewire publish incident_created --severity P1 --source router-7 --data '{"title": "Link down"}'""",
    ),
    "config": ("Check, print and explain the configuration.", "surewire config --check --config surewire.toml"),
    "export": ("Write service levels as configuration of other tools.", "surewire export prometheus --out ./rules"),
    "invariants": ("Check what must always hold of service levels.", "surewire invariants --url http://127.0.0.1:8080"),
}
GROUPS = {
    "alerts": "Look at alerts, and at what may keep them from people.",
    "deployment": "Record what went live, and look it up.",
    "maintenance": "Announce maintenance, look it up, call it off.",
    "slo": "Look at, judge and try service levels.",
    "store": "Look into the data folder of a stopped server.",
}
"""Commands that have commands of their own."""


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Does what the command line says and exits."""
    sys.exit(_status(arguments))


def application() -> App:
    """The command line without what it does: commands are imported when they are run, or when their help is asked for."""
    app = App(
        name="surewire",
        help="One server for durable chat and live event streams over WebSocket.",
        help_epilogue=_example("surewire serve"),
        help_format="markdown",
        version=__version__,
        default_parameter=Parameter(negative=(), show_default=_shown_default),
        error_formatter=_wrong_use,
        suppress_keyboard_interrupt=False,
    )
    for name, (summary, example) in _COMMANDS.items():
        app.command(f"surewire.cli.{name}:{name}", name=name, help=summary, help_epilogue=_example(example))
    for name, summary in GROUPS.items():
        app.command(f"surewire.cli.{name}:{name}", name=name, help=summary)
    return app


def _status(arguments: Sequence[str] | None) -> int:
    mend_streams()
    with watched_output() as output:
        try:
            status = _done(arguments)
            sys.stdout.flush()
        except OSError as error:
            if not output.has_failed:
                raise
            drop_output()
            # Whoever read our output and has gone does not want to hear of it.
            if not isinstance(error, BrokenPipeError):
                print_error(f"standard output cannot be written: {error.strerror}.")
            return 1
    return status


def _done(arguments: Sequence[str] | None) -> int:
    try:
        status: object = application()(arguments, result_action="return_value")
    except ConfigError as error:
        print_error(error)
        return 2
    except SurewireError as error:
        print_error(error)
        return 1
    except KeyboardInterrupt:
        return 130
    return status if isinstance(status, int) else 0


def _shown_default(value: object) -> object:
    return None if value is False else value


def _example(command: str) -> str:
    return f"Example: `{command}`"


def _wrong_use(error: CycloptsError) -> str:
    return f"error: {error}"

"""`surewire serve`: the server as a process, from its first check to its exit status."""

from __future__ import annotations

import asyncio
import errno
import gc
import os
import signal
import socket
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, cast

from cyclopts import Parameter

from surewire.cli.configuration import ConfigFile, DataFolder, load_configuration
from surewire.cli.console_output import print_warning
from surewire.cli.standard_streams import drop_output
from surewire.config.model import Config, Listener
from surewire.config.rules import is_loopback
from surewire.config.unreachable import unreachable_targets
from surewire.errors import ConfigError

__all__ = ["serve"]

_CANNOT_BIND = {
    errno.EADDRINUSE: "is in use by another program. Stop it, or choose another with --listen (port 0 takes a free one).",
    errno.EADDRNOTAVAIL: "is no address of this machine. Choose another with --listen.",
    errno.EACCES: "may not be used by this user. Choose a port above 1023 with --listen.",
}


def serve(
    *,
    config: ConfigFile = None,
    listen: Annotated[list[str] | None, Parameter(help="HOST:PORT to serve on, port 0 for a free one; may be repeated.")] = None,
    data: DataFolder = None,
    insecure: Annotated[bool, Parameter(help="Allow open authentication on addresses that others can reach.")] = False,
) -> int:
    """Run the server until SIGTERM or SIGINT, then let every client know and leave. A second signal ends it at once."""
    effective = load_configuration(config, data, listen or (), insecure=insecure).config
    _check_files(effective)
    _warn_if_open(effective)
    for problem in unreachable_targets(effective):
        print_warning(problem)
    with _bind_errors(effective.listeners), _one_error():
        asyncio.run(_serve(effective))
    return 0


async def _serve(config: Config) -> None:
    # The server's parts take half a second to import, which a wrong configuration need not wait for.
    from surewire.app import run
    from surewire.telemetry import logging

    stop = asyncio.Event()
    with logging.configure(config.telemetry.log_level, config.telemetry.log_format), _stopping_on_signals(stop):
        await run(config, stop=stop, on_ready=lambda urls: _say_ready(urls, config))


def _say_ready(urls: list[str], config: Config) -> None:
    try:
        print(f"surewire ready on {', '.join(urls)} (data: {Path(config.data_dir).resolve()})", flush=True)
    except OSError as error:
        # A full disk, or nobody who reads: no reason for not serving.
        drop_output()
        print_warning(f"standard output cannot be written: {error.strerror}. The server is ready on {', '.join(urls)}.")


@contextmanager
def _collected_once() -> Generator[None]:
    """Keeps the garbage collector from what is imported inside, which lives as long as the process: now, and for ever after."""
    gc.disable()
    try:
        yield
    finally:
        gc.collect()
        gc.freeze()
        gc.enable()


@contextmanager
def _stopping_on_signals(stop: asyncio.Event) -> Generator[None]:
    """The first SIGTERM or SIGINT sets `stop`, the second one ends the process as if nobody had caught it."""
    loop = asyncio.get_running_loop()

    def on_signal(number: signal.Signals) -> None:
        if stop.is_set():
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)
        stop.set()

    signals = (signal.SIGTERM, signal.SIGINT)
    for number in signals:
        loop.add_signal_handler(number, on_signal, number)
    try:
        yield
    finally:
        for number in signals:
            loop.remove_signal_handler(number)


def _check_files(config: Config) -> None:
    for index, listener in enumerate(config.listeners):
        for name in ("tls_certificate", "tls_key"):
            file = getattr(listener, name)
            if file and not os.access(file, os.R_OK):
                raise ConfigError(f"{file} cannot be read.", path=f"listeners[{index}].{name}")
    try:
        Path(config.data_dir).mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(
            f"{config.data_dir} cannot be made: {error.strerror}.", path="data_dir", mend="Name another with --data."
        ) from error
    if not os.access(config.data_dir, os.W_OK | os.X_OK):
        raise ConfigError(f"{config.data_dir} is not writable for this user.", path="data_dir", mend="Name another with --data.")


def _warn_if_open(config: Config) -> None:
    reachable = [listener.host for listener in config.listeners if not is_loopback(listener.host)]
    if reachable:
        print_warning(f"open authentication on {', '.join(reachable)}: whoever reaches it may act under any name.")


@contextmanager
def _bind_errors(listeners: tuple[Listener, ...]) -> Generator[None]:
    """Says which address cannot be served on, instead of a number of the operating system."""
    addresses = " or ".join(f"{listener.host}:{listener.port}" for listener in listeners)
    try:
        yield
    except socket.gaierror as error:
        raise ConfigError(f"{addresses} is not known as an address: {error.strerror}.", path="listeners") from error
    except OSError as error:
        if error.errno not in _CANNOT_BIND:
            raise
        raise ConfigError(f"{addresses} {_CANNOT_BIND[error.errno]}", path="listeners") from error


@contextmanager
def _one_error() -> Generator[None]:
    """Raises the only error of a group, as task groups wrap even a single one."""
    try:
        yield
    except BaseExceptionGroup as group:
        raise _only(group) from None


def _only(group: BaseExceptionGroup[BaseException]) -> BaseException:
    first, *others = group.exceptions
    if others:
        return group
    return _only(cast("BaseExceptionGroup[BaseException]", first)) if isinstance(first, BaseExceptionGroup) else first

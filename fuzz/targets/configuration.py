"""A configuration file.

Holds: it is a configuration, which says every value and its source, or a `ConfigError`.
"""

from __future__ import annotations

from pathlib import Path

from fuzz.target import Target
from surewire.config.load import load
from surewire.errors import ConfigError


class File(type(Path())):  # type: ignore[misc]
    """A file without a disk."""

    content = b""

    def read_text(self, encoding: str | None = None, errors: str | None = None) -> str:
        return self.content.decode(encoding or "utf-8")


def check(data: bytes) -> None:
    file = File("surewire.toml")
    file.content = data
    try:
        loaded = load(file)
    except ConfigError as error:
        assert str(error)
    else:
        assert all(value.name and value.source for value in loaded.effective())


TARGET = Target(
    check,
    seeds=(
        b'data_dir = "x"\n[[listeners]]\nhost = "::1"\nport = 0\nchannel = "ops"\n[[listeners]]\n[auth]\ntype = "open"\nallowed_origins = ["https://a.b"]\n',
        b"[limits]\nmax_connections = 50_000\nmessages_per_s = 1e3\ncompression = false\npermit_queue = 0\n",
        b"heartbeat.interval_s = 0\ndrain.timeout_s = inf\nevents.types = ['a', 'b']\nretention.messages_days = 0.5\n",
        b'[store]\ntype = "sqlite"\npath = "a.db"\n[telemetry]\nprofiles = []\nlog_level = "debug"\n',
        b"[store]\ntype = 'postgres'\n[nothing]\na = 2026-11-21T10:00:00Z\nb = 0x7fffffffffffffffffff\n",
        (
            b"[notify.slack]\ntype = 'slack'\nwebhook_url = 'https://a/b'\n"
            b"[notify.x-y]\ntype = 'pagerduty'\nrouting_key = 'a1b2a1b2a1b2a1b2a1b2a1b2a1b2a1b2'\n"
        ),
        (
            b"[notify.m]\ntype = 'email'\nhost = 'h'\nsender = 'a@b'\nrecipients = ['c@d']\n"
            b"[notify.w]\ntype = 'webhook'\nurl = 'http://[::1]:0/'\nsecret = 1\n"
        ),
        b"[notify]\nx = 1\n[notify.X]\n[notify.y]\n",
        b"a = [[[[[[[[[[[]]]]]]]]]]]\n[limits]\nburst = {a = {b = 1}}",
        b"a = " + b"[" * 2_000,
    ),
)

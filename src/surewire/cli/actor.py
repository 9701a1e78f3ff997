"""Who does what a command does, where nobody is named: the user of this machine."""

from __future__ import annotations

import getpass

from surewire.errors import ConfigError

__all__ = ["named_actor"]


def named_actor(actor: str | None) -> str:
    """The named one, else the user of this machine. Raises: ConfigError when that has no name, as in some containers."""
    if actor and actor.strip():
        return actor
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        raise ConfigError("the user of this machine has no name.", path="--actor", mend="Write --actor WHO.") from None

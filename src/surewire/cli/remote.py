"""What commands that talk to a server share: where it is, what to say when it is not there, and other people's text on a terminal."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from typing import Annotated, Final

from cyclopts import Parameter

from surewire.client.backoff import BackoffPolicy
from surewire.domain.principal import check_user_id
from surewire.errors import ClientError, ConfigError

__all__ = ["DEFAULT_URL", "SOMEBODY_WAITS", "Url", "check_user", "named_values", "printable", "reaching"]

DEFAULT_URL: Final = "http://127.0.0.1:8080"

SOMEBODY_WAITS: Final = BackoffPolicy(most_s=3.0)
"""A person looks at the terminal: it comes back soon after the server does."""

Url = Annotated[str, Parameter(name="--url", env_var="SUREWIRE_URL", help="The server.")]


@contextmanager
def reaching() -> Generator[None]:
    """Says what to do when the server cannot be reached. Raises: ConfigError when the address itself is wrong."""
    try:
        yield
    except ClientError as error:
        if error.path == "url":
            raise ConfigError(f"{error}.", path="--url") from None
        if error.code != "UNAVAILABLE" or error.details:
            raise
        raise ClientError(error.code, f"{error}. Start a server with `surewire serve`, or say where it is with --url.") from error


def check_user(name: str, option: str = "") -> None:
    """Nothing for a user id. Raises: ConfigError for what is none, named by its option or by itself."""
    try:
        check_user_id(name)
    except ClientError as error:
        raise ConfigError(f"{error}.", path=option or name) from None


def named_values(option: str, texts: list[str] | None, example: str = "env=prod") -> dict[str, str]:
    """What `--label env=prod --label team=core` says. Raises: ConfigError for text without an equals sign, or a name twice."""
    pairs: dict[str, str] = {}
    for text in texts or ():
        name, equals, value = text.partition("=")
        if not name or not equals:
            raise ConfigError(f"{text!r} is no NAME=VALUE.", path=option, mend=f"Write it like {option} {example}.")
        if name in pairs:
            raise ConfigError(f"{name} is given more than once.", path=option, mend="Give each name one time.")
        pairs[name] = value
    return pairs


def printable(text: str) -> str:
    """Text of others as one line that cannot steer the terminal."""
    return "".join(character if character.isprintable() else _STAND_INS.get(character, "\N{REPLACEMENT CHARACTER}") for character in text)


_STAND_INS: Final = {"\n": " ⏎ ", "\t": "    "}

"""The kinds of values that sections share: durations, sizes, hosts, names and secrets, each with its bounds and its words."""

from __future__ import annotations

from typing import Annotated, Any, Final

from msgspec import Meta

from surewire.domain.event import EventType

__all__ = [
    "SECONDS",
    "Address",
    "Count",
    "Duration",
    "FileName",
    "FilePath",
    "Host",
    "Origin",
    "Rate",
    "Size",
    "TargetName",
    "TypeName",
    "Url",
    "about",
    "hidden",
]

SECONDS: Final = {"unit": "seconds"}
_BYTES: Final = {"unit": "bytes"}
_PER_SECOND: Final = {"unit": "per second"}

Duration = Annotated[float, Meta(gt=0, le=366 * 86_400, extra=SECONDS)]
Size = Annotated[int, Meta(ge=1, le=10**9, extra=_BYTES)]
Count = Annotated[int, Meta(ge=1, le=10**9)]
Rate = Annotated[float, Meta(gt=0, le=10**9, extra=_PER_SECOND)]
# `$` alone would let a trailing newline pass.
Host = Annotated[
    str, Meta(min_length=1, max_length=253, pattern=r"^[A-Za-z0-9._:%-]+$(?!\n)", extra={"takes": "an address or a host name"})
]
Origin = Annotated[str, Meta(pattern=r"^https?://[A-Za-z0-9._:\[\]-]+$(?!\n)", extra={"takes": "an origin such as `https://app.example`"})]
FileName = Annotated[
    str,
    Meta(min_length=1, max_length=200, pattern=r"^[A-Za-z0-9_-][A-Za-z0-9._-]*$(?!\n)", extra={"takes": "a file name without a folder"}),
]
TypeName = Annotated[EventType, Meta(extra={"takes": "a name of a-z, 0-9 and _"})]
FilePath = Annotated[str, Meta(min_length=1, extra={"takes": "a path"})]
# No user and password: they would stand in logs and errors.
Url = Annotated[
    str,
    Meta(
        max_length=2_000,
        pattern=r"^https?://[A-Za-z0-9._:\[\]-]+(/[!-~]*)?$(?!\n)",
        extra={"takes": "an address such as `https://host/path`"},
    ),
]
Address = Annotated[
    str,
    Meta(max_length=254, pattern=r"^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9.-]+$(?!\n)", extra={"takes": "an e-mail address"}),
]
TargetName = Annotated[
    str, Meta(max_length=63, pattern=r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$(?!\n)", extra={"takes": "a name of a-z, 0-9 and single dashes"})
]


def about(description: str, **more: Any) -> Meta:
    """What a setting means, one sentence; `more` bounds it."""
    return Meta(description=description, **more)


def hidden(description: str, takes: str, **more: Any) -> Meta:
    """A value that is never shown."""
    return Meta(description=description, extra={"secret": True, "takes": takes}, **more)

"""`/`: what runs here, for a person with a browser."""

from __future__ import annotations

import base64
import hashlib
import re
from importlib import resources
from typing import Final

from surewire import __version__
from surewire.http.call import Call
from surewire.http.operation import Answered, Operation, serves
from surewire.http.reply import Reply

__all__ = ["ROUTES"]

_PAGE: Final = resources.files("surewire.http").joinpath("page.html").read_text("utf-8").replace("VERSION", __version__).encode()
_STYLES: Final = re.findall(rb"<style>(.*?)</style>", _PAGE, re.DOTALL)
_HASHES: Final = b" ".join(b"'sha256-%b'" % base64.b64encode(hashlib.sha256(style).digest()) for style in _STYLES)
_HEADERS: Final = (
    # Nothing but this style: no script, no picture, no form, no frame, nothing from anywhere else.
    (
        b"content-security-policy",
        b"default-src 'none'; style-src %b; base-uri 'none'; form-action 'none'; frame-ancestors 'none'" % _HASHES,
    ),
    (b"cache-control", b"no-cache"),
)


@serves(
    "GET",
    "/",
    Operation(
        summary="Read what runs here",
        tag="documents",
        answers={200: Answered("A page for people.", str, content_type="text/html")},
        takes_caller=False,
    ),
)
async def read_page(request: Call) -> Reply:
    return Reply(200, _PAGE, b"text/html; charset=utf-8", _HEADERS)


ROUTES: Final = (read_page,)

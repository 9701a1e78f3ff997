"""Annotations of a Grafana, by its HTTP API: https://grafana.com/docs/grafana/latest/developers/http_api/annotations/"""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any, Final, Protocol

import msgspec

from surewire.ports.annotator import Annotation

__all__ = ["GrafanaAnnotator", "HttpPost"]

_MILLIS_PER_SECOND: Final = 1_000
_MARK: Final = "surewire"


class HttpPost(Protocol):
    """What sends a request to somebody else's server."""

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> bytes:
        """The answer. Raises: NotifyError for everything else."""
        ...


class GrafanaAnnotator:
    """Draws on every dashboard of the organisation whose annotations ask for the tag `surewire`. It has no key against repetitions."""

    __slots__ = ("_headers", "_sender", "_url")

    def __init__(self, url: str, token: str, sender: HttpPost) -> None:
        self._url, self._sender = f"{url.rstrip('/')}/api/annotations", sender
        self._headers = {"content-type": "application/json", "accept": "application/json", "authorization": f"Bearer {token}"}

    async def draw(self, annotation: Annotation) -> None:
        await self._sender.post(self._url, msgspec.json.encode(_body(annotation)), self._headers)


def _body(annotation: Annotation) -> dict[str, Any]:
    # Grafana shows the text as HTML: what people wrote must stay text.
    text = escape(annotation.text, quote=False)
    body: dict[str, Any] = {"time": annotation.start_s * _MILLIS_PER_SECOND, "tags": [_MARK, annotation.kind], "text": text}
    return body if annotation.end_s is None else body | {"timeEnd": annotation.end_s * _MILLIS_PER_SECOND}

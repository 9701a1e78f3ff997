"""Any program, by a POST that it can prove came from here: https://www.standardwebhooks.com/

The signature is HMAC-SHA256 over `id.timestamp.body`. Receivers compare it in constant time, refuse a timestamp that is more than five
minutes off, and tell repetitions by the id, which an attempt shares with the one before.
"""

from __future__ import annotations

import hmac
from base64 import b64decode, b64encode
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, Final

import msgspec

from surewire.adapters.webhook.http_sender import JSON, HttpSender
from surewire.config.notify import Webhook
from surewire.ports.clock import Clock
from surewire.ports.notifier import Notification

__all__ = ["SignedNotifier", "sign"]

_MICROS: Final = 1_000_000


class SignedNotifier:
    """Posts the notification itself as JSON: `type` (`alert.firing`), `timestamp`, `data`."""

    __slots__ = ("_clock", "_sender", "_target", "name")

    def __init__(self, name: str, target: Webhook, sender: HttpSender, clock: Clock) -> None:
        self.name, self._target, self._sender, self._clock = name, target, sender, clock

    async def send(self, notification: Notification) -> None:
        body = msgspec.json.encode(_body(notification))
        stamp = str(self._clock.now_micros() // _MICROS)
        secrets = filter(None, (self._target.secret, self._target.previous_secret))
        headers = {
            **JSON,
            "webhook-id": notification.id,
            "webhook-timestamp": stamp,
            "webhook-signature": " ".join(sign(secret, notification.id, stamp, body) for secret in secrets),
        }
        await self._sender.post(self._target.url, body, headers)


def sign(secret: str, identifier: str, stamp: str, body: bytes) -> str:
    """`v1,` and the signature in base64. `secret` is `whsec_` and a key in base64."""
    key = b64decode(secret.removeprefix("whsec_"))
    mac = hmac.new(key, f"{identifier}.{stamp}.".encode() + body, sha256)
    return "v1," + b64encode(mac.digest()).decode()


def _body(notification: Notification) -> dict[str, Any]:
    at = datetime.fromtimestamp(notification.at_s, UTC).isoformat()
    return {"type": f"alert.{notification.status}", "timestamp": at, "data": notification}

"""Mail, by a server that takes it (RFC 5321)."""

from __future__ import annotations

import asyncio
import socket
import ssl
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime
from hashlib import sha256

import aiosmtplib

from surewire.config.notify import Email
from surewire.ports.notification_words import headline, text
from surewire.ports.notifier import Notification, NotifyError
from surewire.ports.outbound import OutboundGuard, OutboundRefusedError

__all__ = ["EmailNotifier"]

_GOODBYE_S = 1.0


class EmailNotifier:
    """One mail for each notification, those of one trouble in one thread. A repetition has the same `Message-ID`.

    The server's name is looked up once for each mail and the connection made to that address; the certificate must be of the name.
    """

    __slots__ = ("_guard", "_reached_by", "_target", "_tls", "name")

    def __init__(self, name: str, target: Email, guard: OutboundGuard, tls: ssl.SSLContext | None = None) -> None:
        self.name, self._target, self._guard, self._tls = name, target, guard, tls
        # Who already has the mail of a notification of which a server refused others for now.
        self._reached_by: tuple[str, frozenset[str]] = ("", frozenset())

    async def send(self, notification: Notification) -> None:
        try:
            async with asyncio.timeout(self._target.timeout_s):
                await self._deliver(notification)
        except TimeoutError:
            raise NotifyError(f"no answer within {self._target.timeout_s:g} s", is_temporary=True) from None
        except OutboundRefusedError as error:
            raise NotifyError(f"{error}; set allow_private = true if that is meant", is_temporary=False) from error
        except aiosmtplib.SMTPResponseException as error:
            raise NotifyError(f"SMTP {error.code}: {error.message}", is_temporary=_is_temporary(error.code)) from error
        except (OSError, aiosmtplib.SMTPException) as error:
            raise NotifyError(f"not reached: {str(error) or type(error).__name__}", is_temporary=True) from error

    async def _deliver(self, notification: Notification) -> None:
        known, have = self._reached_by
        left = [one for one in self._target.recipients if known != notification.id or one not in have]
        refused = await self._submit(_mail(self._target, notification), left) if left else {}
        self._reached_by = notification.id, frozenset(set(self._target.recipients) - refused.keys())
        if refused:
            codes = "; ".join(f"{recipient}: SMTP {code} {words}" for recipient, (code, words) in refused.items())
            raise NotifyError(codes, is_temporary=any(_is_temporary(code) for code, _ in refused.values()))

    async def _submit(self, mail: EmailMessage, recipients: list[str]) -> dict[str, tuple[int, str]]:
        """Recipients that the server did not take, by its code and words."""
        server = self._session(await self._connected())
        try:
            await server.connect()
            errors, _ = await server.send_message(mail, recipients=recipients)
            await _part(server)
        except aiosmtplib.SMTPRecipientsRefused as error:
            return {one.recipient: (one.code, one.message) for one in error.recipients}
        finally:
            server.close()
        return {recipient: (answer.code, answer.message) for recipient, answer in errors.items()}

    def _session(self, connection: socket.socket) -> aiosmtplib.SMTP:
        return aiosmtplib.SMTP(
            hostname=self._target.host,
            sock=connection,
            # Its own default is a look-up of this machine's name.
            local_hostname=socket.gethostname(),
            use_tls=self._target.security == "tls",
            start_tls=self._target.security == "starttls",
            username=self._target.user or None,
            password=self._target.password or None,
            tls_context=self._tls or ssl.create_default_context(),
            timeout=self._target.timeout_s,
        )

    async def _connected(self) -> socket.socket:
        host, port = self._target.host, self._target.port
        *others, last = await self._guard.addresses(host, port, allow_private=self._target.allow_private)
        # An address that swallows everything must leave time for the next one.
        within_s = self._target.timeout_s / (len(others) + 1)
        for address in others:
            try:
                async with asyncio.timeout(within_s):
                    return await _connection(address, port)
            except OSError:
                continue
        return await _connection(last, port)


async def _part(server: aiosmtplib.SMTP) -> None:
    """A goodbye, as RFC 5321 §4.1.1.10 asks for. The mail is taken, whatever becomes of it."""
    try:
        await server.quit(timeout=_GOODBYE_S)
    except aiosmtplib.SMTPException:
        pass


async def _connection(address: str, port: int) -> socket.socket:
    connection = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET)
    connection.setblocking(False)
    try:
        await asyncio.get_running_loop().sock_connect(connection, (address, port))
    except BaseException:
        connection.close()
        raise
    return connection


def _is_temporary(code: int) -> bool:
    """Whether the same mail may be taken later: anything but a reply of 5xx (RFC 5321 §4.2.1)."""
    return code < 500


def _mail(target: Email, notification: Notification) -> EmailMessage:
    mail = EmailMessage()
    mail["Subject"] = " ".join(headline(notification).split())
    mail["From"], mail["To"] = target.sender, ", ".join(target.recipients)
    mail["Date"] = format_datetime(datetime.fromtimestamp(notification.at_s, UTC))
    mail["Message-ID"] = _message_id("notification", f"{target.sender} {notification.id}")
    mail["References"] = mail["In-Reply-To"] = _message_id("trouble", notification.dedup_key)
    # No robot shall answer: RFC 3834 §5.
    mail["Auto-Submitted"] = "auto-generated"
    if notification.severity == "SEV-1":
        mail["Importance"] = "high"
    mail.set_content(text(notification))
    return mail


def _message_id(kind: str, key: str) -> str:
    return f"<{kind}.{sha256(key.encode()).hexdigest()[:32]}@surewire.invalid>"

"""A real SMTP server on loopback (aiosmtpd) that takes mail, or does not, as a test has written."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any, cast

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

__all__ = ["MailServer", "mail_server"]


class MailServer:
    """Keeps what it takes. `refuses`: answers to recipients, one after the other; `greets`: whether it says anything at all."""

    def __init__(self, *, user: str = "", password: str = "") -> None:
        self.port = 0
        self.refuses: dict[str, list[str]] = {}
        self.refuses_data: list[str] = []
        self.stalls = False
        self.arrived = asyncio.Event()
        self.done = asyncio.Event()
        self.taken: list[tuple[EmailMessage, list[str]]] = []
        self.was_encrypted: list[bool] = []
        self._login = LoginPassword(user.encode(), password.encode())

    async def handle_MAIL(self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]) -> str:  # noqa: N802
        self.arrived.set()
        if self.stalls:
            await asyncio.Event().wait()
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]) -> str:  # noqa: N802
        if answers := self.refuses.get(address):
            return answers.pop(0)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        if self.refuses_data:
            return self.refuses_data.pop(0)
        message = cast("EmailMessage", message_from_bytes(cast("bytes", envelope.content), policy=policy.default))
        self.taken.append((message, list(envelope.rcpt_tos)))
        self.was_encrypted.append(session.ssl is not None)
        self.done.set()
        return "250 OK"

    def check(self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, given: Any) -> AuthResult:
        return AuthResult(success=given == self._login, handled=False)


@asynccontextmanager
async def mail_server(
    *, starttls: ssl.SSLContext | None = None, tls: ssl.SSLContext | None = None, user: str = "", password: str = ""
) -> AsyncGenerator[MailServer]:
    handler = MailServer(user=user, password=password)

    def connection() -> SMTP:
        return SMTP(
            handler,
            hostname="mail.invalid",
            tls_context=starttls,
            require_starttls=starttls is not None,
            authenticator=handler.check if user else None,
            auth_required=bool(user),
            auth_require_tls=starttls is not None,
        )

    server = await asyncio.get_running_loop().create_server(connection, "127.0.0.1", 0, ssl=tls)
    handler.port = server.sockets[0].getsockname()[1]
    async with server:
        yield handler

"""Mail, against a real SMTP server."""

from __future__ import annotations

import asyncio
import socket
import ssl
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from surewire.adapters.smtp.email import EmailNotifier
from surewire.adapters.system.outbound import SystemOutboundGuard
from surewire.config.notify import Email
from surewire.ports.notifier import NotifyError
from tests.fakes.mail_server import MailServer, mail_server
from tests.fakes.notifications import notification


def mailer(server: MailServer, tls: ssl.SSLContext | None = None, host: str = "127.0.0.1", **changes: Any) -> EmailNotifier:
    fields: dict[str, Any] = {
        "host": host,
        "port": server.port,
        "sender": "surewire@example.com",
        "recipients": ("ops@example.com", "cto@example.com"),
        "security": "none",
        "allow_private": True,
    }

    async def look_up(host: str, port: int) -> Sequence[str]:
        return ["127.0.0.1"]

    return EmailNotifier("leadership", Email(**(fields | changes)), SystemOutboundGuard(look_up), tls)


async def test_a_mail_says_what_is_wrong_and_is_no_invitation_to_robots() -> None:
    async with mail_server() as server:
        await mailer(server).send(notification())
    ((mail, recipients),) = server.taken
    assert recipients == ["ops@example.com", "cto@example.com"]
    assert mail["Subject"] == "[SEV-1] Firing: MessageLoss"
    assert (mail["From"], mail["To"]) == ("surewire@example.com", "ops@example.com, cto@example.com")
    assert (mail["Auto-Submitted"], mail["Importance"]) == ("auto-generated", "high")
    assert mail["Date"] == "Fri, 21 Nov 2025 14:00:00 +0000"
    words = mail.get_content()
    assert "A message that was acknowledged is not in the store." in words
    assert "Runbook: https://docs.example/runbooks/RB-001" in words


async def test_mails_of_one_trouble_are_a_thread_and_a_repetition_after_a_restart_is_the_same_mail() -> None:
    async with mail_server() as server:
        for one in (notification("n1"), notification("n1"), notification("n2", status="resolved"), notification("n3", dedup_key="other")):
            await mailer(server).send(one)
    first, again, second, other = (mail for mail, _ in server.taken)
    assert first["Message-ID"] == again["Message-ID"] != second["Message-ID"]
    assert first["References"] == second["References"] != other["References"]


async def test_a_mail_that_everybody_has_is_not_sent_again() -> None:
    async with mail_server() as server:
        told = mailer(server)
        await told.send(notification("n1"))
        await told.send(notification("n1"))
        await told.send(notification("n2"))
    assert len(server.taken) == 2


async def test_a_line_break_in_a_name_makes_no_header() -> None:
    async with mail_server() as server:
        await mailer(server).send(notification(escalation="x\r\nBcc: evil@example.com"))
    ((mail, recipients),) = server.taken
    assert mail["Bcc"] is None
    assert len(recipients) == 2


@pytest.mark.parametrize(("answer", "is_temporary"), [("451 try later", True), ("550 no such user", False)])
async def test_a_refusal_of_the_mail_says_whether_to_try_again(answer: str, is_temporary: bool) -> None:
    async with mail_server() as server:
        server.refuses_data = [answer]
        with pytest.raises(NotifyError, match=f"SMTP {answer[:3]}: {answer[4:]}") as raised:
            await mailer(server).send(notification())
    assert raised.value.is_temporary is is_temporary


async def test_who_has_the_mail_does_not_get_it_again_when_others_were_refused_for_now() -> None:
    async with mail_server() as server:
        server.refuses = {"cto@example.com": ["450 greylisted"]}
        told = mailer(server)
        with pytest.raises(NotifyError, match=r"cto@example\.com: SMTP 450 greylisted") as raised:
            await told.send(notification())
        assert raised.value.is_temporary
        await told.send(notification())
    assert [recipients for _, recipients in server.taken] == [["ops@example.com"], ["cto@example.com"]]


async def test_a_recipient_that_there_is_not_is_said_though_others_have_the_mail() -> None:
    async with mail_server() as server:
        server.refuses = {"cto@example.com": ["550 unknown"]}
        with pytest.raises(NotifyError, match="550 unknown") as raised:
            await mailer(server).send(notification())
    assert not raised.value.is_temporary
    assert len(server.taken) == 1


async def test_nobody_taking_it_is_said() -> None:
    async with mail_server() as server:
        server.refuses = {"cto@example.com": ["550 unknown"], "ops@example.com": ["450 later"]}
        with pytest.raises(NotifyError, match="450 later") as raised:
            await mailer(server).send(notification())
    assert raised.value.is_temporary


async def test_a_server_that_stalls_is_left() -> None:
    async with mail_server() as server:
        server.stalls = True
        with pytest.raises(NotifyError, match=r"no answer within 0\.1 s|not reached") as raised:
            await mailer(server, timeout_s=0.1).send(notification())
    assert raised.value.is_temporary


async def test_a_server_that_is_not_there_may_come_back() -> None:
    async with mail_server() as server:
        pass
    with pytest.raises(NotifyError, match="not reached") as raised:
        await mailer(server).send(notification())
    assert raised.value.is_temporary


async def test_a_server_that_is_no_mail_server_is_left() -> None:
    listener = socket.create_server(("127.0.0.1", 0))
    server = MailServer()
    server.port = listener.getsockname()[1]
    with listener, pytest.raises(NotifyError) as raised:
        await mailer(server, timeout_s=0.1).send(notification())
    assert raised.value.is_temporary


async def test_a_mail_server_in_the_own_network_is_refused_for_good_with_the_mend() -> None:
    async with mail_server() as server:
        with pytest.raises(NotifyError, match="set allow_private = true") as raised:
            await mailer(server, allow_private=False).send(notification())
    assert not raised.value.is_temporary
    assert not server.arrived.is_set()


async def test_a_sending_that_is_cancelled_leaves_nothing_open() -> None:
    async with mail_server() as server:
        server.stalls = True
        sending = asyncio.create_task(mailer(server).send(notification()))
        await server.arrived.wait()
        sending.cancel()
        with pytest.raises(asyncio.CancelledError):
            await sending


# ---- encryption and users


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tls")
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]
    names = ["-subj", "/CN=mail.invalid", "-addext", "subjectAltName=DNS:mail.invalid"]
    subprocess.run(
        [*command, *names, "-keyout", folder / "key.pem", "-out", folder / "cert.pem"], check=True, capture_output=True, timeout=30
    )
    return folder


@pytest.fixture
def server_tls(certificate: Path) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate / "cert.pem", certificate / "key.pem")
    return context


@pytest.fixture
def trusted(certificate: Path) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=certificate / "cert.pem")


@pytest.mark.parametrize("security", ["starttls", "tls"])
async def test_mail_is_encrypted_and_the_certificate_must_be_of_the_name(
    server_tls: ssl.SSLContext, trusted: ssl.SSLContext, security: str
) -> None:
    kind = {security: server_tls}
    async with mail_server(**kind) as server:
        with pytest.raises(NotifyError):
            await mailer(server, trusted, host="other.invalid", security=security).send(notification())
        await mailer(server, trusted, host="mail.invalid", security=security).send(notification())
    assert len(server.taken) == 1
    assert security == "tls" or server.was_encrypted == [True]


async def test_mail_does_not_go_in_the_clear_where_encryption_is_asked_for(trusted: ssl.SSLContext) -> None:
    async with mail_server() as server:
        with pytest.raises(NotifyError):
            await mailer(server, trusted, security="starttls").send(notification())
    assert server.taken == []


async def test_a_user_shows_a_password(server_tls: ssl.SSLContext, trusted: ssl.SSLContext) -> None:
    async with mail_server(starttls=server_tls, user="me", password="right") as server:
        with pytest.raises(NotifyError, match="SMTP 535") as raised:
            await mailer(server, trusted, host="mail.invalid", security="starttls", user="me", password="wrong").send(notification())
        assert not raised.value.is_temporary
        await mailer(server, trusted, host="mail.invalid", security="starttls", user="me", password="right").send(notification())
    assert len(server.taken) == 1

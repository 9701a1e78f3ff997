"""PagerDuty, Slack, Jira and signed webhooks, against a real HTTP server."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import ssl
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from surewire.adapters.system.outbound import SystemOutboundGuard
from surewire.adapters.webhook.notifiers import http_notifier
from surewire.adapters.webhook.signed import sign
from surewire.config.notify import Jira, PagerDuty, Slack, Webhook
from surewire.ports.notifier import Notifier, NotifyError
from tests.fakes.clock import SettableClock
from tests.fakes.http_receiver import Answer, HttpReceiver, http_receiver
from tests.fakes.notifications import AT_S, alert, notification

KEY = "a1b2" * 8
SIGNING = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
CLOCK = SettableClock(AT_S * 1_000_000)


def notifier(target: PagerDuty | Slack | Jira | Webhook, guard: SystemOutboundGuard | None = None) -> Notifier:
    return http_notifier("pager", target, guard or SystemOutboundGuard(), CLOCK)


def pager(receiver: HttpReceiver, **changes: Any) -> Notifier:
    return notifier(PagerDuty(**({"routing_key": KEY, "url": f"{receiver.url}/v2/enqueue", "allow_private": True} | changes)))


def jira(receiver: HttpReceiver, **changes: Any) -> Notifier:
    fields = {"url": f"{receiver.url}/", "project": "OPS", "api_token": "t0ken", "user": "me@example.com", "allow_private": True}
    return notifier(Jira(**(fields | changes)))


# ---- PagerDuty


async def test_pagerduty_is_told_in_its_own_words() -> None:
    async with http_receiver(Answer(202)) as receiver:
        await pager(receiver).send(notification())
    (request,) = receiver.all()
    assert (request.method, request.path, request.headers["content-type"]) == ("POST", "/v2/enqueue", "application/json")
    event = request.json
    assert (event["routing_key"], event["event_action"], event["dedup_key"], event["client"]) == (KEY, "trigger", "MessageLoss", "surewire")
    payload = event["payload"]
    assert payload["summary"].startswith("[SEV-1] Firing: MessageLoss. A message that was acknowledged")
    assert (payload["severity"], payload["source"], payload["timestamp"]) == ("critical", "surewire", "2025-11-21T14:00:00+00:00")
    assert (payload["class"], payload["group"], payload["component"]) == ("MessageLoss", "durability", "surewire")
    assert payload["custom_details"]["MessageLoss"]["detail"] == "1 message in 15 s."
    assert event["links"] == [{"href": "https://docs.example/runbooks/RB-001", "text": "Runbook of MessageLoss"}]


@pytest.mark.parametrize(("status", "action"), [("acknowledged", "acknowledge"), ("resolved", "resolve")])
async def test_pagerduty_acknowledges_and_resolves_by_the_same_key(status: str, action: str) -> None:
    async with http_receiver(Answer(202)) as receiver:
        await pager(receiver).send(notification(status=status))
    (request,) = receiver.all()
    assert request.json == {"routing_key": KEY, "event_action": action, "dedup_key": "MessageLoss"}


async def test_pagerduty_gets_no_more_than_it_takes() -> None:
    many = tuple(alert(f"Alert{number}", summary="x" * 2_000) for number in range(300))
    async with http_receiver(Answer(202), Answer(202)) as receiver:
        await pager(receiver).send(notification(alerts=many, dedup_key="k" * 300))
        await pager(receiver).send(notification(dedup_key="k" * 300, status="resolved"))
    first, second = (request.json for request in receiver.all())
    assert len(first["dedup_key"]) <= 255
    assert first["dedup_key"] == second["dedup_key"]
    assert len(first["payload"]["summary"]) == 1_024
    assert len(str(first)) < 512 * 1_024


@pytest.mark.parametrize(("severity", "word"), [("SEV-1", "critical"), ("SEV-2", "error"), ("SEV-3", "warning"), ("SEV-4", "info")])
async def test_every_severity_has_one_of_pagerduty(severity: str, word: str) -> None:
    async with http_receiver(Answer(202)) as receiver:
        await pager(receiver).send(notification(severity=severity))
    assert receiver.all()[0].json["payload"]["severity"] == word


# ---- Slack


def slack(receiver: HttpReceiver) -> Notifier:
    return notifier(Slack(webhook_url=f"{receiver.url}/services/T/B/x", allow_private=True))


async def test_slack_gets_blocks_and_a_text_for_the_lock_screen() -> None:
    async with http_receiver(Answer(200, b"ok")) as receiver:
        await slack(receiver).send(notification(escalation="backup on-call"))
    message = receiver.all()[0].json
    assert message["text"] == "🔥 [SEV-1] Firing: MessageLoss, escalated to backup on-call"
    assert [block["type"] for block in message["blocks"]] == ["header", "section", "context"]
    assert "<https://docs.example/runbooks/RB-001|Runbook>" in message["blocks"][1]["text"]["text"]


async def test_nothing_that_an_alert_says_is_markup_for_slack() -> None:
    hostile = alert(summary="<!channel> & <https://evil.example|click>", runbook_url="javascript:alert(1)")
    async with http_receiver() as receiver:
        await slack(receiver).send(notification(alerts=(hostile,)))
    words = receiver.all()[0].json["blocks"][1]["text"]["text"]
    assert "&lt;!channel&gt; &amp; &lt;https://evil.example|click&gt;" in words
    assert "javascript" not in words


async def test_slack_gets_no_more_than_it_takes() -> None:
    many = tuple(alert(f"Alert{number}", detail="<" * 5_000) for number in range(100))
    async with http_receiver() as receiver:
        await slack(receiver).send(notification(alerts=many, escalation="x" * 500))
    blocks = receiver.all()[0].json["blocks"]
    assert len(blocks) <= 50
    assert len(blocks[0]["text"]["text"]) <= 150
    assert max(len(block["text"]["text"]) for block in blocks[1:-1]) <= 3_000
    assert blocks[-2]["text"]["text"] == "And 80 more."


async def test_the_address_of_slack_is_in_no_error() -> None:
    async with http_receiver(Answer(404, b"no_service")) as receiver:
        with pytest.raises(NotifyError) as raised:
            await slack(receiver).send(notification())
    assert str(raised.value) == "HTTP 404: no_service"
    with pytest.raises(NotifyError) as raised:
        await slack(receiver).send(notification())
    assert "T/B/x" not in str(raised.value)


# ---- Jira


async def test_the_first_notification_of_a_trouble_opens_a_ticket() -> None:
    async with http_receiver(Answer(200, b'{"issues": []}'), Answer(201, b'{"key": "OPS-7"}')) as receiver:
        await jira(receiver).send(notification())
    search, create = receiver.all()
    assert search.path == "/rest/api/2/search/jql"
    assert search.headers["authorization"] == "Basic " + base64.b64encode(b"me@example.com:t0ken").decode()
    label = create.json["fields"]["labels"][1]
    assert f'project = "OPS" AND labels = "{label}" AND statusCategory != Done' in search.json["jql"]
    assert create.path == "/rest/api/2/issue"
    fields = create.json["fields"]
    assert (fields["project"], fields["issuetype"]) == ({"key": "OPS"}, {"name": "Task"})
    assert fields["summary"] == "[SEV-1] Firing: MessageLoss"
    assert "Runbook: https://docs.example/runbooks/RB-001" in fields["description"]


@pytest.mark.parametrize("status", ["firing", "acknowledged", "resolved"])
async def test_what_follows_is_a_comment_on_the_open_ticket(status: str) -> None:
    async with http_receiver(Answer(200, b'{"issues": [{"key": "OPS-7"}]}'), Answer(201)) as receiver:
        await jira(receiver).send(notification(status=status))
    _, comment = receiver.all()
    assert comment.path == "/rest/api/2/issue/OPS-7/comment"
    assert status.capitalize() in comment.json["body"]


async def test_what_is_over_opens_no_ticket() -> None:
    async with http_receiver(Answer(200, b'{"issues": []}')) as receiver:
        await jira(receiver).send(notification(status="resolved"))
    assert len(receiver.all()) == 1


async def test_a_jira_of_ones_own_has_another_search_and_a_token_alone() -> None:
    async with http_receiver(Answer(200, b'{"issues": []}'), Answer(201)) as receiver:
        await jira(receiver, edition="server", user="").send(notification())
    search, _ = receiver.all()
    assert (search.path, search.headers["authorization"]) == ("/rest/api/2/search", "Bearer t0ken")


async def test_an_answer_that_is_not_of_jira_is_said() -> None:
    async with http_receiver(Answer(200, b"<html>")) as receiver:
        with pytest.raises(NotifyError, match="this is no Jira") as raised:
            await jira(receiver).send(notification())
    assert not raised.value.is_temporary


# ---- signed webhooks


def test_a_signature_is_that_of_standard_webhooks() -> None:
    # The test vector that the libraries of Standard Webhooks share.
    signature = sign(SIGNING, "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", b'{"test": 2432232314}')
    assert signature == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


async def test_a_receiver_can_check_who_sent_it() -> None:
    old = "whsec_" + base64.b64encode(b"o" * 32).decode()
    async with http_receiver() as receiver:
        target = Webhook(url=f"{receiver.url}/hook", secret=SIGNING, previous_secret=old, allow_private=True)
        await notifier(target).send(notification())
    (request,) = receiver.all()
    assert request.headers["webhook-timestamp"] == str(AT_S)
    assert request.json["type"] == "alert.firing"
    assert request.json["data"]["dedup_key"] == "MessageLoss"
    for secret, signature in zip((SIGNING, old), request.headers["webhook-signature"].split(), strict=True):
        signed = f"{request.headers['webhook-id']}.{request.headers['webhook-timestamp']}.".encode() + request.body
        mac = hmac.new(base64.b64decode(secret[6:]), signed, hashlib.sha256)
        assert signature == "v1," + base64.b64encode(mac.digest()).decode()


# ---- what receivers answer, and what they do not


@pytest.mark.parametrize(
    ("answer", "is_temporary", "retry_after_s"),
    [
        (Answer(400, b"bad"), False, None),
        (Answer(401), False, None),
        (Answer(410), False, None),
        (Answer(408), True, None),
        (Answer(429, headers={"retry-after": "17"}), True, 17),
        (Answer(429, headers={"retry-after": "99999999"}), True, 86_400),
        (Answer(429, headers={"retry-after": "soon"}), True, None),
        (
            Answer(503, headers={"date": "Fri, 21 Nov 2025 14:00:00 GMT", "retry-after": "Fri, 21 Nov 2025 14:00:42 GMT"}),
            True,
            42,
        ),
        (Answer(503, headers={"retry-after": "Fri, 21 Nov 2025 14:00:42 GMT"}), True, None),
        (Answer(500), True, None),
        (Answer(cuts=True), True, None),
    ],
)
async def test_a_refusal_says_whether_and_when_to_try_again(answer: Answer, is_temporary: bool, retry_after_s: float | None) -> None:
    async with http_receiver(answer) as receiver:
        with pytest.raises(NotifyError) as raised:
            await pager(receiver).send(notification())
    assert (raised.value.is_temporary, raised.value.retry_after_s) == (is_temporary, retry_after_s)


async def test_a_receiver_that_says_nothing_is_left() -> None:
    async with http_receiver(Answer(stalls=True)) as receiver:
        with pytest.raises(NotifyError, match=r"no answer within 0\.05 s") as raised:
            await pager(receiver, timeout_s=0.05).send(notification())
    assert raised.value.is_temporary


async def test_an_answer_without_end_is_not_read_to_its_end() -> None:
    async with http_receiver(Answer(400, b"x" * 1_000_000)) as receiver:
        with pytest.raises(NotifyError) as raised:
            await pager(receiver).send(notification())
    assert len(str(raised.value)) < 300


async def test_nobody_listening_is_temporary() -> None:
    async with http_receiver() as receiver:
        pass
    with pytest.raises(NotifyError, match="not reached") as raised:
        await pager(receiver).send(notification())
    assert raised.value.is_temporary


async def test_a_redirection_is_not_followed() -> None:
    async with http_receiver() as inner, http_receiver(Answer(307, headers={"location": f"{inner.url}/admin"})) as receiver:
        with pytest.raises(NotifyError, match="HTTP 307: redirects are not followed") as raised:
            await pager(receiver).send(notification())
        assert inner.all() == []
    assert not raised.value.is_temporary


async def test_no_proxy_of_the_environment_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    async with http_receiver() as proxy, http_receiver(Answer(202)) as receiver:
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        monkeypatch.setenv("ALL_PROXY", proxy.url)
        await pager(receiver).send(notification())
        assert (len(receiver.all()), proxy.all()) == (1, [])


# ---- where a name leads


class Names:
    """Names with the addresses that each look-up gives, one after the other."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        self.asked.append(host)
        return self.answers.pop(0)


async def test_a_target_in_the_own_network_is_refused_for_good_with_the_mend() -> None:
    async with http_receiver() as receiver:
        with pytest.raises(NotifyError, match=r"which is of this machine; set allow_private = true if that is meant") as raised:
            await pager(receiver, allow_private=False).send(notification())
        assert receiver.all() == []
    assert not raised.value.is_temporary


async def test_the_connection_goes_to_the_address_that_was_judged_and_the_name_is_not_looked_up_again() -> None:
    names = Names(["127.0.0.1"])
    async with http_receiver(Answer(202)) as receiver:
        target = PagerDuty(routing_key=KEY, url=f"http://receiver.invalid:{receiver.port}/x", allow_private=True)
        await notifier(target, SystemOutboundGuard(names)).send(notification())
    assert names.asked == ["receiver.invalid"]
    assert receiver.all()[0].headers["host"] == f"receiver.invalid:{receiver.port}"


async def test_the_next_address_is_tried_when_the_first_has_no_listener() -> None:
    names = Names(["::1", "127.0.0.1"])
    async with http_receiver(Answer(202)) as receiver:
        target = PagerDuty(routing_key=KEY, url=f"http://receiver.invalid:{receiver.port}/x", allow_private=True)
        await notifier(target, SystemOutboundGuard(names)).send(notification())
        assert len(receiver.all()) == 1


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tls")
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]
    names = ["-subj", "/CN=receiver.invalid", "-addext", "subjectAltName=DNS:receiver.invalid"]
    subprocess.run(
        [*command, *names, "-keyout", folder / "key.pem", "-out", folder / "cert.pem"], check=True, capture_output=True, timeout=30
    )
    return folder


@pytest.mark.parametrize(("host", "is_taken"), [("receiver.invalid", True), ("other.invalid", False)])
async def test_the_certificate_must_be_of_the_name_though_the_connection_goes_to_an_address(
    certificate: Path, host: str, is_taken: bool
) -> None:
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    server.load_cert_chain(certificate / "cert.pem", certificate / "key.pem")
    async with http_receiver(Answer(202), tls=server) as receiver:
        target = PagerDuty(routing_key=KEY, url=f"https://{host}:{receiver.port}/x", allow_private=True)
        trusted = ssl.create_default_context(cafile=certificate / "cert.pem")
        told = http_notifier("pager", target, SystemOutboundGuard(Names(["127.0.0.1"])), CLOCK, trusted)
        if is_taken:
            await told.send(notification())
        else:
            with pytest.raises(NotifyError, match="certificate"):
                await told.send(notification())
        assert len(receiver.all()) == is_taken


async def test_a_sending_that_is_cancelled_leaves_nothing_open() -> None:
    async with http_receiver(Answer(stalls=True)) as receiver:
        sending = asyncio.create_task(pager(receiver).send(notification()))
        await receiver.received.get()
        sending.cancel()
        with pytest.raises(asyncio.CancelledError):
            await sending

"""`[notify.NAME]`: tables that operators name, each as its type has it."""

from __future__ import annotations

from pathlib import Path

import jsonschema
import pytest

from surewire.config.load import load
from surewire.config.notify import Email, Jira, PagerDuty, Slack, Webhook
from surewire.config.reference import json_schema
from surewire.errors import ConfigError

KEY = "a1b2" * 8
SIGNING = "whsec_" + "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
EVERY_KIND = f"""
[notify.pagerduty-high]
type = "pagerduty"
routing_key = "{KEY}"
[notify.slack]
type = "slack"
webhook_url = "https://hooks.slack.com/services/T/B/secret"
[notify.jira]
type = "jira"
url = "https://example.atlassian.net"
project = "OPS"
api_token = "token"
[notify.leadership]
type = "email"
host = "mail.example"
sender = "surewire@example.com"
recipients = ["cto@example.com", "coo@example.com"]
password = "hunter2"
[notify.hook]
type = "webhook"
url = "https://example.com/alerts"
secret = "{SIGNING}"
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "surewire.toml"
    path.write_text(EVERY_KIND)
    return path


def test_every_kind_of_target_is_read(file: Path) -> None:
    targets = load(file).config.notify
    assert [type(target) for target in targets.values()] == [PagerDuty, Slack, Jira, Email, Webhook]
    assert targets["leadership"].timeout_s == 20
    assert not any(target.allow_private for target in targets.values())


def test_no_secret_is_shown(file: Path) -> None:
    loaded = load(file)
    shown = {one.name: one.value for one in loaded.effective()}
    assert shown["notify.pagerduty-high.routing_key"] == shown["notify.leadership.password"] == shown["notify.hook.secret"] == "***"
    assert shown["notify.slack.type"] == "slack"
    assert shown["notify.hook.previous_secret"] is None
    for secret in (KEY, "hunter2", SIGNING, "B/secret", "token"):
        assert secret not in repr(shown.values())
        assert secret not in repr(loaded.config)


def test_a_secret_may_come_from_the_environment(file: Path) -> None:
    environment = {"SUREWIRE_NOTIFY__PAGERDUTY_HIGH__ROUTING_KEY": "f" * 32, "SUREWIRE_NOTIFY__PAGERDUTY_HIGH__TIMEOUT_S": "3"}
    loaded = load(file, environment)
    assert loaded.config.notify["pagerduty-high"] == PagerDuty(routing_key="f" * 32, timeout_s=3.0)
    sources = {one.name: one.source for one in loaded.effective()}
    assert sources["notify.pagerduty-high.timeout_s"] == "SUREWIRE_NOTIFY__PAGERDUTY_HIGH__TIMEOUT_S"
    assert sources["notify.pagerduty-high.type"] == str(file)


def test_a_target_may_come_from_the_environment_alone() -> None:
    given = {
        "TYPE": "email",
        "HOST": "localhost",
        "SENDER": "a@b.example",
        "RECIPIENTS": "c@d.example, e@f.example",
        "ALLOW_PRIVATE": "true",
    }
    (target,) = load(environment={f"SUREWIRE_NOTIFY__MAIL__{name}": value for name, value in given.items()}).config.notify.values()
    assert isinstance(target, Email)
    assert target.recipients == ("c@d.example", "e@f.example")
    assert target.allow_private


@pytest.mark.parametrize(
    ("toml", "sentence"),
    [
        ("[notify.x]", "notify.x: it has no type. Set type to `pagerduty` or `slack` or `jira` or `email` or `webhook`."),
        ("[notify.x]\nwebhook_url = 'https://a/b'", "notify.x: it has no type. Set type to `pagerduty` or"),
        ("[notify.x]\ntype = 'sms'", "notify.x.type: this version has no 'sms', asked for in {file}. It takes `pagerduty` or `slack` or"),
        ("[notify.x]\ntype = 1", "notify.x.type: this version has no 1, asked for in {file}."),
        ("[notify.x]\ntype = 'slack'", "notify.x.webhook_url: a target of type slack needs it. It takes an address such as"),
        (
            "[notify.x]\ntype = 'slack'\nrouting_key = 'x'",
            "notify.x.routing_key: {file} sets it, but a target of type slack has no such setting.",
        ),
        (
            "[notify.x]\ntype = 'slack'\nwebhok_url = 'x'",
            "notify.x.webhok_url: {file} sets it, but there is no such setting. Did you mean notify.x.webhook_url?",
        ),
        (
            "[notify.x]\ntype = 'webhook'\nwebhook_url = 'x'",
            "notify.x.webhook_url: {file} sets it, but a target of type webhook has no such setting.",
        ),
        (
            f"[notify.x]\ntype = 'pagerduty'\nrouting_key = '{KEY}!'",
            "notify.x.routing_key: the value in {file} does not fit. It takes 32 letters and digits.",
        ),
        (
            "[notify.x]\ntype = 'webhook'\nurl = 'https://user:pass@host/'\nsecret = ''",
            "notify.x.url: 'https://user:pass@host/' in {file} does not fit. It takes an address such as `https://host/path`.",
        ),
        ("[notify.Pager]\ntype = 'slack'", "notify.Pager: {file} names a table so. It takes a name of a-z, 0-9 and single dashes."),
        ("notify = 1", "notify: {file} gives a value, but this is a section. Write [notify.NAME] and settings below it."),
        ("notify.x = 1", "notify.x: {file} gives a value, but this is a section. Write [notify.x] and settings below it."),
    ],
)
def test_a_mistake_is_named_with_its_mend(tmp_path: Path, toml: str, sentence: str) -> None:
    file = tmp_path / "surewire.toml"
    file.write_text(toml)
    with pytest.raises(ConfigError) as raised:
        load(file)
    assert str(raised.value).startswith(sentence.format(file=file))


def test_a_variable_that_no_kind_has_is_refused() -> None:
    with pytest.raises(ConfigError, match="there is no such setting"):
        load(environment={"SUREWIRE_NOTIFY__MAIL__COLOUR": "red"})


def test_the_schema_takes_targets_and_asks_for_their_type_and_what_they_need() -> None:
    jsonschema.validate({"notify": {"slack": {"type": "slack", "webhook_url": "https://a/b"}}}, json_schema())
    for wrong in ({"type": "slack"}, {"webhook_url": "https://a/b"}, {"type": "sms"}):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate({"notify": {"slack": wrong}}, json_schema())

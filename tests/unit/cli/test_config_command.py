"""`surewire config`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from surewire.config.reference import json_schema, reference_page
from tests.unit.cli.test_command_line import run


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "surewire.toml"
    path.write_text("[limits]\nburst = 7\n")
    return path


def test_every_value_is_shown_with_its_source(file: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUREWIRE_DRAIN__TIMEOUT_S", "3")
    assert run("config", "--config", str(file), "--data", "/tmp/somewhere") == 0
    lines = capsys.readouterr().out.splitlines()
    assert f"limits.burst\t7\t{file}" in lines
    assert "drain.timeout_s\t3.0\tSUREWIRE_DRAIN__TIMEOUT_S" in lines
    assert 'data_dir\t"/tmp/somewhere"\t--data' in lines
    assert "heartbeat.interval_s\t30.0\tdefault" in lines


def test_programs_get_json(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("config", "--config", str(file), "--json") == 0
    assert json.loads(capsys.readouterr().out)["limits.burst"] == {"value": 7, "source": str(file)}


def test_the_file_may_be_named_by_the_environment(file: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUREWIRE_CONFIG", str(file))
    assert run("config") == 0
    assert f"limits.burst\t7\t{file}" in capsys.readouterr().out


def test_check_says_nothing_more_than_whether_it_is_right(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("config", "--check", "--config", str(file)) == 0
    assert capsys.readouterr().out == "The configuration is right.\n"
    file.write_text("[limits]\nburst = 0\n")
    assert run("config", "--check", "--config", str(file)) == 2
    assert capsys.readouterr().err == f"error: limits.burst: 0 in {file} does not fit. It takes a whole number from 1 to 1,000,000,000.\n"


def test_insecure_is_judged_as_serve_does(file: Path) -> None:
    file.write_text('[[listeners]]\nhost = "0.0.0.0"\n')
    assert run("config", "--check", "--config", str(file)) == 2
    assert run("config", "--check", "--config", str(file), "--insecure") == 0


def test_the_schema_and_the_reference_are_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("config", "--schema") == 0
    assert json.loads(capsys.readouterr().out) == json_schema()
    assert run("config", "--reference") == 0
    assert capsys.readouterr().out == reference_page()


def test_no_secret_is_printed(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file.write_text('[notify.slack]\ntype = "slack"\nwebhook_url = "https://hooks.slack.com/services/T/B/hunter2"\n')
    for arguments in ((), ("--json",), ("--check",)):
        assert run("config", *arguments, "--config", str(file)) == 0
    file.write_text('[notify.slack]\ntype = "slack"\nwebhook_url = "hunter2"\n')
    assert run("config", "--config", str(file)) == 2
    printed = capsys.readouterr()
    assert f"notify.slack.webhook_url\t***\t{file}" in printed.out.replace('"', "")
    assert "hunter2" not in printed.out + printed.err


def test_a_target_that_can_never_be_told_is_warned_of(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tables = {
        "hook": 'type = "webhook"\nurl = "http://127.0.0.1:9"\nsecret = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="',
        "slack": 'type = "slack"\nwebhook_url = "https://localhost/services/hunter2"',
        "meant": 'type = "email"\nhost = "10.0.0.7"\nsender = "a@example.org"\nrecipients = ["b@example.org"]\nallow_private = true',
        "clouds": 'type = "email"\nhost = "169.254.169.254"\nsender = "a@b.org"\nrecipients = ["b@b.org"]\nallow_private = true',
        "named": 'type = "webhook"\nurl = "https://example.org"\nsecret = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="',
    }
    file.write_text("\n".join(f"[notify.{name}]\n{table}" for name, table in tables.items()))
    assert run("config", "--check", "--config", str(file)) == 0
    said = capsys.readouterr()
    assert said.out == "The configuration is right.\n"
    assert said.err.splitlines() == [
        "warning: notify.hook can never be told anything: 127.0.0.1 is of this machine. Set allow_private = true if that is meant.",
        "warning: notify.slack can never be told anything: localhost is of this machine. Set allow_private = true if that is meant.",
        "warning: notify.clouds can never be told anything: 169.254.169.254 is where clouds hand out credentials.",
    ]

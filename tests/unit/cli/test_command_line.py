"""The command line before any command does something: help, versions, mistakes, exit statuses."""

from __future__ import annotations

import subprocess
import sys

import pytest

from surewire import __version__
from surewire.cli import main
from surewire.cli.remote import printable

COMMANDS = ["serve", "chat", "listen", "publish", "config", "store check", "store stats"]


def run(*arguments: str) -> int:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert isinstance(ended.value.code, int)
    return ended.value.code


@pytest.mark.parametrize("command", ["", *COMMANDS, "store", "slo", "alerts", "maintenance", "deployment"])
def test_every_command_has_help_with_an_example(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(*command.split(), "--help") == 0
    printed = " ".join(capsys.readouterr().out.split())
    assert f"Usage: surewire {command}".strip() in printed
    assert f"Example: surewire {command}".strip() in printed


def test_the_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    run("--help")
    printed = capsys.readouterr().out
    assert [command for command in COMMANDS if command.split()[0] not in printed] == []


def test_the_version_is_that_of_the_package(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--version") == 0
    assert capsys.readouterr().out == f"{__version__}\n"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["srve"], 'error: Unknown command "srve". Did you mean "serve"?'),
        (["serve", "--lisen", "x"], "error: Unknown option: --lisen. Did you mean --listen?"),
        (["serve", "--listen", "8080"], "error: --listen: '8080' is no HOST:PORT. Write it like 127.0.0.1:8080 or [::1]:8080."),
        (["serve", "--listen", "0.0.0.0:8080"], "error: listeners[0].host: 0.0.0.0 can be reached from outside"),
        (["serve", "--data", ""], "error: --data: this names no folder. Name one, or leave --data out."),
        (["store", "check", "--data="], "error: --data: this names no folder. Name one, or leave --data out."),
        (["publish"], "error: "),
        (["publish", "x", "--severity", "P9"], "error: "),
        (["publish", "x", "--user", "b b"], "error: --user: a user id is 1 to 128 of the characters"),
        (["publish", "x", "--user", ""], "error: --user: a user id is 1 to 128 of the characters"),
        (["publish", "x", "--data", "{"], "error: --data: this is not JSON"),
        (["publish", "x", "--label", "env"], "error: --label: 'env' is no NAME=VALUE. Write it like --label env=prod."),
        (["listen", "--filter", "severity=P1"], "error: --filter: there is no field `severity`. Fields are event_types, severities"),
        (["listen", "--filter", "severities=P9"], "error: --filter: "),
        (["listen", "--since", "yesterday"], "error: --since: a position is written EPOCH:OFFSET"),
        (["chat", "a b"], "error: a b: a user id is 1 to 128 of the characters"),
        (["chat", "alice", "--with", "bob", "--chat", "chat_x"], "error: --with and --chat name different chats. Give only one of them."),
        (["config", "--config", "/nowhere.toml"], "error: /nowhere.toml cannot be read: No such file or directory."),
        (
            ["store", "check", "--data", "/nowhere"],
            "error: data_dir: there is no store at /nowhere/surewire.db. Name the folder with --data.",
        ),
        (["listen", "--filter", "severities"], "error: --filter: 'severities' is no NAME=VALUE. Write it like --filter severities=P0,P1."),
        (["listen", "--filter", "severities=P7"], "error: --filter: Invalid enum value 'P7'. severities are P0, P1, P2, P3, P4."),
        (["listen", "--filter", "event_types=A"], "error: --filter: Expected a name of 1 to 64 of a-z, 0-9 and _, a letter first."),
        (["listen", "--filter", "kind=a"], "error: --filter: there is no field `kind`. Fields are event_types, severities,"),
        (["publish", "a", "--label", "a=b", "--label", "a=c"], "error: --label: a is given more than once."),
    ],
)
def test_wrong_use_is_one_sentence_on_standard_error_and_status_2(
    arguments: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(*arguments) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert " ".join(err.split()).startswith(sentence)


@pytest.mark.parametrize("url", ["http://127.0.0.1:99999", "http://127.0.0.1:x", "http://[::1", "ftp://x", "http://1.2.3.999", ""])
@pytest.mark.parametrize("command", [["publish", "system_event"], ["listen"], ["chat", "alice"], ["slo", "status"]])
def test_an_address_that_is_none_is_wrong_use(
    command: list[str], url: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    sentence = f"error: --url: {url!r} is no server address; write it like http://127.0.0.1:8080.\n"
    assert (run(*command, "--url", url), capsys.readouterr().err) == (2, sentence)
    monkeypatch.setenv("SUREWIRE_URL", url)
    assert (run(*command), capsys.readouterr().err) == (2, sentence)


@pytest.mark.parametrize("command", [["publish", "system_event"], ["listen"], ["chat", "alice"]])
def test_a_server_that_is_not_there_is_status_1_and_says_how_to_start_one(command: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(*command, "--url", "http://127.0.0.1:9") == 1
    assert "nobody listens there. Start a server with `surewire serve`, or say where it is with --url." in capsys.readouterr().err


def test_the_command_line_does_not_import_what_it_does_not_run() -> None:
    heavy = ("rich", "httpx", "apsw", "litestar", "websockets")
    program = f"import sys, surewire.cli as cli; cli.application(); print([name for name in {heavy} if name in sys.modules])"
    run = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True, timeout=60)
    assert run.stdout == "[]\n"


def test_other_peoples_text_cannot_steer_the_terminal() -> None:
    assert printable("plain – ünïcode 👋") == "plain – ünïcode 👋"
    assert printable("\x1b[2Jgone\rover\x07\u202e") == "�[2Jgone�over��"
    assert printable("two\nlines") == "two ⏎ lines"

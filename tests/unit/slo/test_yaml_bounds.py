"""No file, however it is written, makes a command wait for ever or break down."""

from __future__ import annotations

from importlib import resources
from itertools import pairwise
from pathlib import Path

import pytest

from surewire.cli import main
from surewire.slo.yaml_bounds import beyond_bounds
from surewire.slo.yaml_document import read_yaml

LEVELS = "abcdefghij"
BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{name}: &{name} [{', '.join([f'*{before}'] * 9)}]\n" for before, name in pairwise(LEVELS)
)
MERGED = "a: &a {k: v}\n" + "".join(f"{name}: &{name} {{<<: [{', '.join([f'*{before}'] * 9)}]}}\n" for before, name in pairwise(LEVELS))
DEEP = "a: " + "[" * 300_000 + "]" * 300_000
COMMANDS = (["slo", "lint"], ["alerts", "lint"], ["slo", "import", "openslo"], ["slo", "simulate"])


@pytest.mark.parametrize(("text", "what"), [(BOMB, "100,000 values"), (MERGED, "100,000 values"), (DEEP, "100 levels")])
@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_command_that_reads_a_file_refuses_what_unfolds_without_end(
    command: list[str], text: str, what: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "f.yaml").write_text(text)
    with pytest.raises(SystemExit) as ended:
        main([*command, str(tmp_path / "f.yaml")])
    assert ended.value.code in {1, 2}
    printed = capsys.readouterr()
    assert what in printed.out + printed.err


def test_aliases_of_a_reasonable_size_are_read() -> None:
    document = read_yaml("a: &a {k: 1}\nb: *a\nc: {<<: *a, l: 2}\n", "f")
    assert document.problems == ()
    assert document.data == {"a": {"k": 1}, "b": {"k": 1}, "c": {"k": 1, "l": 2}}


def test_what_comes_with_surewire_is_far_from_the_bounds() -> None:
    assert beyond_bounds(20 * resources.files("surewire.contract").joinpath("slos.yaml").read_text("utf-8").replace("---", "")) == ""

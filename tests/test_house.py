"""The house stands as ARCHITECTURE.md and CONTRIBUTING.md describe it."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src" / "surewire"
MODULES = sorted(SOURCE.rglob("*.py"))
PURE = {"domain", "protocol", "slo", "ports", "config"}
PLANES = {"gateway", "durability", "fanout", "streams", "monitoring", "alerting", "incidents", "reports"}
DRAWERS = {"utils", "util", "helpers", "common", "misc", "manager", "base", "stuff"}
REASON_FOR_CATCHING_ALL = re.compile(r"# noqa: BLE001 - \S")

Function = ast.FunctionDef | ast.AsyncFunctionDef


def settings() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]


def contract(identifier: str) -> dict[str, Any]:
    return next(contract for contract in settings()["contracts"] if contract["id"] == identifier)


def rooms() -> set[str]:
    """The names of what lies directly in the package."""
    return {path.stem for path in SOURCE.iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()}


def functions(path: Path) -> Iterator[Function]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, Function):
            yield node


def lines_of_code(function: Function) -> int:
    """Lines on which something of the body stands; docstring, comments and blank lines do not count."""
    body = function.body[1:] if ast.get_docstring(function) else function.body
    return len({node.lineno for statement in body for node in ast.walk(statement) if isinstance(node, ast.stmt | ast.expr)})


def test_imports_point_down_only() -> None:
    command = [Path(sys.executable).with_name("lint-imports"), "--no-cache"]
    run = subprocess.run(command, check=False, cwd=ROOT, capture_output=True, text=True, timeout=100)
    assert run.returncode == 0, run.stdout + run.stderr


def test_a_layer_that_exists_is_no_longer_in_brackets() -> None:
    planned = {name for layer in contract("layers")["layers"] for name in re.findall(r"\((\w+)\)", layer)}
    assert planned & rooms() == set()


def test_every_room_that_must_be_pure_is_held_to_it() -> None:
    held = {module.removeprefix("surewire.") for module in contract("pure")["source_modules"]}
    assert held == PURE & rooms()


def test_no_adapter_may_import_any_service_that_exists() -> None:
    forbidden = {module.removeprefix("surewire.") for module in contract("adapters-below-services")["forbidden_modules"]}
    assert forbidden == PLANES & rooms()


def test_nothing_is_kept_in_a_drawer() -> None:
    assert [str(path) for path in SOURCE.rglob("*") if path.stem in DRAWERS] == []


def test_nine_functions_in_ten_are_within_25_lines() -> None:
    sizes = [lines_of_code(function) for path in MODULES for function in functions(path)]
    assert sum(size <= 25 for size in sizes) >= 0.9 * len(sizes)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_a_module_opens_by_saying_what_it_is(path: Path) -> None:
    assert ast.get_docstring(ast.parse(path.read_text()))


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_whoever_keeps_every_exception_says_why(path: Path) -> None:
    """Ruff's BLE001 finds those that neither raise nor log what they caught; this asks for the reason beside the exemption."""
    exempt = [line for line in path.read_text().splitlines() if "noqa: BLE001" in line]
    assert [line for line in exempt if not REASON_FOR_CATCHING_ALL.search(line)] == []


def test_sql_lives_in_sql_files() -> None:
    statement = re.compile(r"""["'](SELECT|INSERT INTO|UPDATE|DELETE FROM|CREATE TABLE)\s""")
    assert [str(path) for path in MODULES if statement.search(path.read_text())] == []


def test_the_locks_name_no_host() -> None:
    locks = sorted((ROOT / "requirements").glob("*.txt"))
    assert {path.stem for path in locks} == {"bootstrap", "serve", "dev"}
    assert [path.name for path in locks if re.search(r"://|--(extra-)?index|--find-links|--trusted-host", path.read_text())] == []


def test_every_pinned_package_has_a_hash() -> None:
    for path in (ROOT / "requirements").glob("*.txt"):
        pins = re.findall(r"^[a-z0-9][^\n]*==[^\n]*\\\n +(.*)$", path.read_text(), re.MULTILINE)
        assert pins
        assert all(pin.startswith("--hash=sha256:") for pin in pins)
        assert len(pins) == len(re.findall(r"^[a-zA-Z0-9]", path.read_text(), re.MULTILINE))

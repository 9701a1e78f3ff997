"""`pip install .` gives everything that the server needs to run, its data files included."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path, PurePosixPath

import pytest

from surewire import __version__

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel of the checkout, built without the network."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    run = subprocess.run(command, check=False, capture_output=True, text=True, timeout=100)
    assert run.returncode == 0, run.stdout + run.stderr
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="module")
def names(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def test_the_wheel_is_for_every_platform_and_has_the_version_of_the_code(wheel: Path) -> None:
    assert wheel.name == f"surewire-{__version__}-py3-none-any.whl"


def test_every_file_of_the_package_is_in_the_wheel(names: set[str]) -> None:
    files = {path.relative_to(SOURCE).as_posix() for path in (SOURCE / "surewire").rglob("*") if path.is_file()}
    assert {name for name in files if "__pycache__" not in name} - names == set()


def test_catalogues_statements_runbooks_and_the_mark_of_types_are_in_the_wheel(names: set[str]) -> None:
    assert {".py", ".yaml", ".sql", ".md"} <= {PurePosixPath(name).suffix for name in names}
    assert "surewire/py.typed" in names


def test_nothing_but_the_package_and_its_description_is_in_the_wheel(names: set[str]) -> None:
    assert {name.split("/")[0] for name in names} == {"surewire", f"surewire-{__version__}.dist-info"}


def test_the_wheel_brings_the_command_and_the_licence(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        described = f"surewire-{__version__}.dist-info"
        assert "surewire = surewire.cli:main" in archive.read(f"{described}/entry_points.txt").decode()
        assert b"Apache License" in archive.read(f"{described}/licenses/LICENSE")


def test_the_catalogues_can_be_read_from_the_wheel_itself(wheel: Path) -> None:
    """Data files are found by importlib.resources, never by a path beside the code."""
    code = (
        "import surewire, surewire.contract.catalogue as c, surewire.contract.runbooks as r;"
        "print(len(c.load_slos().slos), *(r.load_runbook(number).title for number in r.runbook_numbers()), surewire.__file__)"
    )
    environment = {"PYTHONPATH": str(wheel)}
    run = subprocess.run([sys.executable, "-c", code], check=False, env=environment, capture_output=True, text=True, timeout=60)
    assert run.returncode == 0, run.stderr
    assert str(wheel) in run.stdout

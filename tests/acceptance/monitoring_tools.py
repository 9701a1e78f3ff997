"""The real tools that generated configuration is proven with: found, run, and asked for in a sentence where they are not there."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from surewire.cli.export import GENERATORS
from surewire.monitoring.export.catalogues import built_in_catalogues

__all__ = ["export_to", "run", "tool"]

_PACKAGES = {
    "promtool": "prometheus",
    "prometheus": "prometheus",
    "amtool": "prometheus-alertmanager",
    "prometheus-alertmanager": "prometheus-alertmanager",
    "prometheus-blackbox-exporter": "prometheus-blackbox-exporter",
}


def tool(name: str) -> str:
    """The program's path; without it the test is skipped, which fails on CI."""
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"there is no {name} here; tests/install installs it, as root on Debian: apt-get install {_PACKAGES[name]}")
    return found


def run(name: str, *arguments: str | Path, cwd: Path | None = None) -> str:
    """What the program says, on either stream. It must succeed."""
    command = [tool(name), *map(str, arguments)]
    done = subprocess.run(command, check=False, cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=110)
    assert done.returncode == 0, done.stdout
    return done.stdout


def export_to(folder: Path, kind: str) -> Path:
    """The folder with what is generated of that kind."""
    for path, text in GENERATORS[kind](built_in_catalogues()).items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, "utf-8")
    return folder

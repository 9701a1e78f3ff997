"""A setting that nothing reads would be a promise that nobody keeps."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from surewire.config.settings import Setting, sections, write_path

SOURCE = Path(__file__).parents[3] / "src" / "surewire"
READ = {
    node.attr
    for file in SOURCE.rglob("*.py")
    if "config" not in file.relative_to(SOURCE).parts
    for node in ast.walk(ast.parse(file.read_text("utf-8")))
    if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load)
}
NOT_YET = {"type", "compression", "sessions_s"}
"""Back ends of which there is one, and what this version says it cannot do."""


@pytest.mark.parametrize(
    "setting", [setting for section in sections() for setting in section.settings], ids=lambda one: write_path(one.path)
)
def test_a_setting_is_read_by_what_it_is_for(setting: Setting) -> None:
    assert setting.path[-1] in READ | NOT_YET

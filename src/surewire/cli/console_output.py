"""What people read: colours on a terminal, plain text elsewhere; and JSON for programs."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["print_error", "print_json", "print_table", "print_warning", "styled"]


def print_error(problem: object) -> None:
    """One or two sentences on standard error."""
    _labelled("error", "bold red", problem)


def print_warning(problem: object) -> None:
    """One or two sentences on standard error; the command goes on."""
    _labelled("warning", "bold yellow", problem)


def print_json(value: Any) -> None:
    """One JSON value on standard output: indented on a terminal, one line elsewhere."""
    text = msgspec.json.encode(value)
    print((msgspec.json.format(text, indent=2) if sys.stdout.isatty() else text).decode())


def print_table(head: Sequence[str], rows: Iterable[Sequence[str]], *, always_headed: bool = False) -> None:
    """Columns on standard output: a table on a terminal, values separated by tabs elsewhere, there with the head only when asked for."""
    if not sys.stdout.isatty():
        if always_headed:
            print(*head, sep="\t")
        for row in rows:
            print(*row, sep="\t")
        return
    # rich takes 50 ms to import, which commands without a table do not pay.
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(*head, box=None, pad_edge=False, header_style="bold")
    for row in rows:
        table.add_row(*map(Text, row))
    Console().print(table)


def styled(text: str, style: str, console: Console) -> None:
    """One line of foreign text in a style, never read as markup."""
    from rich.text import Text

    console.print(Text(text, style=style), soft_wrap=True)


def _labelled(label: str, style: str, problem: object) -> None:
    if not sys.stderr.isatty():
        print(f"{label}: {problem}", file=sys.stderr)
        return
    from rich.console import Console
    from rich.text import Text

    Console(stderr=True).print(Text.assemble((f"{label}: ", style), str(problem)), soft_wrap=True)

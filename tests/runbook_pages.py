"""The runbooks taken apart: their queries, their commands, their statements, and what is asked of the log."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from cyclopts import App

from surewire.contract.runbooks import load_runbook, runbook_numbers
from tests.documentation import ROOT, blocks, read

__all__ = ["NUMBERS", "events_asked_for", "page_of", "queries", "resolves", "severities_of", "statements", "surewire_commands"]

NUMBERS = runbook_numbers()
_WITH_ARGUMENT = frozenset({"export"})

_SPAN = re.compile(r"(?<!`)`surewire ([^`\n]+)`(?!`)")
_LINE = re.compile(r"^surewire (.*)$", re.MULTILINE)


def page_of(number: str) -> Path:
    return ROOT / "src" / "surewire" / "contract" / "runbooks" / f"{number}.md"


def queries(page: Path) -> list[str]:
    """Every PromQL expression of a page. In a block each begins at a line's start, and is continued by indented lines."""
    return [found.strip() for block in blocks("promql", pages=[page]) for found in re.split(r"\n(?! )", block.text) if found.strip()]


def surewire_commands(page: Path) -> set[str]:
    """The commands that a page names, `slo gate` or `serve`, without what follows them."""
    shown = "\n".join(block.text for block in blocks("sh", pages=[page]))
    named = [*_SPAN.findall(read(page)), *_LINE.findall(shown)]
    return {" ".join(words) for one in named if (words := list(_leading_words(one)))}


def resolves(app: App, command: str) -> bool:
    """Whether the command is there: a group with one of its commands, or a command by itself."""
    first, _, second = command.partition(" ")
    if first not in app:
        return False
    inner = [name for name in app[first] if not name.startswith("-")]
    return second.partition(" ")[0] in inner if inner else not second or first in _WITH_ARGUMENT


def statements(number: str) -> Iterator[tuple[str, str]]:
    """Every SQL statement of a page, with the name of the file that it is for."""
    for found in re.finditer(r'sqlite3 (?:-readonly )?\S*/([\w-]+)\.db "([^"]+)"', load_runbook(number).text):
        yield found[1], found[2]


def events_asked_for(number: str) -> set[str]:
    """The constant texts of log lines that a page searches for."""
    return set(re.findall(r'\.event == "([^"]+)"', load_runbook(number).text))


def severities_of(number: str) -> set[str]:
    """Every severity that the page's section names."""
    return set(re.findall(r"SEV-\d", load_runbook(number).sections["Severity"]))


def _leading_words(text: str) -> Iterator[str]:
    for word in text.split():
        if not re.fullmatch(r"[a-z][a-z-]*", word):
            return
        yield word

"""The project's Markdown, taken apart: pages, their fenced blocks, tables, links and headings."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import takewhile
from pathlib import Path
from textwrap import dedent

__all__ = ["PAGES", "ROOT", "Block", "anchors", "blocks", "commands", "links", "read", "section", "table"]

ROOT = Path(__file__).parents[1]
_FOLDERS = ("docs", "examples", "benchmarks", "fuzz", "tests", "src")
PAGES = sorted([*ROOT.glob("*.md"), *(page for folder in _FOLDERS for page in (ROOT / folder).rglob("*.md"))])

_BLOCK = re.compile(r"^( *)```(\w+)(?: (\w+))?\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\[[^\]]*\]\(([^()\s]+)\)")
_HEADING = re.compile(r"^(#+) (.*)$", re.MULTILINE)
_ONWARDS = frozenset({"|", ">", "&&"})
_CODE_OR_LINK = re.compile(r"`([^`]*)`|\[([^\]]*)\]\([^)]*\)")


@dataclass(frozen=True)
class Block:
    """A fenced block: its language, the word after it, its text, and where it stands."""

    page: Path
    line: int
    language: str
    name: str
    text: str

    def __str__(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"


@cache
def read(page: str | Path) -> str:
    """A page's text; a name is relative to the project."""
    return (ROOT / page).read_text("utf-8")


def blocks(*languages: str, pages: list[Path] = PAGES) -> list[Block]:
    """The fenced blocks in these languages, of all pages or of some."""
    return [block for page in pages for block in _blocks(page) if block.language in languages]


def _blocks(page: Path) -> Iterator[Block]:
    text = read(page)
    for match in _BLOCK.finditer(text):
        yield Block(page, text.count("\n", 0, match.start()) + 1, match[2], match[3] or "", dedent(match[4]))


def commands(block: Block) -> Iterator[list[str]]:
    """The words of each command line of a shell block, without comments, leading variables and where its output goes."""
    for line in block.text.replace("\\\n", " ").splitlines():
        words = shlex.split(line, comments=True)
        while words and re.fullmatch(r"[A-Z_]+=.*", words[0]):
            words.pop(0)
        if words:
            yield list(takewhile(lambda word: word not in _ONWARDS, words))


def links(page: Path) -> Iterator[str]:
    """Where a page's links and pictures point to, outside of code."""
    prose = re.sub(r"`[^`\n]*`", "", _BLOCK.sub("", read(page)))
    yield from _LINK.findall(prose)


def anchors(page: Path) -> set[str]:
    """What a link may name after `#`: headings as GitHub writes them."""
    titles = (
        _CODE_OR_LINK.sub(lambda found: found[1] or found[2] or "", title) for _, title in _HEADING.findall(_BLOCK.sub("", read(page)))
    )
    return {re.sub(r"[^\w\- ]", "", title.lower()).strip().replace(" ", "-") for title in titles}


def section(page: str, title: str) -> str:
    """The text under a heading, up to the next one of its level or above."""
    text = read(page)
    start = next(match for match in _HEADING.finditer(text) if match[2] == title)
    following = (match.start() for match in _HEADING.finditer(text, start.end()) if len(match[1]) <= len(start[1]))
    return text[start.end() : next(following, len(text))]


def table(text: str, number: int = 0) -> list[list[str]]:
    """The rows of a section's table, without its head; a cell's code marks are kept."""
    found = re.findall(r"(?:^\|.*\|\n)+", text, re.MULTILINE)[number]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in found.splitlines()]
    return rows[2:]

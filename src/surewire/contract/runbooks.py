"""What to do when an alert fires: one page a runbook number, in Markdown, with the same sections in the same order."""

from __future__ import annotations

import re
from functools import cache
from importlib import resources
from typing import Final

import msgspec

from surewire.errors import ConfigError

__all__ = ["SECTIONS", "Runbook", "load_runbook", "runbook_numbers"]

SECTIONS: Final = ("Trigger", "Severity", "Impact", "Immediate actions", "Investigation", "Mitigation", "Recovery", "Postmortem")
"""What every runbook says, in this order."""

_PAGES: Final = resources.files("surewire.contract").joinpath("runbooks")
_TITLE: Final = re.compile(r"# (RB-\d{3}): (.+)\n")
_NUMBER: Final = re.compile(r"RB-\d{3}")
_BLOCK_OR_HEADING: Final = re.compile(r"^```.*?^```$|^## ([^\n]+)\n", re.MULTILINE | re.DOTALL)


class Runbook(msgspec.Struct, frozen=True):
    """One page. `sections` has the Markdown under each heading, in the order of `SECTIONS`; `text` is the whole page."""

    number: str
    title: str
    sections: dict[str, str]
    text: str


@cache
def load_runbook(number: str) -> Runbook:
    """The runbook of that number (`RB-001`), read once per process; for reading only. Raises: ConfigError when there is none."""
    page = _PAGES.joinpath(f"{number}.md")
    if not _NUMBER.fullmatch(number) or not page.is_file():
        raise ConfigError(f"there is no runbook {number!r}.", mend=f"Name one of {', '.join(runbook_numbers())}.")
    return _parse(number, page.read_text("utf-8"))


@cache
def runbook_numbers() -> tuple[str, ...]:
    """The numbers of all runbooks, ascending."""
    return tuple(sorted(page.name.removesuffix(".md") for page in _PAGES.iterdir() if page.name.endswith(".md")))


def _parse(number: str, text: str) -> Runbook:
    title, sections = _TITLE.match(text), _sections(text)
    if title is None or title[1] != number or tuple(sections) != SECTIONS:
        raise ConfigError(f"the page of {number} is incomplete.", mend=f"It has its number, a title, and {', '.join(SECTIONS)}.")
    return Runbook(number, title[2], sections, text)


def _sections(text: str) -> dict[str, str]:
    headings = [found for found in _BLOCK_OR_HEADING.finditer(text) if found[1]]
    ends = [heading.start() for heading in headings[1:]] + [len(text)]
    return {heading[1]: text[heading.end() : end].strip() for heading, end in zip(headings, ends, strict=True)}

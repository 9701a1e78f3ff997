"""`surewire slo explain`: one objective in plain words."""

from __future__ import annotations

import re
from textwrap import fill
from typing import Annotated, Final

from cyclopts import Parameter

from surewire.cli.configuration import ConfigFile
from surewire.cli.console_output import print_json
from surewire.cli.slo_definitions import DefinitionsFile, find_objective, the_definitions
from surewire.contract.catalogue import load_alerts
from surewire.slo.explain import Explanation
from surewire.slo.explain import explain as explained

__all__ = ["explain"]

_WIDTH: Final = 110
_INDENT: Final = "  "
_UNIT: Final = re.compile(r"(\d) (?=(?:s|min|h|d|%)(?:\W|$))")


def explain(
    id_: Annotated[str, Parameter(name="ID", help="The objective.")],
    /,
    *,
    file: DefinitionsFile = None,
    config: ConfigFile = None,
    json: Annotated[bool, Parameter(help="Print for programs.")] = False,
) -> None:
    """Explain an objective in plain words: what is counted and left out, what its budget means, what follows when it is spent."""
    found = explained(find_objective(id_, the_definitions(file, config)), load_alerts())
    if json:
        print_json(found)
    else:
        print(_page(found))


def _page(found: Explanation) -> str:
    lines = [found.summary]
    for section in found.sections:
        lines += ["", section.title]
        lines += map(_folded, section.sentences)
    return "\n".join(lines)


def _folded(sentence: str) -> str:
    """Lines that never part a number from its unit."""
    whole = _UNIT.sub("\\1\N{NO-BREAK SPACE}", sentence)
    folded = fill(whole, _WIDTH, initial_indent=_INDENT, subsequent_indent=2 * _INDENT, break_long_words=False, break_on_hyphens=False)
    return folded.replace("\N{NO-BREAK SPACE}", " ")

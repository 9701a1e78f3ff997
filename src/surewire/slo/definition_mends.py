"""What to write instead, for everything that can be wrong with the shape of a definition."""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import Final

__all__ = ["in_words", "instead_of", "mend_of", "nearest", "place_of"]

_UNKNOWN: Final = re.compile(r"unknown field `([^`]*)`")
_KINDS: Final = "ratio, latency, availability, probe, capacity, check or response"

_BY_FIELD: Final = {
    "window": "Write a whole number and m, h or d, such as 30d, or `calendar month`.",
    "long": "Write a whole number and s, m, h or d, such as 1h.",
    "for": "Write a whole number and s, m, h or d, such as 5m.",
    "id": "Write small letters, digits and single hyphens, such as upgrade-success.",
    "runbook": "Write RB- and three digits, such as RB-050.",
    "kind": f"Write one of {_KINDS}.",
    "severity": "Write one of SEV-1, SEV-2, SEV-3, SEV-4.",
    "next_review": "Write a date such as 2027-01-15, without quotation marks.",
    "approved_by": "Write [Reliability Lead, Product Owner].",
}
_BY_WORDS: Final = (
    (r"Expected `float`(?: \| null)?, got `str`", "Write the number without quotation marks."),
    (r"Expected `(?:object|array)", "Write it with its fields, as the built-in set has it."),
    (r"two of good, bad, total", "Give two of the three; the third follows from them."),
    (r"length >= 1", "Say it in words."),
)
_MISSING: Final = {
    "kind": f"Add kind: with one of {_KINDS}.",
    "owners": "Add owners: with one of the names under `owners`.",
    "runbook": "Add runbook: with the number of its page, such as RB-050.",
    "backup": "Add backup: one person stands in for the owner.",
    "owner": "Add owner: one person answers for it.",
}


def in_words(what: str) -> str:
    """A message of the shape's check as a sentence."""
    if "matching regex" in what:
        return "it is not written as it must be."
    return what[:1].lower() + what[1:] + ("" if what.endswith(".") else ".")


def place_of(what: str, path: str) -> str:
    """The path of what the message is about: a field that is not known has one of its own."""
    match = _UNKNOWN.search(what)
    return f"{path}.{match[1]}" if match else path


def mend_of(what: str, path: str, value: object, fields: tuple[str, ...]) -> str:
    """The mend for a message about the `value` at this path. `fields` are the names that a table there may have, if they are known."""
    if match := re.search(r"missing required field `(\w+)`", what):
        return _MISSING.get(match[1], f"Add {match[1]}: as the built-in set has it.")
    if match := _UNKNOWN.search(what):
        return instead_of(match[1], fields)
    name = re.sub(r"\[\d+\]", "", path).rpartition(".")[2]
    if name == "objective" and isinstance(value, int | float):
        return _of_objective(value)
    return _BY_FIELD.get(name, next((mend for pattern, mend in _BY_WORDS if re.search(pattern, what)), ""))


def nearest(name: str, names: tuple[str, ...]) -> str:
    """The question for a name that is almost one of `names`; empty when it is like none."""
    found = get_close_matches(name, names, n=1)
    return f"Did you mean {found[0]}?" if found else ""


def instead_of(name: str, names: tuple[str, ...]) -> str:
    """What to write in place of a name that is not known."""
    if not names:
        return f"Remove {name}, or look at the built-in set for its name."
    return nearest(name, names) or f"Remove {name}, or write one of {', '.join(names)}."


def _of_objective(value: float) -> str:
    if 1 < value < 100:
        return f"It is a share, not a percentage: write {round(value / 100, 10):g}."
    if value >= 1:
        return "An objective of 100 % leaves no budget and can only be broken; write a share below 1, such as 0.999."
    return "Write a share above 0 and below 1, such as 0.999."

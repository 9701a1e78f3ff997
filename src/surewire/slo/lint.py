"""Everything that is wrong with a file of definitions: its shape, what it reads, what can never happen, what nobody agreed to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator
from datetime import date

from surewire.contract.metrics import MetricsCatalogue
from surewire.contract.slos import SloCatalogue
from surewire.errors import ConfigError
from surewire.slo.change_control import unapproved_changes
from surewire.slo.definitions import Change, Definitions, read_definitions
from surewire.slo.lint_alerts import alert_name_problems
from surewire.slo.lint_policies import default_problems, objective_problems, owner_problems, policy_problems, reach_problems
from surewire.slo.lint_series import series_problems
from surewire.slo.problem import Problem, errors_of

__all__ = ["InForce", "lint_definitions", "load_definitions", "overdue_reviews", "unagreed_changes"]


class InForce:
    """The version that holds now, which a new one is compared with, and the reasons that were given for it."""

    __slots__ = ("catalogue", "reasons")

    def __init__(self, catalogue: SloCatalogue, reasons: tuple[Change, ...] = ()) -> None:
        self.catalogue, self.reasons = catalogue, reasons

    @classmethod
    def of(cls, definitions: Definitions) -> InForce:
        """The version of a file."""
        given = (definitions.change, *definitions.changes.values())
        return cls(definitions.catalogue, tuple(change for change in given if change is not None))


def load_definitions(text: str, file: str, metrics: MetricsCatalogue, runbooks: Collection[str]) -> Definitions:
    """The definitions that the text writes. Raises: ConfigError with the first thing that is wrong and how many more there are.

    A change that nobody agreed to and a review that is overdue are no reason not to start; `lint_definitions` finds them.
    """
    definitions, problems = lint_definitions(text, file, metrics, runbooks)
    errors = errors_of(problems)
    if definitions is None or errors:
        first, others = errors[0], len(errors) - 1
        more = f" {others} more: surewire slo lint {file}." if others else ""
        raise ConfigError(first.what, path=first.where, mend=f"{first.mend}{more}")
    return definitions


def lint_definitions(
    text: str,
    file: str,
    metrics: MetricsCatalogue,
    runbooks: Collection[str],
    *,
    in_force: InForce | None = None,
    today: date | None = None,
) -> tuple[Definitions | None, tuple[Problem, ...]]:
    """The definitions, None when the text has not their shape; and all that is wrong with them, in the order of the file.

    With `in_force`, changes that nobody agreed to are found as well; with `today`, reviews that are overdue.
    """
    definitions, problems = read_definitions(text, file)
    if definitions is None:
        return None, tuple(sorted(problems))
    found = [*problems, *_errors(definitions, metrics, runbooks, in_force)]
    if today is not None:
        found += overdue_reviews(definitions, today)
    return definitions, tuple(sorted(found, key=lambda problem: (problem.line, problem.path)))


def unagreed_changes(text: str, file: str, before: str) -> tuple[Problem, ...]:
    """What the text changes of a former version that nobody agreed to; nothing when either of them has not the shape of definitions."""
    (new, _), (old, _) = read_definitions(text, file), read_definitions(before, file)
    if new is None or old is None:
        return ()
    known = InForce.of(old)
    return tuple(new.document.problem(*found) for found in unapproved_changes(new, known.catalogue, known.reasons))


def overdue_reviews(definitions: Definitions, today: date) -> list[Problem]:
    """A warning for every review that should have been: change `next_review` when it was held."""
    numbers = {slo.id: number for number, slo in enumerate(definitions.catalogue.slos)}
    dates = {
        "next_review": definitions.next_review,
        **{f"slos[{numbers[slo]}].next_review": day for slo, day in definitions.reviews.items()},
    }
    return [
        definitions.document.problem(path, f"the review was due on {day}.", "Hold it, and write the date of the next one.", is_warning=True)
        for path, day in dates.items()
        if day is not None and day < today
    ]


def _errors(definitions: Definitions, metrics: MetricsCatalogue, runbooks: Collection[str], in_force: InForce | None) -> Iterator[Problem]:
    catalogue, problem = definitions.catalogue, definitions.document.problem
    for name, policy in catalogue.policies.items():
        found = (*policy_problems(policy), *reach_problems(name, catalogue))
        yield from (problem(f"policies.{name}.{path}", f"{name}: {what}", mend) for path, what, mend in found)
    for name, owners in catalogue.owners.items():
        yield from (problem(f"owners.{name}.{path}", f"{name}: {what}", mend) for path, what, mend in owner_problems(owners))
    yield from (problem(f"defaults.{path}", what, mend) for path, what, mend in default_problems(catalogue.defaults))
    for number, slo in enumerate(catalogue.slos):
        for path, what, mend in (*series_problems(slo, metrics), *objective_problems(slo, catalogue, runbooks)):
            yield problem(f"slos[{number}].{path}", f"{slo.id}: {what}", mend)
    yield from _same_names(definitions)
    yield from _same_alerts(definitions, metrics)
    if in_force is not None:
        yield from (problem(*found) for found in unapproved_changes(definitions, in_force.catalogue, in_force.reasons))


def _same_names(definitions: Definitions) -> Iterator[Problem]:
    """Two objectives with one `slo_name` would be one series of the gauge of budgets."""
    names = Counter(slo.slo_name or slo.id for slo in definitions.catalogue.slos)
    for number, slo in enumerate(definitions.catalogue.slos):
        if names[slo.slo_name or slo.id] > 1:
            what = f"{slo.id}: another objective is called {slo.slo_name or slo.id} too."
            yield definitions.document.problem(f"slos[{number}].slo_name", what, "Give each its own slo_name.")


def _same_alerts(definitions: Definitions, metrics: MetricsCatalogue) -> Iterator[Problem]:
    """Two alerts with one name would be one, and which of the two nobody could say."""
    numbers = {slo.id: number for number, slo in enumerate(definitions.catalogue.slos)}
    for id_, what, mend in alert_name_problems(definitions.catalogue, metrics):
        yield definitions.document.problem(f"slos[{numbers[id_]}].id", f"{id_}: {what}", mend)

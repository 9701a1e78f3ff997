"""`surewire slo simulate`: what budgets, alerts and the gate would do with traffic and faults that are only thought of."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any

import msgspec
import yaml
from cyclopts import Parameter

from surewire.cli.console_output import print_json, print_table
from surewire.contract.catalogue import load_alerts, load_slos
from surewire.contract.slos import SloCatalogue
from surewire.errors import ConfigError
from surewire.slo.alert_rules import alert_rules
from surewire.slo.definitions import read_definitions
from surewire.slo.objective import objectives
from surewire.slo.problem import errors_of
from surewire.slo.scenario import Scenario
from surewire.slo.simulation import Simulation
from surewire.slo.simulation import simulate as simulated
from surewire.slo.simulation_picture import picture
from surewire.slo.simulation_view import simulation_view
from surewire.slo.yaml_bounds import beyond_bounds

__all__ = ["simulate"]


def simulate(
    scenario: Annotated[Path, Parameter(help="What happens: a YAML file with traffic, faults, maintenance, deployments.")],
    *,
    definitions: Annotated[Path | None, Parameter(help="Objectives and policies to try, instead of the built-in ones.")] = None,
    svg: Annotated[Path | None, Parameter(help="Draw the budgets and alerts into this file too.")] = None,
    json: Annotated[bool, Parameter(help="Print for programs.")] = False,
) -> None:
    """Try a policy before it is adopted: weeks of traffic and faults, judged as the server would judge them, in a moment."""
    catalogue = _catalogue(definitions)
    result = simulated(_scenario(scenario), objectives(catalogue), alert_rules(catalogue, load_alerts()))
    if svg is not None:
        _write(svg, picture(result))
    if json:
        print_json(simulation_view(result))
    else:
        print_table(("when (UTC)", "kind", "objective", "what"), _happenings(result))
        print()
        print_table(("objective", "state", "bad", "of", "budget left", "gross", "lowest"), _standings(result))


def _scenario(path: Path) -> Scenario:
    text = _text(path)
    try:
        if wrong := beyond_bounds(text):
            raise ConfigError(wrong, path=str(path), mend="Write less, or fewer aliases.")
        told: Any = yaml.safe_load(text)
        return msgspec.convert(told, Scenario)
    except yaml.YAMLError as error:
        raise ConfigError(f"it is no YAML: {error}.", path=str(path)) from error
    except msgspec.ValidationError as error:
        raise ConfigError(
            f"{error}.",
            path=str(path),
            mend="It names slos and traffic, and faults, maintenance, deployments, actions where there are any.",
        ) from error


def _catalogue(path: Path | None) -> SloCatalogue:
    if path is None:
        return load_slos()
    definitions, problems = read_definitions(_text(path), str(path))
    if definitions is None:
        raise ConfigError("\n".join(map(str, errors_of(problems))))
    return definitions.catalogue


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError("it cannot be read.", path=str(path), mend="Name a file that is there.") from error


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, "utf-8", newline="\n")
    except OSError as error:
        raise ConfigError(f"{path} cannot be written: {error.strerror}.", path="--svg") from error


def _happenings(result: Simulation) -> Iterator[tuple[str, ...]]:
    for one in result.happenings:
        yield f"{datetime.fromtimestamp(one.at_s, UTC):%Y-%m-%d %H:%M:%S}", one.kind, one.slo, one.what


def _standings(result: Simulation) -> Iterator[tuple[str, ...]]:
    for curve in result.curves:
        status, left = curve.status, [point.remaining for point in curve.points if point.remaining is not None]
        counts = [f"{count:,}" if count is not None else "" for count in (status.bad, status.total)]
        shares = (status.budget_remaining, status.budget_remaining_gross, min(left, default=None))
        yield curve.slo, status.state, *counts, *map(_percent, shares)


def _percent(share: Decimal | None) -> str:
    return "no data" if share is None else f"{share:.1%}"

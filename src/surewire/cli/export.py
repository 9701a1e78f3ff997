"""`surewire export`: the definitions of service levels as configuration for other tools."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final

from cyclopts import Parameter

from surewire.cli.configuration import ConfigFile, load_configuration
from surewire.cli.console_output import print_error
from surewire.cli.slo_definitions import DefinitionsFile, the_definitions
from surewire.contract.catalogue import load_alerts, load_metrics
from surewire.domain.instant import format_instant, parse_instant
from surewire.errors import ConfigError
from surewire.monitoring.export import alertmanager, blackbox, grafana, kubernetes, nginx, openslo, prometheus, promtool_tests
from surewire.monitoring.export.catalogues import RUNBOOKS, Catalogues, Files, Generator, catalogues_of
from surewire.monitoring.export.grafana.incident import IncidentScope
from surewire.monitoring.export.grafana.plane import PLANES

__all__ = ["GENERATORS", "export"]

GENERATORS: Final[dict[str, Generator]] = {
    "prometheus": prometheus.files,
    "alertmanager": alertmanager.files,
    "blackbox": blackbox.files,
    "tests": promtool_tests.files,
    "grafana": grafana.files,
    "kubernetes": kubernetes.files,
    "nginx": nginx.files,
    "openslo": openslo.files,
}
"""What can be generated, by the name that is given on the command line."""

_ALL: Final = "all"


def export(
    kind: Annotated[str, Parameter(help=f"What to write: {', '.join(GENERATORS)}, or {_ALL} for a folder of each.")],
    *,
    out: Annotated[Path, Parameter(help="The folder to write into; it is made when it is not there.")],
    file: DefinitionsFile = None,
    config: ConfigFile = None,
    runbooks: Annotated[str | None, Parameter(help="Address that alerts link runbooks under; else `alerting.runbook_url`.")] = None,
    check: Annotated[bool, Parameter(help="Write nothing; exit 1 when a file there is not what would be written.")] = False,
    incident: Annotated[str, Parameter(help="With grafana: only a dashboard for this incident.")] = "",
    start: Annotated[str, Parameter(help="When the incident began: 2026-11-21T10:00:00Z.")] = "",
    end: Annotated[str, Parameter(help="When it ended; it goes on when this is not given.")] = "",
    plane: Annotated[list[str] | None, Parameter(help="A plane that it touches; may be repeated. All, when none is given.")] = None,
) -> int:
    """Write the definitions of service levels as configuration of other tools. The same definitions give the same bytes."""
    address = runbooks or load_configuration(config, insecure=True).config.alerting.runbook_url or RUNBOOKS
    catalogues = catalogues_of(the_definitions(file, config).catalogue, load_alerts(), load_metrics(), runbooks=address)
    scope = _incident(kind, incident, start, end, plane or []) if incident or start or end or plane else None
    files = _files(kind, catalogues) if scope is None else grafana.incident_files(catalogues, scope)
    return _differences(files, out) if check else _write(files, out)


def _incident(kind: str, incident: str, start: str, end: str, planes: list[str]) -> IncidentScope:
    """What a dashboard of one incident is about. Raises: ConfigError when that is not said."""
    if kind != "grafana" or not incident or not start:
        raise ConfigError("a dashboard of an incident is one of Grafana.", mend="Write: export grafana --incident INC-7 --start INSTANT.")
    since = _instant("--start", start)
    until = _instant("--end", end) if end else "now"
    return IncidentScope(id=incident, since=since, until=until, planes=tuple(planes or PLANES))


def _instant(option: str, text: str) -> str:
    """The instant in UTC, whatever zone it was given in."""
    try:
        return format_instant(parse_instant(text))
    except ValueError as error:
        raise ConfigError(f"{error}.", path=option) from error


def _files(kind: str, catalogues: Catalogues) -> Files:
    if kind == _ALL:
        return {f"{name}/{path}": text for name, make in GENERATORS.items() for path, text in make(catalogues).items()}
    if kind not in GENERATORS:
        raise ConfigError(f"there is no {kind!r} to write.", path="KIND", mend=f"Choose one of {', '.join((*GENERATORS, _ALL))}.")
    return GENERATORS[kind](catalogues)


def _differences(files: Files, out: Path) -> int:
    different = [path for path, text in files.items() if _there(out / path) != text]
    for path in different:
        print_error(f"{out / path} is not what the definitions say. Write it again with `surewire export`.")
    return 1 if different else 0


def _write(files: Files, out: Path) -> int:
    for path, text in files.items():
        if _there(out / path) != text:
            _replace(out / path, text)
        print(out / path)
    return 0


def _replace(path: Path, text: str) -> None:
    # In one step, so that a tool that reloads at this moment reads the old file or the new one.
    unfinished = path.with_name(f".{path.name}.unfinished")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished.write_text(text, "utf-8", newline="\n")
        unfinished.replace(path)
    except OSError as error:
        raise ConfigError(f"{path} cannot be written: {error.strerror}.", path="--out") from error


def _there(path: Path) -> str | None:
    try:
        return path.read_bytes().decode("utf-8", "replace")
    except OSError:
        return None

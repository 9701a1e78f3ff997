"""The model as documents: the reference page for people and the JSON schema for editors."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import msgspec

from surewire.config.environment import OTHER_VARIABLES, variable
from surewire.config.model import Config
from surewire.config.settings import ANY_ITEM, Section, Setting, sections

__all__ = ["json_schema", "reference_page"]

_INTRODUCTION: Final = """\
# Configuration

<!-- Made by `surewire config --reference`; edit src/surewire/config/model.py instead. -->

Nothing has to be set: `surewire serve` without a configuration stores in `./surewire-data` and serves on `http://127.0.0.1:8080`.

A value comes from a TOML file (`--config surewire.toml`), an environment variable, or a flag; a later one of these wins, and a list is
replaced, never merged. `surewire config --show` prints what holds and where each value came from, `surewire config --check` only
whether it is right, `surewire config --schema` a JSON schema for editors. Unknown names and values that do not fit are errors.

```toml
[[listeners]]
host = "127.0.0.1"
port = 8080

[limits]
max_connections = 50_000
```

The same limit from the environment: `SUREWIRE_LIMITS__MAX_CONNECTIONS=50000`. Lists are JSON, or plain values separated by commas:
`SUREWIRE_EVENTS__TYPES=now_playing,doorbell`, `SUREWIRE_LISTENERS='[{"port": 8080}]'`. Relative paths start at the working directory.

You name the tables `[notify.NAME]` yourself, in letters a to z, digits and dashes. In the name of a variable, letters are capital and a
dash is `_`, so a secret need not stand in the file. Layers are merged setting by setting, and any of them may give the `type`.
"""


def reference_page() -> str:
    """Markdown with every setting: what it takes, its unit, its default, its meaning, its environment variable."""
    parts = [_INTRODUCTION, *(_section(section) for section in sections()), _other_variables()]
    return "\n".join(parts)


def json_schema() -> dict[str, Any]:
    """The configuration file as JSON Schema 2020-12; everything is optional."""
    (schema,), definitions = msgspec.json.schema_components([Config], ref_template="#/$defs/{name}")
    for definition in definitions.values():
        # A tag is required on the wire, but a section without a `type` has the default back end.
        if _tag(definition) not in _KINDS:
            definition.pop("required", None)
    plain: dict[str, Any] = msgspec.json.decode(msgspec.json.encode({**schema, "$defs": definitions}))
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "surewire configuration", **plain}


_KINDS: Final = {section.kind for section in sections() if section.kind}


def _tag(definition: dict[str, Any]) -> str:
    enum: list[str] = definition.get("properties", {}).get("type", {}).get("enum", [""])
    return enum[0]


def _section(section: Section) -> str:
    rows = "\n".join(_row(setting) for setting in section.settings)
    head = "| setting | takes | unit | default | meaning | variable |\n|---|---|---|---|---|---|"
    return f"## {_title(section)}\n\n{section.about}\n\n{head}\n{rows}\n"


def _title(section: Section) -> str:
    if not section.path:
        return "Top level"
    name = ".".join(str(step) for step in section.path if step != ANY_ITEM)
    if section.kind:
        return f"`[{name}]` of type `{section.kind}`"
    return f"`[[{name}]]`" if section.is_list else f"`[{name}]`"


def _row(setting: Setting) -> str:
    cells = [
        f"`{setting.path[-1]}`",
        setting.allowed,
        setting.unit,
        _default(setting.default),
        setting.description,
        f"`{variable(setting.path)}`",
    ]
    return f"| {' | '.join(cells)} |"


def _default(value: Any) -> str:
    if value is msgspec.NODEFAULT:
        return "must be set"
    return "" if value is None else f"`{msgspec.json.encode(value).decode()}`"


def _other_variables() -> str:
    return "\n".join(_other_rows()) + "\n"


def _other_rows() -> Iterator[str]:
    yield "## Other environment variables\n\n| variable | meaning |\n|---|---|"
    for name, meaning in OTHER_VARIABLES.items():
        yield f"| `{name}` | {meaning} |"
    yield "\nAny other variable that starts with `SUREWIRE_` is an error, but for those that Kubernetes sets beside a service of the name"
    yield "surewire (`SUREWIRE_SERVICE_…`, `SUREWIRE_PORT…`)."

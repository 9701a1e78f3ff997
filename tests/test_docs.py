"""The documentation tells the truth, and all of it: what it says is compared with the code that does it."""

from __future__ import annotations

import ast
import importlib
import json
import re
from typing import Any

import msgspec
import pytest

from surewire.alerting.kept_silences import MAX_PATTERNS, MAX_SILENCES
from surewire.cli import GROUPS, application
from surewire.client import Client, HttpApi
from surewire.client import __all__ as client_names
from surewire.client.link import LinkOwner
from surewire.config.environment import OTHER_VARIABLES, variable
from surewire.config.model import Config
from surewire.config.model import Limits as LimitSettings
from surewire.config.settings import sections
from surewire.contract.catalogue import load_metrics
from surewire.domain.chat import Chat
from surewire.domain.event import BUILT_IN_TYPES, PRIORITIES, SEVERITIES, STATES, Event
from surewire.domain.filters import Filters
from surewire.http.deadline import TIMEOUT_S
from surewire.http.front_limits import FrontLimits
from surewire.http.problem import STATUSES, Problem
from surewire.http.routes import ROUTES, events, messages
from surewire.ports.message_store import PAGE_BYTES, Delivery
from surewire.protocol import client_messages, server_messages
from surewire.protocol.codec import NOT_BUILT_YET
from surewire.protocol.codes import ERROR_CODES, CloseCode
from surewire.protocol.session import ERROR_WINDOW_S, MAX_ERRORS
from surewire.streams.page import PageLimits
from surewire.telemetry.log_lines import fields_in_order
from surewire.telemetry.readiness import ReadinessReport
from tests.documentation import PAGES, ROOT, Block, anchors, blocks, commands, links, read, section, table

PROTOCOL, OPERATIONS, CLIENT = "docs/protocol.md", "docs/operations.md", "docs/client.md"
STRUCTS: dict[str, Any] = {
    shape.__name__: shape
    for shape in (
        *(Chat, Delivery, Problem, ReadinessReport, messages.SentMessage, messages.HistoryPage),
        *(events.EventBatch, events.EventPage, events.PublishedEvent, events.PublishedBatch),
    )
}
REQUESTS = {"EventBatch"}
CLIENT_TYPES = {struct.__struct_config__.tag: struct for struct in client_messages.ClientMessage.__args__}
SERVER_TYPES = {struct.__struct_config__.tag: struct for struct in server_messages.ServerMessage.__args__}


def schema_of(kind: str) -> dict[str, Any]:
    """The fields of a client message as a JSON schema."""
    struct = CLIENT_TYPES[kind]
    fields: dict[str, Any] = msgspec.json.schema(struct)["$defs"][struct.__name__]["properties"]
    return fields


FRONT_LIMITS = FrontLimits.configured(Config().limits)

BUILT_IN_LIMITS = {
    "malformed messages of a connection": MAX_ERRORS - 1,
    "time for the commit of a POST, PUT, PATCH or DELETE": TIMEOUT_S,
    "chats in a `sync_request`": schema_of("sync_request")["chats"]["maxItems"],
    "messages per chat in a `sync_request`": schema_of("sync_request")["limit"]["maximum"],
    "messages of a `history`": schema_of("history")["limit"]["maximum"],
    "a page of any kind": PAGE_BYTES,
    "events of a recovery page": PageLimits().events,
    "silences that are not over": MAX_SILENCES,
    "patterns in their matchers, all together": MAX_PATTERNS,
    "HTTP connections at work": FRONT_LIMITS.max_plain_connections,
    "connections of all kinds": FRONT_LIMITS.max_sockets,
    "HTTP bodies on their way, all together": FRONT_LIMITS.max_bodies_bytes,
}


def words(cell: str) -> list[str]:
    """What stands in code marks."""
    return re.findall(r"(?<!`)`([^`\n]+)`(?!`)", cell)


def numbers(cell: str) -> list[float]:
    return [float(number.replace(",", "")) for number in re.findall(r"\d[\d,]*", cell)]


def whole_prose() -> str:
    return "\n".join(read(page) for page in PAGES if page.name != "metrics.md")


def agrees(example: Any, again: Any, *, is_whole: bool) -> bool:
    """Whether the code reads an example as it stands: nothing passed over, and (whole) nothing left out that the code would write."""
    if isinstance(example, dict) and isinstance(again, dict):
        named = example.keys() >= again.keys() if is_whole else True
        return named and all(key in again and agrees(value, again[key], is_whole=is_whole) for key, value in example.items())
    if isinstance(example, list) and isinstance(again, list):
        return len(example) == len(again) and all(agrees(one, other, is_whole=is_whole) for one, other in zip(example, again, strict=True))
    return bool(example == again)


def check(example: Any, shape: Any, *, is_whole: bool) -> None:
    again = msgspec.json.decode(msgspec.json.encode(msgspec.json.decode(json.dumps(example), type=shape)))
    assert agrees(example, again, is_whole=is_whole), f"{example}\nis for the code\n{again}"


def check_message(example: dict[str, Any]) -> None:
    kind = example["type"]
    check(example, (CLIENT_TYPES | SERVER_TYPES)[kind], is_whole=kind in SERVER_TYPES)


# ---- links


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_within_the_project_leads_somewhere(page: Any) -> None:
    dead: list[str] = []
    for link in links(page):
        path, _, anchor = link.partition("#")
        target = page if not path else (page.parent / path).resolve()
        if "://" in link or path.startswith("mailto:"):
            continue
        if not target.exists() or (anchor and anchor not in anchors(target)):
            dead.append(link)
    assert dead == []


def test_every_page_of_the_documentation_is_in_its_index() -> None:
    index = set(links(ROOT / "docs" / "README.md"))
    assert {page.name for page in (ROOT / "docs").glob("*.md")} - {"README.md"} <= index


def test_every_file_that_the_architecture_names_exists() -> None:
    roots = (ROOT, ROOT / "src" / "surewire", ROOT / "src" / "surewire" / "adapters")
    named = [word for word in words(read("ARCHITECTURE.md")) if re.fullmatch(r"\w[\w/]*(?:\.py|/)", word)]
    assert len(named) > 20
    assert [name for name in named if not any((root / name).exists() for root in roots)] == []


# ---- examples


@pytest.mark.parametrize("block", blocks("json"), ids=str)
def test_every_json_example_is_what_the_code_reads_and_writes(block: Block) -> None:
    example = json.loads(block.text)
    if block.name == "LogLine":
        assert list(fields_in_order("info", {"logger_name": "durability.retention", "event": ""})) == list(example)[:5]
    elif block.name:
        check(example, STRUCTS[block.name], is_whole=block.name not in REQUESTS)
    else:
        check_message(example)


@pytest.mark.parametrize("block", blocks("text", pages=[ROOT / PROTOCOL]), ids=str)
def test_every_conversation_is_one_that_can_be_had(block: Block) -> None:
    said = re.findall(r"^([CS])  (.*)$", block.text, re.MULTILINE)
    assert said
    for who, text in said:
        example = json.loads(text)
        assert example["type"] in (CLIENT_TYPES if who == "C" else SERVER_TYPES)
        check_message(example)


def test_every_message_has_an_example() -> None:
    shown = {json.loads(block.text).get("type") for block in blocks("json", pages=[ROOT / PROTOCOL]) if not block.name}
    assert (CLIENT_TYPES.keys() | SERVER_TYPES.keys()) - shown == set()


@pytest.mark.parametrize("block", blocks("python"), ids=str)
def test_every_python_example_compiles_and_imports_what_there_is(block: Block) -> None:
    tree = ast.parse(block.text)
    imports = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    for node in imports:
        module = importlib.import_module(node.module or "")
        assert [name.name for name in node.names if not hasattr(module, name.name)] == []


@pytest.mark.parametrize("block", blocks("sh"), ids=str)
def test_every_command_that_is_shown_exists(block: Block) -> None:
    targets = set(re.findall(r"^([a-z-]+):", read("Makefile"), re.MULTILINE))
    for command, *arguments in commands(block):
        if command.rpartition("/")[2] == "surewire":
            application().parse_args(arguments, print_error=False, exit_on_error=False)
        elif command == "make":
            assert arguments[0] in targets


# ---- the protocol's tables


def test_every_message_a_client_may_send_is_in_the_table_of_requests() -> None:
    listed = {words(row[0])[0] for row in table(section(PROTOCOL, "2. Messages in general")) if words(row[0])}
    assert listed == CLIENT_TYPES.keys()


def test_what_is_not_built_is_said() -> None:
    assert set(NOT_BUILT_YET) <= set(words(section(PROTOCOL, "11. Not supported yet")))


def test_every_error_code_is_in_its_table_with_its_status() -> None:
    rows = {words(row[0])[0]: numbers(row[1]) for row in table(section(PROTOCOL, "8. Error codes"))}
    assert list(rows) == list(ERROR_CODES)
    assert [code for code, statuses in rows.items() if STATUSES[code] not in statuses] == []


def test_every_close_code_is_in_its_table() -> None:
    assert [int(row[0]) for row in table(section(PROTOCOL, "7. Close codes"))] == list(CloseCode)


def test_every_route_is_in_the_table_of_the_http_api() -> None:
    listed = {route for row in table(section(PROTOCOL, "9. HTTP API")) for route in words(row[0])}
    routes = {
        f"{method} {re.sub(r':[a-z]+}', '}', path)}" for route in ROUTES for path in route.paths for method in route.http_methods - {"HEAD"}
    }
    assert listed == routes


def test_every_limit_is_in_the_table_of_limits() -> None:
    settings = {name for row in table(section(PROTOCOL, "10. Limits")) for name in words(row[2])}
    assert settings == set(LimitSettings.__struct_fields__) - {"compression"}


@pytest.mark.parametrize("row", table(section(PROTOCOL, "10. Limits")), ids=lambda row: row[0])
def test_a_limit_is_what_the_table_says(row: list[str]) -> None:
    what, most, setting, _ = row
    defaults = Config().limits
    expected = [float(getattr(defaults, name)) for name in words(setting)] or [float(BUILT_IN_LIMITS[what])]
    assert numbers(most)[: len(expected)] == expected


def test_the_text_names_the_limits_it_means() -> None:
    assert f"within {ERROR_WINDOW_S:g} s" in section(PROTOCOL, "10. Limits")
    assert f"100 at most, {Config().limits.messages_per_s:g} more each second" in read(PROTOCOL)


def test_every_attribute_of_an_event_is_described() -> None:
    rows = {words(row[0])[0]: words(row[1]) for row in table(section(PROTOCOL, "Events on the wire"))}
    assert list(rows) == list(Event.__struct_fields__)
    assert (rows["severity"], rows["state"], rows["priority"]) == (list(SEVERITIES), list(STATES), list(PRIORITIES))


def test_every_built_in_event_type_is_named() -> None:
    assert set(BUILT_IN_TYPES) - set(words(section(PROTOCOL, "Events on the wire"))) == set()


def test_every_filter_is_described() -> None:
    listed = [name for row in table(section(PROTOCOL, "Filters")) for name in words(row[0])]
    assert sorted(listed) == sorted(Filters.__struct_fields__)


# ---- settings, metrics, commands, the client


def test_every_setting_that_is_named_exists() -> None:
    known = {(str(setting.path[0]), setting.path[-1]) for section in sections() for setting in section.settings}
    mentioned = re.findall(r"`\[{1,2}(\w+)\]{1,2} (\w+)(?: = [^`]*)?`", whole_prose())
    assert mentioned
    assert set(mentioned) - known == set()


def test_every_variable_that_is_named_exists() -> None:
    known = {variable(setting.path) for section in sections() for setting in section.settings} | set(OTHER_VARIABLES)
    mentioned = set(re.findall(r"\bSUREWIRE_[A-Z_]*[A-Z]\b", whole_prose()))
    assert {name for name in mentioned if name not in known and not name.endswith(("SECTION__FIELD", "SERVICE", "PORT"))} == set()


def test_every_metric_that_is_named_exists() -> None:
    canonical = load_metrics().canonical
    parts = {f"{name}_{part}" for name, metric in canonical.items() if metric.type == "histogram" for part in ("bucket", "count", "sum")}
    mentioned = set(re.findall(r"\b(?:gateway|durability|fanout|messaging)_[a-z_]+[a-z]\b", whole_prose()))
    assert mentioned
    assert mentioned - canonical.keys() - parts == set()


def test_every_command_is_described() -> None:
    app = application()
    listed = {words(row[0])[0].removeprefix("surewire ") for row in table(section(OPERATIONS, "Commands"))}
    names = [name for name in app if not name.startswith("-")]
    inner = {f"{group} {name}" for group in GROUPS for name in app[group] if not name.startswith("-")}
    there = {name for name in names if name not in GROUPS} | inner
    assert listed == there


def test_every_name_of_the_client_is_described() -> None:
    described = set(re.findall(r"\w+", read(CLIENT)))
    inner = {"OnNotice", "Notice"}
    assert set(client_names) - described - inner == set()


@pytest.mark.parametrize("shape", [Client, HttpApi])
def test_every_method_of_the_client_is_described_and_no_other(shape: type) -> None:
    called = {"Client": "client", "HttpApi": "api"}[shape.__name__]
    internal = set(vars(LinkOwner)) | {"close"} if shape is Client else set()
    public = {name for name in vars(shape) if not name.startswith("_")} - internal
    assert public - set(re.findall(r"\w+", read(CLIENT))) == set()
    assert [name for name in re.findall(rf"\b{called}\.(\w+)", read(CLIENT)) if not hasattr(shape, name)] in ([], ["user_id"])

"""Every setting with its meaning, unit, bounds and default. An empty configuration is valid and runs.

A setting is a field here and nothing else: the reference page, the JSON schema, the environment's names and the errors are made from
these structs. A section with a `type` says which back end serves it; each back end is a struct of its own.
"""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from surewire.config.grafana import Grafana
from surewire.config.kinds import (
    SECONDS,
    Count,
    Duration,
    FileName,
    FilePath,
    Host,
    Origin,
    Rate,
    Size,
    TargetName,
    TypeName,
    Url,
    about,
)
from surewire.config.notify import NotifyTarget
from surewire.domain.event import Channel

__all__ = [
    "Alerting",
    "Config",
    "Diagnostics",
    "Drain",
    "EmbeddedLog",
    "Events",
    "Grafana",
    "Heartbeat",
    "Limits",
    "Listener",
    "LocalRouter",
    "OpenAuth",
    "Retention",
    "ServiceLevels",
    "SqliteStore",
    "Telemetry",
]


class Listener(Struct, frozen=True, forbid_unknown_fields=True):
    """An address to serve on. Every listener serves everything: WebSocket, HTTP and metrics."""

    host: Annotated[Host, about("Address or host name to bind to. Other than loopback needs authentication, or `serve --insecure`.")] = (
        "127.0.0.1"
    )
    port: Annotated[int, about("TCP port; 0 picks a free one.", ge=0, le=65_535)] = 8080
    channel: Annotated[Channel | None, about("Every connection made here is subscribed to this channel at once.")] = None
    tls_certificate: Annotated[
        FilePath | None, about("PEM file with the certificate and its chain; with `tls_key`, only TLS is served.")
    ] = None
    tls_key: Annotated[FilePath | None, about("PEM file with the certificate's private key.")] = None


class OpenAuth(Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", tag="open"):
    """Who may connect. `open`: everyone is who they say they are, so only on loopback."""

    allowed_origins: Annotated[
        tuple[Origin, ...],
        about("Origins (`https://app.example`) of pages that may connect besides those of the server's own origin."),
    ] = ()


class Limits(Struct, frozen=True, forbid_unknown_fields=True):
    """What one client, one chat and the whole process may use."""

    max_connections: Annotated[Count, about("Connections open at once in the process.")] = 10_000
    connections_per_user: Annotated[Count, about("Connections open at once per user.")] = 5
    connections_per_address: Annotated[Count, about("Connections open at once per client address; loopback is exempt.")] = 20
    accept_rate_per_s: Annotated[Rate, about("New connections accepted, sustained.")] = 200.0
    accept_burst: Annotated[Count, about("New connections accepted at once before `accept_rate_per_s` holds.")] = 400
    permit_wait_s: Annotated[Duration, about("How long a new connection waits for room when `max_connections` are open.")] = 5.0
    permit_queue: Annotated[int, about("New connections of one client that may wait for room at once; 0 refuses them.", ge=0, le=10**9)] = (
        10
    )
    head_timeout_s: Annotated[Duration, about("From connecting to the end of the request head.")] = 10.0
    body_timeout_s: Annotated[Duration, about("From the end of a request head to the end of its body.")] = 30.0
    upgrade_timeout_s: Annotated[
        Duration, about("From the first byte of a WebSocket upgrade to its answer, waiting for room included.")
    ] = 10.0
    max_target_bytes: Annotated[Size, about("Longest request target, path and query.")] = 8_192
    max_header_bytes: Annotated[Size, about("Longest request head, its target and all its headers together.")] = 16_384
    max_headers: Annotated[Count, about("Header lines of a request.")] = 100
    max_body_bytes: Annotated[Size, about("Longest body of an HTTP request, however it is sent.")] = 1_048_576
    max_message_bytes: Annotated[Size, about("Largest WebSocket message from a client.")] = 65_536
    max_fragments: Annotated[Count, about("Fragments of one WebSocket message.")] = 1_024
    max_json_depth: Annotated[
        int, about("How deep JSON of a client's own choosing may be nested: an event's `data`, a ping's `timestamp`.", ge=1, le=256)
    ] = 32
    max_content_bytes: Annotated[Size, about("Largest content of a chat message, in UTF-8.")] = 16_384
    max_subscriptions: Annotated[Count, about("Subscriptions per connection.")] = 100
    max_filter_values: Annotated[Count, about("Values that the filters of one subscription name in all.")] = 1_000
    messages_per_s: Annotated[Rate, about("Messages from one connection, sustained.")] = 50.0
    burst: Annotated[Count, about("Messages from one connection at once before `messages_per_s` holds.")] = 100
    chat_messages_per_s: Annotated[Rate, about("Messages from one sender to one chat, sustained.")] = 10.0
    chat_burst: Annotated[Count, about("Messages from one sender to one chat at once before `chat_messages_per_s` holds.")] = 20
    max_event_bytes: Annotated[Size, about("Largest event, as JSON.")] = 65_536
    max_batch_events: Annotated[Count, about("Events that may be published together.")] = 1_000
    outbound_messages: Annotated[Count, about("Messages that may wait for a slow client.")] = 1_000
    outbound_bytes: Annotated[Size, about("Bytes that may wait for a slow client.")] = 1_048_576
    slow_consumer_grace_s: Annotated[Duration, about("How long a client's buffer may stay full before the connection is closed.")] = 5.0
    max_members: Annotated[Count, about("Members of a chat.")] = 1_000
    compression: Annotated[bool, about("Offer permessage-deflate. This version cannot.")] = False


class Heartbeat(Struct, frozen=True, forbid_unknown_fields=True):
    """How the server tells who is still there."""

    interval_s: Annotated[
        float, about("Time between WebSocket pings to each connection; 0 sends none.", ge=0, le=366 * 86_400, extra=SECONDS)
    ] = 30.0
    timeout_s: Annotated[Duration, about("How long a ping may stay unanswered; shorter than `interval_s`.")] = 10.0
    session_timeout_s: Annotated[Duration, about("A connection from which nothing at all came for this long is closed.")] = 300.0
    sweep_interval_s: Annotated[
        Duration, about("How often all connections are looked at; time-outs are noticed this much late at most.")
    ] = 1.0


class Drain(Struct, frozen=True, forbid_unknown_fields=True):
    """How the server ends on SIGTERM or SIGINT."""

    timeout_s: Annotated[Duration, about("How long clients get to leave before they are cut off.")] = 30.0


class SqliteStore(Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", tag="sqlite"):
    """Where chats and messages are kept. `sqlite`: one file, every acknowledged message on disk."""

    path: Annotated[FileName, about("Name of the database file inside the data folder.")] = "surewire.db"


class Events(Struct, frozen=True, forbid_unknown_fields=True):
    """The events stream."""

    history_events: Annotated[Count, about("Events kept for clients that come back.")] = 10_000
    history_s: Annotated[Duration, about("How long an event is kept for clients that come back.")] = 86_400.0
    queue_events: Annotated[Count, about("Events that may wait to be stored before publishers are refused.")] = 10_000
    types: Annotated[
        tuple[TypeName, ...], about("Event types, besides the built-in ones, that metrics name; others count as `other`.")
    ] = ()


class EmbeddedLog(Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", tag="embedded"):
    """What carries committed messages to their delivery. `embedded`: the store itself, in this process."""


class LocalRouter(Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", tag="local"):
    """What finds a member's connections. `local`: all of them are in this process."""


class Retention(Struct, frozen=True, forbid_unknown_fields=True):
    """How long things are kept."""

    messages_days: Annotated[float, about("Age at which chat messages are removed.", gt=0, le=36_500, extra={"unit": "days"})] = 30.0
    sessions_s: Annotated[
        float, about("How long the state of a client that left is kept. This version keeps none.", gt=0, le=300, extra=SECONDS)
    ] = 300.0
    cleanup_interval_s: Annotated[Duration, about("Time between removals of what is too old.")] = 60.0


class ServiceLevels(Struct, frozen=True, forbid_unknown_fields=True):
    """The service levels that the server holds itself to."""

    file: Annotated[FilePath | None, about("YAML file with objectives; without one, those that come with surewire.")] = None
    evaluate_every_s: Annotated[float, about("Time between two looks at all objectives and alerts.", ge=1, le=60, extra=SECONDS)] = 15.0
    events: Annotated[bool, about("Publish changes of state and alerts to the stream, as `slo_state_changed` and `alert_received`.")] = True


class Alerting(Struct, frozen=True, forbid_unknown_fields=True):
    """How people are told about alerts. Each way to reach them is a `[notify.NAME]`."""

    runbook_url: Annotated[
        Url | None, about("Address that notifications link runbooks under; without one, `/runbooks/` of the first listener.")
    ] = None
    retry_first_s: Annotated[
        Duration, about("Longest wait after the first failed attempt to tell a target; it doubles with every other.")
    ] = 2.0
    retry_most_s: Annotated[Duration, about("Longest wait between two attempts.")] = 300.0
    give_up_after_s: Annotated[
        Duration, about("How long a notification is tried. Then it is a dead letter, and the target gets the next one.")
    ] = 14_400.0


class Telemetry(Struct, frozen=True, forbid_unknown_fields=True):
    """What the server tells about itself. Logs go to standard error, metrics to `/metrics`."""

    profiles: Annotated[
        tuple[Literal["sla", "phase0", "stream"], ...],
        about("Families of metric names shown besides the canonical ones, from the same numbers."),
    ] = ("sla", "phase0", "stream")
    log_level: Annotated[Literal["debug", "info", "warning", "error"], about("Least level that is logged.")] = "info"
    log_format: Annotated[Literal["auto", "json", "console"], about("`auto`: lines for people on a terminal, JSON otherwise.")] = "auto"


class Diagnostics(Struct, frozen=True, forbid_unknown_fields=True):
    """Aids for testing a server."""

    echo: Annotated[bool, about("Serve `/echo`, a WebSocket that sends everything back, for conformance tests.")] = False


class Config(Struct, frozen=True, forbid_unknown_fields=True):
    """Everything that can be set."""

    data_dir: Annotated[FilePath, about("Folder for everything that is stored; made when missing.")] = "surewire-data"
    listeners: Annotated[tuple[Listener, ...], Meta(min_length=1, max_length=64)] = (Listener(),)
    auth: OpenAuth = OpenAuth()
    limits: Limits = Limits()
    heartbeat: Heartbeat = Heartbeat()
    drain: Drain = Drain()
    store: SqliteStore = SqliteStore()
    events: Events = Events()
    log: EmbeddedLog = EmbeddedLog()
    router: LocalRouter = LocalRouter()
    retention: Retention = Retention()
    slo: ServiceLevels = ServiceLevels()
    alerting: Alerting = Alerting()
    notify: Annotated[dict[TargetName, NotifyTarget], Meta(max_length=64)] = {}
    grafana: Grafana = Grafana()
    telemetry: Telemetry = Telemetry()
    diagnostics: Diagnostics = Diagnostics()

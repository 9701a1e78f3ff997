"""Ways to reach people: one struct a kind of target, each a table `[notify.NAME]` with its `type`."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from msgspec import Meta, Struct

from surewire.config.kinds import Address, Duration, Host, Url, about, hidden

__all__ = ["Email", "Jira", "NotifyTarget", "PagerDuty", "Slack", "Webhook"]

_TIMEOUT: Final = about("How long one attempt may take, from the look-up of the name to the answer.")
_ALLOW_PRIVATE: Final = about("Allow a target at a loopback, private or link-local address, which is refused otherwise.")
# What Standard Webhooks asks of a secret: 24 to 64 bytes in base64, after a prefix that names the scheme.
_SIGNING_KEY: Final = r"^whsec_[A-Za-z0-9+/]{32,86}={0,2}$(?!\n)"
_SIGNING_KEY_WORDS: Final = "`whsec_` and 24 to 64 random bytes in base64"


class _Target(Struct, frozen=True):
    def __repr__(self) -> str:
        """Without the values: some are secrets, and this ends up in logs."""
        return f"<{type(self).__name__}>"


class PagerDuty(_Target, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="type", tag="pagerduty"):
    """A service of PagerDuty, by its Events API v2. `[notify.pagerduty-high]` and `[notify.pagerduty-low]` are those that severities
    name."""

    routing_key: Annotated[str, hidden("Integration key of the service.", "32 letters and digits", pattern=r"^[A-Za-z0-9]{32}$(?!\n)")]
    url: Annotated[Url, about("Where events are sent; the service region of Europe has another.")] = (
        "https://events.pagerduty.com/v2/enqueue"
    )
    timeout_s: Annotated[Duration, _TIMEOUT] = 10.0
    allow_private: Annotated[bool, _ALLOW_PRIVATE] = False


class Slack(_Target, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="type", tag="slack"):
    """A channel of Slack, by an incoming webhook. `[notify.slack]` is the one that severities name."""

    webhook_url: Annotated[
        str,
        hidden(
            "The webhook's address, which is a secret itself.",
            "an address such as `https://hooks.slack.com/…`",
            pattern=r"^https?://[!-~]+$(?!\n)",
        ),
    ]
    timeout_s: Annotated[Duration, _TIMEOUT] = 10.0
    allow_private: Annotated[bool, _ALLOW_PRIVATE] = False


class Jira(_Target, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="type", tag="jira"):
    """A project of Jira: one ticket for each trouble, with a comment for every notification after the first. `[notify.jira]` is the one
    that severities name."""

    url: Annotated[Url, about("Address of the site, such as `https://example.atlassian.net`.")]
    project: Annotated[str, about("Key of the project.", pattern=r"^[A-Z][A-Z0-9_]{1,254}$(?!\n)", extra={"takes": "a key such as `OPS`"})]
    api_token: Annotated[str, hidden("API token of the user; of a server, a personal access token.", "text", min_length=1)]
    user: Annotated[str, about("E-mail address of the token's user in the cloud; empty for a personal access token.", max_length=254)] = ""
    edition: Annotated[Literal["cloud", "server"], about("`server` for a Jira of one's own, Data Center included.")] = "cloud"
    issue_type: Annotated[str, about("Type of the tickets.", min_length=1, max_length=60)] = "Task"
    timeout_s: Annotated[Duration, _TIMEOUT] = 15.0
    allow_private: Annotated[bool, _ALLOW_PRIVATE] = False


class Email(_Target, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="type", tag="email"):
    """Mailboxes, by a mail server. `[notify.leadership]` gets the weekly report on alerts that cannot be muted."""

    host: Annotated[Host, about("The mail server.")]
    sender: Annotated[Address, about("Address that mail comes from.")]
    recipients: Annotated[tuple[Address, ...], about("Addresses that mail goes to."), Meta(min_length=1, max_length=100)]
    port: Annotated[int, about("TCP port of the mail server: mostly 587 with `starttls`, 465 with `tls`.", ge=1, le=65_535)] = 587
    security: Annotated[
        Literal["starttls", "tls", "none"], about("`starttls` turns encryption on first, `tls` begins with it, `none` has none.")
    ] = "starttls"
    user: Annotated[str, about("User at the mail server; empty to send without one.", max_length=254)] = ""
    password: Annotated[str, hidden("Password of the user.", "text")] = ""
    timeout_s: Annotated[Duration, _TIMEOUT] = 20.0
    allow_private: Annotated[bool, _ALLOW_PRIVATE] = False


class Webhook(_Target, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="type", tag="webhook"):
    """Any program, by a POST that is signed as Standard Webhooks describes."""

    url: Annotated[Url, about("Where it is sent.")]
    secret: Annotated[str, hidden("What it is signed with.", _SIGNING_KEY_WORDS, pattern=_SIGNING_KEY)]
    previous_secret: Annotated[
        Annotated[str, Meta(pattern=_SIGNING_KEY)] | None,
        hidden("While a secret is replaced: the old one, which signs too.", _SIGNING_KEY_WORDS),
    ] = None
    timeout_s: Annotated[Duration, _TIMEOUT] = 10.0
    allow_private: Annotated[bool, _ALLOW_PRIVATE] = False


NotifyTarget = PagerDuty | Slack | Jira | Email | Webhook

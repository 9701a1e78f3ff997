"""Jira, in the cloud or of one's own: https://developer.atlassian.com/cloud/jira/platform/rest/v2/intro/"""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha256
from typing import Any, Final

import msgspec

from surewire.adapters.webhook.http_sender import JSON, HttpSender
from surewire.config.notify import Jira
from surewire.ports.notification_words import headline, shortened, text
from surewire.ports.notifier import Notification, NotifyError

__all__ = ["JiraNotifier"]

_MAX_SUMMARY: Final = 255
_MAX_TEXT: Final = 32_767
_SEARCH: Final = {"cloud": "/rest/api/2/search/jql", "server": "/rest/api/2/search"}


class _Issue(msgspec.Struct, frozen=True):
    key: str


class _Found(msgspec.Struct, frozen=True):
    issues: tuple[_Issue, ...] = ()


class JiraNotifier:
    """One open ticket for each `dedup_key`, found again by a label; what follows is a comment. Closing it is left to people.

    The cloud's search may miss a ticket of the last seconds; then there is a second one.
    """

    __slots__ = ("_headers", "_sender", "_target", "name")

    def __init__(self, name: str, target: Jira, sender: HttpSender) -> None:
        self.name, self._target, self._sender = name, target, sender
        self._headers = {**JSON, "accept": "application/json", "authorization": _authorization(target)}

    async def send(self, notification: Notification) -> None:
        label = "surewire-" + sha256(notification.dedup_key.encode()).hexdigest()[:16]
        found = (await self._search(label)).issues
        words = shortened(text(notification), _MAX_TEXT)
        if found:
            await self._call(f"/rest/api/2/issue/{found[0].key}/comment", {"body": words})
        elif notification.status == "firing":
            await self._call("/rest/api/2/issue", {"fields": self._fields(notification, label, words)})

    async def _search(self, label: str) -> _Found:
        jql = f'project = "{self._target.project}" AND labels = "{label}" AND statusCategory != Done ORDER BY created DESC'
        answer = await self._call(_SEARCH[self._target.edition], {"jql": jql, "maxResults": 1, "fields": ["summary"]})
        try:
            return msgspec.json.decode(answer, type=_Found)
        except msgspec.DecodeError as error:
            raise NotifyError("this is no Jira: its answer to a search is none", is_temporary=False) from error

    def _fields(self, notification: Notification, label: str, words: str) -> dict[str, Any]:
        return {
            "project": {"key": self._target.project},
            "issuetype": {"name": self._target.issue_type},
            "summary": shortened(headline(notification), _MAX_SUMMARY),
            "description": words,
            "labels": ["surewire", label],
        }

    async def _call(self, path: str, body: Any) -> bytes:
        return await self._sender.post(self._target.url.rstrip("/") + path, msgspec.json.encode(body), self._headers)


def _authorization(target: Jira) -> str:
    if not target.user:
        return f"Bearer {target.api_token}"
    return "Basic " + b64encode(f"{target.user}:{target.api_token}".encode()).decode()

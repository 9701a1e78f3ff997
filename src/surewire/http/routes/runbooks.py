"""`/runbooks`: what to do when an alert fires. Notifications lead here, and there may be no other network to read it from."""

from __future__ import annotations

from typing import Final, cast

from surewire.contract.runbooks import load_runbook, runbook_numbers
from surewire.errors import ClientError
from surewire.http.call import Call
from surewire.http.operation import Answered, Operation, serves
from surewire.http.reply import Reply

__all__ = ["ROUTES"]

_MARKDOWN: Final = b"text/markdown; charset=utf-8"
_CACHED: Final = ((b"cache-control", b"public, max-age=300"),)


@serves(
    "GET",
    "/runbooks/{runbook:str}",
    Operation(
        summary="Read what to do about an alert",
        tag="documents",
        description="`RB-001`, with or without `.md`.",
        answers={200: Answered("The runbook, in Markdown.", str, content_type="text/markdown")},
        refusals=(404,),
        takes_caller=False,
    ),
)
async def read_runbook(request: Call) -> Reply:
    # Pages lead to each other as files do.
    number = cast("str", request.path_params["runbook"]).removesuffix(".md")
    if number not in runbook_numbers():
        raise ClientError("NOT_FOUND", "there is no such runbook")
    return Reply(200, load_runbook(number).text.encode(), _MARKDOWN, _CACHED)


ROUTES: Final = (read_runbook,)

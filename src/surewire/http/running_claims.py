"""The `Idempotency-Key`s of requests that are being answered: what no store can know."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from typing import Final

from surewire.errors import ClientError
from surewire.ports.idempotency import Claim

__all__ = ["HEADER", "RunningClaims"]

HEADER: Final = "Idempotency-Key"
_Place = tuple[str, str, str, str]


class RunningClaims:
    """The claims of the requests that this process is answering now."""

    __slots__ = ("_places",)

    def __init__(self) -> None:
        self._places: set[_Place] = set()

    @contextmanager
    def hold(self, claim: Claim) -> Generator[None]:
        """Holds the claim's place. Raises: ClientError `CONFLICT` when another request holds it."""
        place = (claim.owner, claim.method, claim.path, claim.key)
        if place in self._places:
            raise ClientError("CONFLICT", "a request with this key is still running; its answer will be given again", path=HEADER)
        self._places.add(place)
        try:
            yield
        finally:
            self._places.discard(place)

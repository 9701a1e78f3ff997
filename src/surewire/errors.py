"""Every exception of surewire, and nothing else.

    SurewireError
    ├── ConfigError                 the operator's mistake: the CLI prints it and exits 2
    ├── ClientError                 the peer's mistake: `code` and the sentence are sent to the peer
    ├── BackendError                a store, log or router failed; the driver's error is `__cause__`
    │   ├── BackendUnavailableError it may work when tried again
    │   └── BackendCorruptError     stored data contradicts itself: nothing is served from it
    └── MissingDependencyError      a back end's package is not installed; the sentence says how to get it

Data are attributes, the sentence is in `__str__`. A peer sees a `ClientError` and never the text of any other.
"""

from __future__ import annotations

from typing import Any, Final

__all__ = [
    "BackendCorruptError",
    "BackendError",
    "BackendUnavailableError",
    "ClientError",
    "ConfigError",
    "MissingDependencyError",
    "SurewireError",
]


_MAX_QUOTED: Final = 200


class SurewireError(Exception):
    """The root: `except SurewireError` catches what surewire raises on purpose."""


class ConfigError(SurewireError):
    """A setting is wrong. `path` is its dotted name (empty when none), `mend` says what to write instead."""

    def __init__(self, problem: str, *, path: str = "", mend: str = "") -> None:
        self.problem, self.path, self.mend = problem, path, mend
        super().__init__(problem)

    def __str__(self) -> str:
        where = f"{self.path}: " if self.path else ""
        return f"{where}{self.problem}" + (f" {self.mend}" if self.mend else "")


class ClientError(SurewireError):
    """A request that was refused, in the words its sender sees.

    `code` is one of the protocol's error codes and never changes its meaning. `temporary` tells whether the same request may
    succeed later; `retry_after_s` when, if known. `details` is a JSON object for programs. `path` names the wrong field. Both the problem
    and the path may quote the sender; long ones are cut, so that a large request gets no large answer.
    """

    def __init__(
        self,
        code: str,
        problem: str,
        *,
        temporary: bool = False,
        retry_after_s: float | None = None,
        details: dict[str, Any] | None = None,
        path: str = "",
    ) -> None:
        self.code, self.problem, self.temporary = code, _shortened(problem), temporary
        self.retry_after_s, self.details, self.path = retry_after_s, details, _shortened(path)
        super().__init__(code, self.problem)

    def __str__(self) -> str:
        return self.problem


def _shortened(text: str) -> str:
    return text if len(text) <= _MAX_QUOTED else text[:_MAX_QUOTED] + "…"


class BackendError(SurewireError):
    """A back end failed. `backend` names it (`sqlite`); the driver's own error is `__cause__`."""

    def __init__(self, backend: str, problem: str) -> None:
        self.backend, self.problem = backend, problem
        super().__init__(backend, problem)

    def __str__(self) -> str:
        return f"{self.backend}: {self.problem}"


class BackendUnavailableError(BackendError):
    """The back end cannot be used now; the same call may work later."""


class BackendCorruptError(BackendError):
    """What is stored contradicts itself; the back end refuses to serve it."""


class MissingDependencyError(SurewireError):
    """An optional package is needed. `extra` is the name to install it by."""

    def __init__(self, package: str, extra: str) -> None:
        self.package, self.extra = package, extra
        super().__init__(package, extra)

    def __str__(self) -> str:
        return f"{self.package} is not installed: pip install 'surewire[{self.extra}]'"

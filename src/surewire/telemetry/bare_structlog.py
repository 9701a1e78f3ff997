"""structlog without its printer of tracebacks, which imports rich: a seventh of the server's start, for what nobody uses here."""

from __future__ import annotations

import sys
from typing import Any, cast

_modules = cast("dict[str, Any]", sys.modules)
_is_hidden = _modules.setdefault("rich", None) is None  # an import of what is None fails, and structlog does without it
try:
    import structlog
finally:
    if _is_hidden:
        del _modules["rich"]

__all__ = ["structlog"]

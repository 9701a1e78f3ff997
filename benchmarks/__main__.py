"""`python -m benchmarks [NAME…]`: every benchmark, or the named ones, one after the other, because two at once would measure each other."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from typing import Final

HERE: Final = Path(__file__).parent
NAMES: Final = tuple(sorted(module.parent.name for module in HERE.glob("*/__main__.py")))
ARGUMENTS: Final = {"filters": ("--ways", "both,bitmaps,values", "--record")}
"""What makes a benchmark measure all that its README shows, and keep it."""


def main(names: list[str]) -> int:
    """Exit 1 when one failed, 2 for a name that is none."""
    if unknown := set(names) - set(NAMES):
        print(f"no benchmark {', '.join(sorted(unknown))}; there are {', '.join(NAMES)}", file=sys.stderr)
        return 2
    failed = [name for name in names or NAMES if not measured(name)]
    if failed:
        print(f"failed: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


def measured(name: str) -> bool:
    """Runs one benchmark and says which results it has written."""
    command = ("python", "-m", f"benchmarks.{name}", *ARGUMENTS.get(name, ()))
    print(f"$ {' '.join(command)}", flush=True)
    began = time.time()
    done = subprocess.run((sys.executable, *command[1:]), cwd=HERE.parent, check=False)
    results = sorted(result for result in (HERE / name).rglob("*.json") if result.stat().st_mtime >= began)
    written = ", ".join(map(shown, results)) or "none"
    print(f"{name}: {time.time() - began:,.0f} s; method in {shown(HERE / name / 'README.md')}; results in {written}", flush=True)
    return done.returncode == 0


def shown(file: Path) -> str:
    return str(file.relative_to(HERE.parent))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

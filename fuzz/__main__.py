"""`python -m fuzz [NAME …] [--seconds N]`: each target for so long, one after the other; exit 1 when one found something.

With atheris (Linux, CPython up to 3.13) inputs are guided by coverage and kept in `fuzz/corpus`; elsewhere, or with `--plain`, seeds
are changed without guidance.
"""

from __future__ import annotations

import argparse
import importlib.util
import re
import subprocess
import sys
import time
from pathlib import Path

from fuzz.target import NAMES

ROOT = Path(__file__).parents[1]
CORPUS = ROOT / "fuzz" / "corpus"
EXECUTIONS = re.compile(r"stat::number_of_executed_units: (\d+)")
COVERED = re.compile(r"cov: (\d+)")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m fuzz", description="Feeds what reads strangers' bytes with what nobody should send.")
    parser.add_argument("names", nargs="*", choices=[*NAMES, []], metavar="NAME", help=f"{', '.join(NAMES)}; all when none is named")
    parser.add_argument("--seconds", type=int, default=60, help="for each target (60)")
    parser.add_argument("--plain", action="store_true", help="without coverage guidance")
    options = parser.parse_args()
    guided = not options.plain and importlib.util.find_spec("atheris") is not None
    print(f"{'target':<16}{'executions':>12}{'per second':>12}{'edges':>8}  {'coverage-guided' if guided else 'plain'}")
    return max(fuzz(name, options.seconds, guided) for name in options.names or NAMES)


def fuzz(name: str, seconds: int, guided: bool) -> int:
    """Runs one target and prints a line; 1 when it found something, with what the engine says of it."""
    command = ["fuzz.coverage_guided", name, str(CORPUS / name), str(seconds)] if guided else ["fuzz.mutation", name, str(seconds)]
    began = time.monotonic()
    done = subprocess.run([sys.executable, "-m", *command], cwd=ROOT, check=False, capture_output=True, text=True, errors="replace")
    told = done.stdout + done.stderr
    executions = max(map(int, EXECUTIONS.findall(told)), default=0)
    edges = max(map(int, COVERED.findall(told)), default=0)
    rate = executions / (time.monotonic() - began)
    print(f"{name:<16}{executions:>12,}{rate:>12,.0f}{edges or '':>8}  {'FOUND' if done.returncode else ''}", flush=True)
    if done.returncode:
        print("\n".join(told.splitlines()[-60:]))
    return 1 if done.returncode else 0


if __name__ == "__main__":
    sys.exit(main())

"""Runs a command on a machine that stalls: its processes stop now and then, all of them or some, as those of a busy host's guest do.

    python -m tests.stalls pytest tests/acceptance

A test that fails only then waits for the machine and not for what it tests.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections import defaultdict
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

_RUNS_S = 0.5, 4.0
_STALLS_S = 0.2, 2.0
_NOT_RUNNING = "TZX"


class _Process(NamedTuple):
    """As `/proc/PID/stat` has it: see proc_pid_stat(5)."""

    pid: int
    state: str
    parent: int


def _all_processes() -> list[_Process]:
    found: list[_Process] = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            with suppress(OSError):
                state, parent = (folder / "stat").read_text().rpartition(") ")[2].split()[:2]
                found.append(_Process(int(folder.name), state, int(parent)))
    return found


def _family(root: int) -> list[int]:
    """The process and all that came from it, but for those that a test itself has stopped."""
    children: defaultdict[int, list[_Process]] = defaultdict(list)
    for process in _all_processes():
        children[process.parent].append(process)
        if process.pid == root:
            children[0].append(process)
    family: list[_Process] = [process for process in children[0] if process.pid == root]
    for member in family:
        family += children[member.pid]
    return [member.pid for member in family if member.state not in _NOT_RUNNING]


def _stall(root: int, chance: random.Random) -> None:
    """Everything stops, or the tests alone, or all but the tests."""
    family = _family(root)
    stopped = chance.choice((family, family, [root], [pid for pid in family if pid != root]))
    for pid in stopped:
        _signal(pid, signal.SIGSTOP)
    time.sleep(chance.uniform(*_STALLS_S))
    for pid in reversed(stopped):
        _signal(pid, signal.SIGCONT)


def _signal(pid: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, number)


def main(command: list[str], seed: int) -> int:
    """The command's exit status."""
    print(f"seed {seed}", flush=True)
    chance = random.Random(seed)
    with subprocess.Popen(command) as process:
        while process.poll() is None:
            time.sleep(chance.uniform(*_RUNS_S))
            _stall(process.pid, chance)
    return process.returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], int(os.environ.get("SEED", "0")) or random.randrange(1, 1_000_000)))

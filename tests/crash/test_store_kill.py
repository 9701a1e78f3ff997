"""kill -9 in the middle of writing, again and again on the same data: nothing acknowledged is lost, sequences stay gapless.

`SUREWIRE_CRASH_KILLS=200` runs longer.
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
from pathlib import Path

import msgspec

from surewire.domain.message import Message
from tests.crash.store_history import problems_of

ROOT = Path(__file__).parents[2]
KILLS = int(os.environ.get("SUREWIRE_CRASH_KILLS", "4"))


def acknowledged_until_killed(folder: Path, life: int, lines: int) -> list[Message]:
    """What a process acknowledged before it was killed, after so many lines."""
    command = [sys.executable, "-m", "tests.crash.store_victim", str(folder), str(life)]
    acknowledged: list[bytes] = []
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": f"{ROOT / 'src'}"}) as victim:
        assert victim.stdout is not None
        for line in victim.stdout:
            acknowledged.append(line)
            if len(acknowledged) == lines:
                victim.kill()
    whole = [line for line in acknowledged if line.endswith(b"\n")]
    assert len(whole) >= lines
    return [msgspec.json.decode(line, type=Message) for line in whole]


def test_nothing_acknowledged_is_lost_by_a_kill(tmp_path: Path) -> None:
    choose = random.Random(os.environ.get("SUREWIRE_CRASH_SEED", "0"))
    acknowledged: list[Message] = []
    for life in range(KILLS):
        acknowledged += acknowledged_until_killed(tmp_path, life, choose.randrange(1, 1_500))
        assert problems_of(tmp_path / "surewire.db", acknowledged) == []
        assert len({message.message_id for message in acknowledged}) == len(acknowledged)

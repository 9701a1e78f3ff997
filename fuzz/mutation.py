"""One target without atheris, anywhere Python runs: seeds with places replaced, joined and cut, by Hypothesis, which shrinks what fails.

`python -m fuzz.mutation NAME SECONDS`.
"""

from __future__ import annotations

import sys
import time

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from fuzz.target import Target, load_target

__all__ = ["mutated", "run"]

_EXAMPLES = 2_000


@st.composite
def mutated(draw: st.DrawFn, target: Target) -> bytes:
    """One or two seeds behind each other with up to four places replaced by a few bytes, or by a part of a seed."""
    data = b"".join(draw(st.lists(st.sampled_from(target.seeds), min_size=1, max_size=2)))
    for _ in range(draw(st.integers(0, 4))):
        start = draw(st.integers(0, len(data)))
        end = draw(st.integers(start, min(len(data), start + 8)))
        part = draw(st.sampled_from(target.seeds))[start : start + 40]
        data = data[:start] + draw(st.binary(max_size=6) | st.just(part)) + data[end:]
    return data[: target.max_bytes]


def run(target: Target, seconds: float) -> int:
    """How many inputs were tried. Raises what the target raises, for the smallest input that makes it."""
    executions = 0

    @settings(
        max_examples=_EXAMPLES,
        deadline=None,
        database=None,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=[*HealthCheck],
    )
    @given(mutated(target))
    def check(data: bytes) -> None:
        nonlocal executions
        executions += 1
        target.check(data)

    for seed in target.seeds:
        target.check(seed)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        check()
    return executions


if __name__ == "__main__":
    print(f"stat::number_of_executed_units: {run(load_target(sys.argv[1]), float(sys.argv[2]))}", file=sys.stderr)

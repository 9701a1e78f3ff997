"""One target under atheris: inputs that reach new code are kept and changed further. `python -m fuzz.coverage_guided NAME CORPUS SECONDS`.

A process of its own, because libFuzzer ends the process it runs in, and because only modules that are imported under it are watched.
"""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

import atheris  # type: ignore[import-not-found]

from fuzz.target import Target, load_target

__all__: list[str] = []


def main(name: str, corpus: Path, seconds: str) -> None:
    with atheris.instrument_imports(include=["surewire"], enable_loader_override=False):
        target = load_target(name)
    plant(target, corpus)
    options = [f"-max_total_time={seconds}", f"-max_len={target.max_bytes}", "-timeout=20", "-rss_limit_mb=1500", "-print_final_stats=1"]
    atheris.Setup([sys.argv[0], *options, "-use_value_profile=1", f"-artifact_prefix={corpus}-", str(corpus)], target.check)
    atheris.Fuzz()


def plant(target: Target, corpus: Path) -> None:
    """Puts the seeds where the engine looks for inputs."""
    corpus.mkdir(parents=True, exist_ok=True)
    for seed in target.seeds:
        (corpus / hashlib.sha256(seed).hexdigest()[:16]).write_bytes(seed)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), sys.argv[3])

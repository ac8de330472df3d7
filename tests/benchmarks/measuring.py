"""Times of whole processes, interleaved, so that whatever
else the machine does strikes all alike.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from statistics import median


def medians(commands: Mapping[str, Sequence[str]], runs: int) -> dict[str, float]:
    """The median time of each command in seconds, after one run of each that does not count."""
    times: dict[str, list[float]] = {name: [] for name in commands}
    for turn in range(runs + 1):
        for name, command in commands.items():
            start = time.perf_counter()
            subprocess.run(command, check=True, capture_output=True)
            if turn:
                times[name].append(time.perf_counter() - start)
    return {name: median(found) for name, found in times.items()}


def python(script: str, *arguments: str) -> list[str]:
    """The command that runs a script in this interpreter."""
    return [sys.executable, "-c", script, *arguments]


def show(what: str, ours: float, theirs: float, wanted: float) -> None:
    """One line with the ratio and what it should be."""
    print(
        f"{what}: {1000 * ours:.1f} ms against {1000 * theirs:.1f} ms, ratio {ours / theirs:.2f}"
        f" (wanted: at most {wanted})"
    )

"""Hostile workflows through generation, import and generation again.

    python -m tests.benchmarks.hostile [COUNT] [FIRST]

Wanted: each is refused with CodegenError or gives a client that runs nothing, whatever its texts.
Number FIRST and those after it are always the same workflows.
"""

from __future__ import annotations

import sys
import time
from random import Random

from ..helpers.hostile import document, refused_or_harmless


def main(count: int = 100_000, first: int = 0) -> None:
    start = time.perf_counter()
    clients = wrong = 0
    for number in range(first, first + count):
        try:
            clients += refused_or_harmless(document(Random(number)))
        except BaseException as error:
            if isinstance(error, KeyboardInterrupt):
                raise
            wrong += 1
            print(f"workflow {number}: {type(error).__name__}: {str(error)[:200]}")
    seconds = time.perf_counter() - start
    print(
        f"{count} workflows in {seconds:.0f} s: {clients} clients, the others refused,"
        f" {wrong} wrong (wanted: none)"
    )


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))

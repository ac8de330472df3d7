"""What a process costs: its memory and its CPU, as the system counts them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

PRELUDE = """
import importlib.util, resource, sys
scale = 1 if sys.platform == "darwin" else 1024
def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * scale
def cpu():
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime
def loaded(path, name):
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module
"""
"""What scripts that measure themselves begin with; for Linux and macOS only."""


def measured(script: str, *arguments: str, packages: Path | None = None) -> Any:
    """What a script prints as JSON, with the wall-clock seconds of its process as `process`.

    `packages` is a folder whose packages it imports before all others.
    """
    own = {} if packages is None else {"PYTHONPATH": str(packages)}
    start = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", PRELUDE + script, *arguments],
        check=True,
        stdout=subprocess.PIPE,
        env={**os.environ, **own},
    )
    found = json.loads(done.stdout)
    return {**found, "process": time.perf_counter() - start}


def timed(command: Sequence[str]) -> float:
    """The wall-clock seconds of a command."""
    start = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start

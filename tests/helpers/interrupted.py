"""Programs that get Ctrl-C while Python imports their modules."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

_HEEDING = (
    "import os, signal, sys; signal.signal(signal.SIGINT, signal.SIG_DFL); "
    "os.execv(sys.executable, [sys.executable, *sys.argv[1:]])"
)
"""Starts Python with Ctrl-C heeded: a shell's background jobs ignore it, and so do theirs."""


def interrupted_while_importing(
    name: str, folder: Path, *command: str
) -> subprocess.CompletedProcess[str]:
    """What became of a Python program that got Ctrl-C as it imported this module."""
    (folder / f"{name}.py").write_text(
        "import os, signal, time\n"
        "os.kill(os.getpid(), signal.SIGINT)\n"
        "time.sleep(30)\n",
        "utf-8",
    )
    path = os.pathsep.join([str(folder), os.environ.get("PYTHONPATH", "")])
    return subprocess.run(
        [sys.executable, "-c", _HEEDING, *command],
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )

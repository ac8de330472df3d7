"""The tools that generated code has to satisfy, as a user's CI runs them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path


def findings_of_ruff(folder: Path) -> str:
    rules = [
        "--select",
        "E,F,W,I,B,UP",
        "--ignore",
        "E501",
        "--target-version",
        "py310",
    ]
    return _run("ruff", "check", "--isolated", "--no-cache", *rules, str(folder))


def findings_of_mypy(folder: Path) -> str:
    return _run(
        "mypy", "--strict", "--config-file", "", "--python-version", "3.10", str(folder)
    )


def findings_of_pyright(folder: Path) -> str:
    config = folder / "pyrightconfig.json"
    config.write_text(json.dumps({"include": ["."], "pythonVersion": "3.10"}), "utf-8")
    return _run("pyright", "--pythonpath", sys.executable, "-p", str(config))


def _run(tool: str, *arguments: str) -> str:
    """What the tool finds; nothing when it is content."""
    done = subprocess.run(
        [sys.executable, "-m", tool, *arguments],
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    return "" if done.returncode == 0 else done.stdout + done.stderr

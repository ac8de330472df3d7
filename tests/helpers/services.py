"""A written service on a free port, its runs going to a local ViewComfy."""

from __future__ import annotations

import contextlib
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from viewcomfy_codegen.serving import running

from .commands import run
from .waiting import wait_until

CODE = Path(__file__).parents[2] / "codegen"
KEY = "the-key"


def written(workflow: dict[str, Any], folder: Path, name: str) -> Path:
    """The folder of a new service for a workflow."""
    source = folder / f"{name}.json"
    source.write_text(json.dumps(workflow), "utf-8")
    options = ["service", str(source), "-o", str(folder / "service")]
    done = run(*options)
    assert done.exit_code == 0, done.output
    return folder / "service"


@contextlib.contextmanager
def serving_runs(workflow: dict[str, Any], folder: Path, **own: str) -> Iterator[str]:
    """The URL of a service for a workflow, as uvicorn serves it; `own` are its settings."""
    service = written(workflow, folder, "painter")
    command = ["uvicorn", "--factory", "painter_service.app:create_app", "--port", "0"]
    said = folder / "said.txt"
    with running(service / "painter.py") as server, said.open("w") as log:
        environment = {
            **os.environ,
            **server.environment,
            "PYTHONPATH": str(CODE),
            "SERVICE_API_KEY": KEY,
            **own,
        }
        process = subprocess.Popen(
            [sys.executable, "-m", *command],
            cwd=service,
            env=environment,
            stderr=log,
        )
        try:
            wait_until(lambda: _address(said) or process.poll() is not None)
            assert process.poll() is None, said.read_text()
            yield _address(said)
        finally:
            process.terminate()
            process.wait(30)


def _address(said: Path) -> str:
    """The URL that uvicorn tells once it serves."""
    found = re.search(r"running on (http://\S+)", said.read_text())
    return found[1] if found else ""

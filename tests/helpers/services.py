"""A written service on a free port, its runs going to a local ViewComfy."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import requests

from viewcomfy_codegen.serving import running

from .commands import run

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
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    command = ["uvicorn", "--factory", "painter_service.app:create_app", "--port"]
    with running(service / "painter.py") as server:
        environment = {
            **os.environ,
            **server.environment,
            "PYTHONPATH": str(CODE),
            "SERVICE_API_KEY": KEY,
            **own,
        }
        process = subprocess.Popen(
            [sys.executable, "-m", *command, str(port), "--log-level", "warning"],
            cwd=service,
            env=environment,
        )
        try:
            url = f"http://127.0.0.1:{port}"
            _wait_for(url, process)
            yield url
        finally:
            process.terminate()
            process.wait(30)


def _wait_for(url: str, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + 30
    while time.monotonic() < until and process.poll() is None:
        with contextlib.suppress(requests.ConnectionError):
            assert requests.get(f"{url}/health", timeout=5).ok
            return
        time.sleep(0.05)
    raise AssertionError("the service didn't start")

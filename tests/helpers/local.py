"""The local ViewComfy on a real socket, in a thread."""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from starlette.types import ASGIApp

from viewcomfy_codegen.serving import Executor, Served, Settings, create_app
from viewcomfy_codegen.serving.executors.executor import Artifact, Execution, Failed
from viewcomfy_codegen.serving.http.server import server
from viewcomfy_codegen.sockets import bound

ID, SECRET = "the-id", "s3cr3t-0123456789"
HEADERS = {"client_id": ID, "client_secret": SECRET}


def served(workflow: Mapping[str, Any], name: str = "made") -> Served:
    return Served(name, json.dumps(workflow).encode())


class Endless:
    """An executor whose runs last until they are cancelled."""

    def __init__(self) -> None:
        self.started = threading.Event()
        self.cancelled = threading.Event()

    def stored(self, folder: Path | None) -> None:
        return None

    def execute(self, execution: Execution) -> list[Artifact]:
        execution.report("got prompt")
        execution.report(" 50%|#####     | 1/2 [00:00<00:00]")
        execution.when_cancelled(self.cancelled.set)
        self.started.set()
        assert self.cancelled.wait(30)
        raise Failed("interrupted")


@contextlib.contextmanager
def serving(
    *workflows: Served, executor: Executor | None = None, **settings: Any
) -> Iterator[str]:
    """The server's URL while it serves."""
    with on_loopback(
        create_app(workflows, Settings(ID, SECRET, **settings), executor)
    ) as url:
        yield url


@contextlib.contextmanager
def on_loopback(app: ASGIApp, *, date_header: bool = True) -> Iterator[str]:
    """The URL of an application that is served in a thread."""
    listening = bound("127.0.0.1", 0)
    ready = threading.Event()
    running = server(app, ready.set)
    running.config.date_header = date_header
    thread = threading.Thread(target=running.run, kwargs={"sockets": [listening]})
    thread.start()
    try:
        assert ready.wait(30)
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        running.stop()
        thread.join()
        listening.close()

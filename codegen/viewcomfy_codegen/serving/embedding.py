"""The local server within another program, such as a test."""

from __future__ import annotations

import contextlib
import secrets
import threading
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from viewcomfy_runtime.clients.gateway import ViewComfyGateway
from viewcomfy_runtime.clients.viewcomfy import ViewComfy

from ..sockets import bound, url_of
from .application import create_app
from .calls.recording import RecordedCall
from .deployments import Settings
from .executors.preview import PreviewExecutor
from .http.server import server
from .served import Served
from .sourcing import workflows_named


class LocalViewComfy(ViewComfy):
    """A client of the server that `running` started, with what a test needs to check or to plan.

    `url` is that of the first workflow; `calls` are those that were run, in order.
    """

    def __init__(self, base: str, names: list[str], settings: Settings) -> None:
        self.base = base
        self.url: str = f"{base}/{names[0]}"
        self.client_id: str = settings.client_id
        self.client_secret: str = settings.client_secret
        self.calls: list[RecordedCall] = []
        self._planned = settings.planned_faults
        super().__init__(self.url, self.client_id, self.client_secret)

    @property
    def environment(self) -> dict[str, str]:
        """The environment variables with which generated modules find the server."""
        return {
            "VIEWCOMFY_API_URL": self.url,
            "VIEWCOMFY_CLIENT_ID": self.client_id,
            "VIEWCOMFY_CLIENT_SECRET": self.client_secret,
        }

    def fail_next(self, *faults: str) -> None:
        """Simulate a failure for each of the next calls: `429`, `drop`, `fail-at=3` and so on, as
        in docs/serve.md.
        """
        self._planned.extend(faults)

    def to(self, name: str) -> ViewComfy:
        """A client of another workflow that is served."""
        return ViewComfy(f"{self.base}/{name}", self.client_id, self.client_secret)

    def gateway(self) -> ViewComfyGateway:
        """A client of the first workflow through ViewComfy's gateway."""
        return ViewComfyGateway(
            self.url, self.client_id, self.client_secret, base=self.base
        )


@contextlib.contextmanager
def running(
    *workflows: str | Path | Served, step_time: float = 0.0, **settings: Any
) -> Iterator[LocalViewComfy]:
    """Serve workflows on a free port of this machine, and return a client of the first.

    Each of `workflows` is a path that `viewcomfy-codegen serve` accepts. `step_time` is the
    duration of a sampler's step in seconds; the rest are fields of Settings. Raises CodegenError
    for a source without a workflow.
    """
    served = list(workflows_named(workflows))
    client: LocalViewComfy | None = None

    def record(call: RecordedCall) -> None:
        if client is not None:
            client.calls.append(call)

    made = Settings(
        **{
            "client_id": "local",
            "client_secret": secrets.token_urlsafe(24),
            "record": record,
            "planned_faults": deque(),
            **settings,
        }
    )
    app = create_app(served, made, PreviewExecutor(step_time))
    listening = bound("127.0.0.1", 0)
    ready = threading.Event()
    serving = server(app, ready.set)
    thread = threading.Thread(
        target=serving.run, kwargs={"sockets": [listening]}, name="serve", daemon=True
    )
    thread.start()
    try:
        while not ready.wait(0.05):
            if not thread.is_alive():
                raise RuntimeError("the server did not start; its log says why")
        base = url_of(listening, "127.0.0.1")
        client = LocalViewComfy(base, [each.name for each in served], made)
        yield client
    finally:
        serving.stop()
        thread.join()
        listening.close()

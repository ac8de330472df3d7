"""The places where a workflow can run, one module each, behind one interface."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from ..deadlines import Deadline
    from ..files import Upload
    from ..results import PromptResult

LONGEST_RUN = 2400.0
"""Seconds that ViewComfy lets a run take, and the default timeout."""

GATEWAY = "https://api.viewcomfy.com"
LOCAL_COMFYUI = "http://127.0.0.1:8188"
"""Where ComfyUI listens unless it is told otherwise."""

MOST_LOGS = 10_000
"""Lines of a run's log that its result keeps."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a node has come: `value` of `total` steps; `node` is its id, where the server says."""

    value: int
    total: int
    node: str | None = None


@dataclass(frozen=True, slots=True)
class Call:
    """One run as it is sent: values and files by wire key.

    `graph` is the workflow that the call was made for, where it is known; `override` one to run in place of the deployed.
    """

    params: Mapping[str, Any]
    files: Mapping[str, Upload] = field(default_factory=dict)
    graph: Mapping[str, Any] | None = None
    override: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Watch:
    """Who wants to hear of a run while it goes on: of log lines, of progress. They are called in the run's thread."""

    on_log: Callable[[str], object] | None = None
    on_progress: Callable[[Progress], object] | None = None

    def __bool__(self) -> bool:
        return self.on_log is not None or self.on_progress is not None


QUIET = Watch()


class Client(Protocol):
    """Where a workflow runs."""

    def run(
        self, call: Call, deadline: Deadline | None = None, watch: Watch = QUIET
    ) -> PromptResult:
        """Run the workflow once and wait for its result, 2400 seconds at most unless said otherwise. Raises ViewComfyError."""
        ...

    def request(self, call: Call) -> Mapping[str, Any]:
        """What would be sent for the call, for people to read: method, URL, fields, files, and no secret."""
        ...


def client_from_environment(environ: Mapping[str, str] = os.environ) -> Client:
    """The client that the environment describes; the first of these that is set:

    | variable | client |
    |---|---|
    | VIEWCOMFY_API_URL and VIEWCOMFY_GATEWAY_URL | ViewComfyGateway, for that deployment |
    | VIEWCOMFY_API_URL | ViewComfy, for that deployment |
    | VIEWCOMFY_APP_URL | ViewComfyApp |
    | COMFYUI_URL | ComfyUI |

    The first two want VIEWCOMFY_CLIENT_ID and VIEWCOMFY_CLIENT_SECRET too. Raises ConfigurationError naming what is missing.
    """
    if not environ.get("VIEWCOMFY_API_URL"):
        if environ.get("VIEWCOMFY_APP_URL"):
            from .app import ViewComfyApp

            return ViewComfyApp(environ["VIEWCOMFY_APP_URL"])
        if environ.get("COMFYUI_URL"):
            from .comfyui import ComfyUI

            return ComfyUI(environ["COMFYUI_URL"])
    if environ.get("VIEWCOMFY_GATEWAY_URL"):
        from .gateway import ViewComfyGateway

        return ViewComfyGateway.from_environment(environ)
    from .viewcomfy import ViewComfy

    return ViewComfy.from_environment(environ)

"""Runs served workflows on a real ComfyUI."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from tqdm import tqdm

from viewcomfy_runtime.calls.call import Call, Watch
from viewcomfy_runtime.calls.events import Progress
from viewcomfy_runtime.clients.comfyui import ComfyUI
from viewcomfy_runtime.clients.environment import client_from_environment
from viewcomfy_runtime.errors import ExecutionError, RejectedError, ViewComfyError
from viewcomfy_runtime.http.deadlines import LONGEST_RUN, Deadline
from viewcomfy_runtime.parameters.uploads import as_upload

from ..rejection import Rejected
from ..shapes import NodeErrors
from .executor import Artifact, Execution, Failed, Step

PROBE: Final = 3.0
"""Seconds in which a running ComfyUI answers."""


class ComfyUIExecutor:
    """The executor of `viewcomfy-codegen serve --comfyui URL`.

    COMFYUI_TOKEN and COMFY_API_KEY count as they do for the client; a caller's own key for partner
    nodes goes before.
    """

    def __init__(self, url: str, environ: Mapping[str, str] = os.environ) -> None:
        about = {
            name: environ.get(name, "") for name in ("COMFYUI_TOKEN", "COMFY_API_KEY")
        }
        client = client_from_environment({**about, "COMFYUI_URL": url})
        assert isinstance(client, ComfyUI)
        self._client = client

    def unreachable(self) -> str | None:
        """Why the ComfyUI does not answer; None if it does."""
        deadline = Deadline(PROBE)
        try:
            self._client.status("none", deadline)
        except ViewComfyError as error:
            return error.message
        return None

    def stored(self, folder: Path | None) -> None:
        """None: ComfyUI knows its files, and checks the values itself."""

    def execute(self, execution: Execution) -> list[Artifact]:
        """The files that the ComfyUI made. Raises Failed, and Rejected with ComfyUI's message if it
        rejects the call.
        """
        files = {
            str(key): as_upload(path, str(key)) for key, path in execution.files.items()
        }
        call = Call({}, files, execution.workflow.graph)
        deadline = Deadline(LONGEST_RUN)
        execution.when_cancelled(deadline.cancel)
        watch = Watch(execution.report, _Bars(execution, deadline).show)
        try:
            client = self._client
            if execution.partner_key is not None:
                client = client.with_partner_key(execution.partner_key)
            result = client.run(call, deadline, watch)
            return [
                Artifact(each.filename, each.content_type, each.read(), each.node or "")
                for each in result.outputs
            ]
        except ExecutionError as error:
            raise _failed(error) from None
        except ViewComfyError as error:
            raise _refused(error) from None


class _Bars:
    """Progress as lines of a log, the only form in which ViewComfy sends it."""

    def __init__(self, execution: Execution, deadline: Deadline) -> None:
        self._execution = execution
        self._deadline = deadline
        self._started: dict[int, float] = {}

    def show(self, progress: Progress) -> None:
        seconds = LONGEST_RUN - self._deadline.remaining
        first = self._started.setdefault(progress.total, seconds)
        bar = tqdm.format_meter(
            progress.value, progress.total, seconds - first, ncols=80
        )
        self._execution.report(bar)
        node = progress.node or ""
        self._execution.report(Step(node, progress.value, progress.total))


def _failed(error: ExecutionError) -> Failed:
    if error.fault is None:
        return Failed(error.message)
    return Failed(
        error.fault.message, node=error.fault.node, class_type=error.fault.class_type
    )


def _refused(error: ViewComfyError) -> Rejected:
    """ComfyUI's rejection, each fault once; or a gateway error if it does not answer."""
    if not isinstance(error, RejectedError):
        return Rejected(
            502, "ComfyUI did not run the call", error.message, "BadGateway"
        )
    nodes: dict[str, NodeErrors] = {}
    for fault in error.faults:
        about = nodes.setdefault(
            fault.node, {"errors": [], "class_type": fault.class_type}
        )
        about["errors"].append(
            {
                "type": "rejected",
                "message": fault.message,
                "details": "",
                "extra_info": {"input_name": fault.input},
            }
        )
    # The client's own words precede ComfyUI's, which are the ones to pass on.
    first = error.message.partition("\n")[0]
    message = first.partition(f"({error.status}): ")[2] or first
    details = {"node_errors": nodes} if nodes else ""
    return Rejected(error.status or 400, message, details, "ComfyWorkflowError")

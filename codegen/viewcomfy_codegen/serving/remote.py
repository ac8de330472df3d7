"""Runs served workflows on a real ComfyUI."""

from __future__ import annotations

from pathlib import Path

from tqdm import tqdm

from viewcomfy_runtime.calls.call import LONGEST_RUN, Call, Progress, Watch
from viewcomfy_runtime.clients.comfyui import ComfyUI
from viewcomfy_runtime.errors import ExecutionError, ViewComfyError
from viewcomfy_runtime.http.deadlines import Deadline
from viewcomfy_runtime.parameters.files import as_upload

from .executing import Execution, Failed, Output


class Remote:
    """The executor of `viewcomfy-codegen serve --comfyui URL`."""

    def __init__(self, url: str) -> None:
        self._client = ComfyUI(url)

    def stored(self, folder: Path | None) -> None:
        """What the ComfyUI has, it checks itself."""

    def execute(self, execution: Execution) -> list[Output]:
        """The files that the ComfyUI made. Raises Failed."""
        files = {key: as_upload(path, key) for key, path in execution.files.items()}
        call = Call({}, files, execution.workflow.graph)
        deadline = Deadline(LONGEST_RUN)
        execution.when_cancelled(deadline.cancel)
        started: dict[int, float] = {}

        def show(progress: Progress) -> None:
            seconds = LONGEST_RUN - deadline.remaining
            first = started.setdefault(progress.total, seconds)
            execution.tell(
                tqdm.format_meter(
                    progress.value, progress.total, seconds - first, ncols=80
                )
            )

        try:
            result = self._client.run(call, deadline, Watch(execution.tell, show))
            return [
                Output(each.filename, each.content_type, each.read(), each.node or "")
                for each in result.outputs
            ]
        except ExecutionError as error:
            fault = error.fault
            raise Failed(
                error.message,
                node=fault.node if fault else "",
                class_type=fault.class_type if fault else "",
            ) from None
        except ViewComfyError as error:
            raise Failed(str(error)) from None

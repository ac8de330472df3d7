"""A run on the server: the executor in a thread of its own, its log as it is written, its result."""

from __future__ import annotations

import asyncio
import base64
import logging
import time
import uuid
from collections.abc import AsyncIterator, Callable, Mapping
from concurrent.futures import Executor as Threads
from pathlib import Path
from typing import Any, Final

from ..graph.workflow import Workflow
from .executing import Execution, Executor, Failed, Output

_LOG: Final = logging.getLogger("viewcomfy_codegen.serving")

KEEP_ALIVE: Final = 10.0
"""Seconds of silence after which a stream gets a comment."""


class Run:
    """One execution, started when it is made. `lines` ends with its end."""

    def __init__(
        self,
        executor: Executor,
        threads: Threads,
        workflow: Workflow,
        values: Mapping[str, Any],
        files: Mapping[str, Path],
        prompt_id: str | None = None,
    ) -> None:
        self.prompt_id = prompt_id or str(uuid.uuid4())
        self._loop = asyncio.get_running_loop()
        self._lines: asyncio.Queue[str | None] = asyncio.Queue()
        self._execution = Execution(workflow, values, files, self._tell)
        self._start = time.monotonic()
        self._executor = executor
        self.done = self._loop.run_in_executor(threads, self._execute)
        self.done.add_done_callback(self._ended)

    def cancel(self) -> None:
        """Nobody waits for it any more."""
        if not self.done.done():
            self._execution.cancel()

    @property
    def prompt(self) -> dict[str, Any]:
        """The workflow that runs."""
        return self._execution.workflow.graph

    async def lines(self) -> AsyncIterator[str | None]:
        """The log as it is written; None now and then while nothing is."""
        while True:
            try:
                line = await asyncio.wait_for(self._lines.get(), KEEP_ALIVE)
            except asyncio.TimeoutError:
                yield None
                continue
            if line is None:
                return
            yield line

    async def answer(self, form: Callable[[Output], dict[str, Any]]) -> dict[str, Any]:
        """ViewComfy's result, its files in this form."""
        outputs: list[Output] = []
        error: Any = None
        try:
            outputs = await asyncio.shield(self.done)
        except Failed as failed:
            error = failed.details
        except Exception as unexpected:
            # As ComfyUI does: whatever a node raises is a run that failed.
            _LOG.exception("a run failed")
            error = Failed(f"{type(unexpected).__name__}: {unexpected}").details
        status = (
            "cancelled"
            if error and self._execution.cancelled
            else "error" if error else "success"
        )
        answer = {
            "prompt_id": self.prompt_id,
            "status": status,
            "completed": True,
            "execution_time_seconds": round(time.monotonic() - self._start, 3),
            "prompt": self.prompt,
            "outputs": [form(output) for output in outputs],
        }
        return {**answer, "error_data": error} if error else answer

    def _execute(self) -> list[Output]:
        return self._executor.execute(self._execution)

    def _ended(self, done: asyncio.Future[list[Output]]) -> None:
        self._lines.put_nowait(None)
        if not done.cancelled():
            # Nobody may be left to ask for it, which asyncio would complain of.
            done.exception()

    def _tell(self, line: str) -> None:
        self._loop.call_soon_threadsafe(self._lines.put_nowait, line)


def as_data(output: Output) -> dict[str, Any]:
    """A file with its content."""
    content = base64.b64encode(output.content).decode()
    return {**_about(output), "data": content}


def as_link(output: Output, url: str) -> dict[str, Any]:
    """A file with a link to its content."""
    return {**_about(output), "filepath": url}


def _about(output: Output) -> dict[str, Any]:
    return {
        "filename": output.filename,
        "content_type": output.content_type,
        "size": len(output.content),
    }

"""A run on the server: an executor in its own thread, its log as it is written, and its result."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import logging
import time
import uuid
from collections.abc import AsyncIterator, Callable
from concurrent.futures import Executor as Threads
from typing import Final

from viewcomfy_runtime.json_types import ApiWorkflow, JsonObject

from ..executors.executor import (
    Artifact,
    Execution,
    Executor,
    Failed,
    Pace,
    RunEvent,
)
from ..rejection import Rejected
from ..shapes import ResultJson
from .checking import CheckedCall

_LOG: Final = logging.getLogger("viewcomfy_codegen.serving")

KEEP_ALIVE: Final = 10.0
"""Seconds of silence after which a stream gets a comment."""

MOST_WAITING: Final = 10_000
"""Unread lines of a log; further ones are dropped."""


class Run:
    """One execution, which starts when it is created. `events` ends with it."""

    def __init__(
        self,
        executor: Executor,
        threads: Threads,
        call: CheckedCall,
        *,
        prompt_id: str | None = None,
        pace: Pace | None = None,
        watched: bool = False,
        partner_key: str | None = None,
    ) -> None:
        self.prompt_id: str = prompt_id or str(uuid.uuid4())
        self._loop = asyncio.get_running_loop()
        self._events: asyncio.Queue[RunEvent | None] = asyncio.Queue()
        self._begun = asyncio.Event()
        self._execution = Execution(
            call.workflow,
            call.values,
            call.files,
            self._report,
            pace,
            watched,
            partner_key,
        )
        self._start = time.monotonic()
        self._executor = executor
        self.done: asyncio.Future[list[Artifact]] = self._loop.run_in_executor(
            threads, self._execute
        )
        self.done.add_done_callback(self._ended)

    def cancel(self) -> None:
        """Cancel the run."""
        if not self.done.done():
            self._execution.cancel()

    @property
    def prompt(self) -> ApiWorkflow:
        """The workflow that runs."""
        return self._execution.workflow.graph

    async def begun(self, seconds: float = KEEP_ALIVE) -> None:
        """Wait a while for the run's first event. Raises Rejected if the executor rejects the
        call.
        """
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(self._begun.wait(), seconds)
        if self.done.done() and isinstance(self.done.exception(), Rejected):
            await self.done

    async def events(self) -> AsyncIterator[RunEvent | None]:
        """The log as it is written, and steps and previews if requested; None now and then while
        nothing happens.
        """
        while True:
            try:
                event = await asyncio.wait_for(self._events.get(), KEEP_ALIVE)
            except asyncio.TimeoutError:
                yield None
                continue
            if event is None:
                return
            yield event

    async def lines(self) -> AsyncIterator[str]:
        """The log as it is written."""
        async for event in self.events():
            if isinstance(event, str):
                yield event

    async def answer(self, form: Callable[[Artifact], JsonObject]) -> ResultJson:
        """ViewComfy's result, with its files in this form. Raises Rejected if the executor rejects
        the call.
        """
        artifacts: list[Artifact] = []
        error: JsonObject | None = None
        try:
            artifacts = await asyncio.shield(self.done)
        except Failed as failed:
            error = failed.details
        except Rejected:
            raise
        except Exception as unexpected:
            # As in ComfyUI, whatever a node raises makes the run fail.
            _LOG.exception("a run failed")
            kind = type(unexpected).__name__
            error = Failed(f"{kind}: {unexpected}", kind=kind).details
        return self._result(artifacts, error, form)

    def refused(self, rejected: Rejected) -> ResultJson:
        """The result of a run that the executor rejected after the call was answered."""
        details = Failed(str(rejected)).details | rejected.body
        return self._result([], details, as_data)

    def _result(
        self,
        artifacts: list[Artifact],
        error: JsonObject | None,
        form: Callable[[Artifact], JsonObject],
    ) -> ResultJson:
        status = "error" if error else "success"
        if error and self._execution.cancelled:
            status = "cancelled"
        answer: ResultJson = {
            "prompt_id": self.prompt_id,
            "status": status,
            "completed": True,
            "execution_time_seconds": round(time.monotonic() - self._start, 3),
            "prompt": self.prompt,
            "outputs": [form(each) for each in artifacts],
        }
        if error:
            answer["error_data"] = error
        return answer

    def _execute(self) -> list[Artifact]:
        return self._executor.execute(self._execution)

    def _ended(self, done: asyncio.Future[list[Artifact]]) -> None:
        self._events.put_nowait(None)
        self._begun.set()
        if not done.cancelled():
            # Nobody may be left to ask for it, and asyncio warns of exceptions never retrieved.
            done.exception()

    def _report(self, event: RunEvent) -> None:
        if self._execution.watched or isinstance(event, str):
            self._loop.call_soon_threadsafe(self._put, event)

    def _put(self, event: RunEvent) -> None:
        if self._events.qsize() < MOST_WAITING:
            self._events.put_nowait(event)
        self._begun.set()


def as_data(artifact: Artifact) -> JsonObject:
    """A file with its content."""
    content = base64.b64encode(artifact.content).decode()
    return {**_about(artifact), "data": content}


def as_link(artifact: Artifact, url: str) -> JsonObject:
    """A file with a link to its content."""
    return {**_about(artifact), "filepath": url}


def _about(artifact: Artifact) -> JsonObject:
    return {
        "filename": artifact.filename,
        "content_type": artifact.content_type,
        "size": len(artifact.content),
    }


def summary(answer: ResultJson) -> str:
    """How a run ended, in a few words for a log."""
    count = len(answer["outputs"])
    files = f"{count} file" if count == 1 else f"{count} files"
    error = answer.get("error_data") or {}
    why = f": {error.get('exception_message', '')}" if error else f", {files}"
    return f"{answer['status']}{why}"

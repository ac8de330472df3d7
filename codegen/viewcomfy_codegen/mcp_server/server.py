"""An MCP server that lists workflows as tools and runs them, for one client over stdio or several
over HTTP.
"""

from __future__ import annotations

import asyncio
import base64
import warnings
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from typing import Any, Final, cast

import mcp_types as types
from mcp.server.lowlevel import Server
from mcp.shared.exceptions import MCPDeprecationWarning, MCPError

from viewcomfy_runtime.calls.events import Log, Progress
from viewcomfy_runtime.errors import ViewComfyError
from viewcomfy_runtime.results.result import PromptResult

from ..version import __version__
from .contents import MOST_READ, bounded
from .kept_files import KeptFiles
from .tools import WorkflowTool

_AT_ONCE: Final = 16
"""Simultaneous runs; further calls wait."""

_MOST_SESSIONS: Final = 1000
"""Sessions whose log level is remembered."""


def server_of(tools: Mapping[str, WorkflowTool]) -> Server[Any]:
    """A server with these tools. It sends logs as notifications, which clients can turn off."""
    # Logging is deprecated in the newest protocol, but clients of earlier ones have nothing else.
    warnings.filterwarnings("ignore", category=MCPDeprecationWarning)
    handlers = _Handlers(tools)
    return Server(
        "viewcomfy-codegen",
        version=__version__,
        on_list_tools=handlers.list_tools,
        on_call_tool=handlers.call_tool,
        on_list_resources=handlers.list_resources,
        on_read_resource=handlers.read_resource,
        on_set_logging_level=handlers.set_level,
    )


class _Handlers:
    """The answers to a server's requests, with what is remembered between them."""

    def __init__(self, tools: Mapping[str, WorkflowTool]) -> None:
        self._tools = tools
        self._kept = KeptFiles()
        self._running = asyncio.Semaphore(_AT_ONCE)
        self._quiet: dict[str, None] = {}
        """The sessions that want no logs."""

    async def list_tools(
        self, context: Any, params: types.PaginatedRequestParams | None
    ) -> types.ListToolsResult:
        return types.ListToolsResult(
            tools=[each.described() for each in self._tools.values()]
        )

    async def call_tool(
        self, context: Any, params: types.CallToolRequestParams
    ) -> types.CallToolResult:
        tool = self._tools.get(params.name)
        if tool is None:
            known = ", ".join(self._tools)
            raise MCPError(
                types.INVALID_PARAMS,
                f"there is no tool {params.name!r}; the tools are {known}",
            )
        try:
            call = tool.parsed(params.arguments or {})
            async with self._running:
                logs = _session(context) not in self._quiet
                result = await _run(tool, call, context, logs)
            return await tool.answer(result, self._kept)
        except ViewComfyError as error:
            return tool.failure(error)

    async def list_resources(
        self, context: Any, params: types.PaginatedRequestParams | None
    ) -> types.ListResourcesResult:
        return types.ListResourcesResult(resources=[])

    async def read_resource(
        self, context: Any, params: types.ReadResourceRequestParams
    ) -> types.ReadResourceResult:
        blob = await _blob(self._kept, params.uri)
        return types.ReadResourceResult(contents=[blob])

    async def set_level(
        self, context: Any, params: types.SetLevelRequestParams
    ) -> types.EmptyResult:
        session, quiet = _session(context), self._quiet
        quiet.pop(session, None)
        if params.level not in ("debug", "info"):
            quiet[session] = None
            while len(quiet) > _MOST_SESSIONS:
                del quiet[next(iter(quiet))]
        return types.EmptyResult()


async def _blob(kept: KeptFiles, uri: str) -> types.BlobResourceContents:
    """The content of a kept file. Raises MCPError if there is none, or it is too large."""
    file = kept.get(uri)
    if file is None:
        raise MCPError(types.INVALID_PARAMS, "there is no such result, or it is gone")
    try:
        data = await asyncio.to_thread(bounded, file, MOST_READ)
    except ViewComfyError as error:
        raise MCPError(types.INTERNAL_ERROR, str(error)) from None
    if data is None:
        raise MCPError(
            types.INTERNAL_ERROR, f"the file is larger than {MOST_READ >> 20} MiB"
        )
    return types.BlobResourceContents(
        uri=uri,
        mime_type=file.content_type,
        blob=base64.b64encode(data).decode("ascii"),
    )


def _session(context: Any) -> str:
    """The session that a request belongs to, out of several over HTTP; over stdio there is one."""
    headers: Mapping[str, str] = getattr(context.request, "headers", {})
    return headers.get("mcp-session-id", "")


async def _run(tool: WorkflowTool, call: Any, context: Any, logs: bool) -> PromptResult:
    """Run a tool once; canceling the call cancels the run."""
    reported = _ReportedProgress()
    stream = cast(AsyncGenerator[Any, None], tool.workflow.stream(call))
    async with aclosing(stream) as events:
        async for event in events:
            match event:
                case Progress():
                    if reported.advances(event):
                        await context.session.report_progress(
                            reported.done, reported.total
                        )
                case Log(line) if logs:
                    await context.session.send_log_message(
                        "info", line, tool.name, related_request_id=context.request_id
                    )
                case PromptResult():
                    return event
    raise RuntimeError("the run ended without a result")


class _ReportedProgress:
    """Progress over all nodes of a run. Each node counts from the start, but the protocol requires
    reported progress to increase.
    """

    def __init__(self) -> None:
        self.done = -1
        self.total = 0
        self._before = 0
        self._last = Progress(0, 0)

    def advances(self, event: Progress) -> bool:
        """Whether there is progress to report: `done` steps of the `total` known so far."""
        if event.node != self._last.node or event.value < self._last.value:
            self._before += self._last.value
        self._last = event
        done = self._before + event.value
        if done <= self.done:
            return False
        self.done = done
        self.total = self._before + max(event.total, event.value)
        return True

"""`viewcomfy-codegen mcp WORKFLOW…`: the part that loads without the extra."""

from __future__ import annotations

import asyncio
import contextlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from viewcomfy_runtime.cli.interrupting import ending_at_once
from viewcomfy_runtime.clients.environment import client_from_environment
from viewcomfy_runtime.errors import ConfigurationError

from ..errors import CodegenError, Diagnostic
from ..project.paths import STANDARD
from ..sockets import is_loopback, url_of
from ..words import slugs
from .console import err, reporting_errors, requiring
from .descriptions import descriptions_by_name
from .listening import HOST, listening_on, port
from .workflow_options import Reading, reads_workflows

if TYPE_CHECKING:
    from mcp.server.lowlevel import Server

    from ..mcp_server.tools import WorkflowTool


@dataclass(frozen=True, slots=True)
class McpOptions:
    """The command-line options, as given."""

    workflows: tuple[str, ...]
    all_: bool
    files: Path | None
    http: bool
    host: str
    port: int
    token: str | None
    reading: Reading


@click.command("mcp")
@click.argument("workflows", nargs=-1, required=True, metavar="WORKFLOW...")
@click.option(
    "--all", "all_", is_flag=True, help="Also offer the parameters that are rarely set."
)
@click.option(
    "--files",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    metavar="DIR",
    help="Let calls name files in this folder. Default: only data: URIs.",
)
@click.option(
    "--http", is_flag=True, help="Serve streamable HTTP at /mcp instead of stdio."
)
@HOST
@port(default=8001)
@click.option(
    "--token",
    envvar="VIEWCOMFY_MCP_TOKEN",
    help="What requests over HTTP must send as a bearer token.",
)
@reads_workflows
def mcp_command(**options: Any) -> None:
    """Offer each WORKFLOW to language models as an MCP tool.

    WORKFLOW is anything that `generate` accepts, or a generated module. Workflows run where
    the environment says, as for a generated module: VIEWCOMFY_API_URL, COMFYUI_URL and so on.
    """
    with requiring("mcp", "mcp"), reporting_errors():
        _serve(McpOptions(**options))


def _serve(options: McpOptions) -> None:
    if options.http and not is_loopback(options.host) and not options.token:
        raise click.UsageError(
            f"{options.host} can be reached from other machines: give a --token"
        )
    if not options.http and STANDARD in options.workflows:
        raise click.UsageError("over stdio, a workflow cannot come from standard input")
    with ending_at_once():
        from ..mcp_server.server import server_of

        server = server_of(_tools(options))
    with contextlib.suppress(KeyboardInterrupt):
        if options.http:
            _over_http(server, options)
        else:
            asyncio.run(_over_stdio(server))


def _tools(options: McpOptions) -> dict[str, WorkflowTool]:
    """One tool for each workflow, by name. Raises CodegenError."""
    from ..mcp_server.calling import ReadWorkflow
    from ..mcp_server.tools import WorkflowTool

    found = descriptions_by_name(options.workflows, options.reading)
    tools = {}
    places = zip(slugs(found), options.workflows, found.values(), strict=True)
    for name, place, each in places:
        if each.fields is None:
            message = "this describes calls, but not how they are sent"
            hint = "give the workflow itself, or its Python module"
            raise CodegenError(Diagnostic(place, message, hint))
        workflow = ReadWorkflow(each.schema, each.fields, each.graph, each.fallback)
        tools[name] = WorkflowTool(
            name, workflow, each.schema, options.all_, options.files
        )
    return tools


def _warn_without_server() -> None:
    """Say at the start what would otherwise fail only when a tool is called."""
    try:
        client_from_environment(os.environ)
    except ConfigurationError as error:
        err(f"warning: {error.message}; calls will fail")


async def _over_stdio(server: Server[Any]) -> None:
    from mcp.server.stdio import stdio_server

    _warn_without_server()
    async with stdio_server() as (incoming, outgoing):
        await server.run(incoming, outgoing, server.create_initialization_options())


def _over_http(server: Server[Any], options: McpOptions) -> None:
    from ..mcp_server.http import serve

    listening = listening_on(options.host, options.port)
    err(f"serving at {url_of(listening, options.host)}/mcp")
    _warn_without_server()
    serve(server, listening, options.host, options.token)

"""`viewcomfy-codegen serve`: the part that loads without the extra."""

from __future__ import annotations

import contextlib
import json
import os
import re
import secrets
import shlex
import socket
import sys
import warnings
import webbrowser
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from viewcomfy_runtime.cli.interrupting import ending_at_once
from viewcomfy_runtime.errors import ConfigurationError

from ..sockets import is_loopback, url_of
from .console import err, out, reporting_errors, requiring
from .files import node_classes, read_file, users_facts
from .listening import HOST, listening_on, port

if TYPE_CHECKING:
    from uvicorn import Server

    from ..serving import Served, Settings
    from ..serving.executors.comfyui import ComfyUIExecutor


@dataclass(frozen=True, slots=True)
class ServeOptions:
    """The command-line options, as given."""

    workflows: tuple[str, ...]
    host: str
    port: int
    client_id: str | None
    client_secret: str | None
    results: str
    comfyui: str | None
    inputs: Path | None
    object_info: str | None
    view_comfy: str | None
    step_time: float
    allow_origins: tuple[str, ...]
    opened: bool
    as_json: bool
    max_size: int


def _origins(
    context: click.Context, option: click.Parameter, given: tuple[str, ...]
) -> tuple[str, ...]:
    """The origins, checked: one with a path, or without a scheme, would never match."""
    for each in given:
        if not re.fullmatch(r"https?://[^/?#@\s]+/?", each):
            raise click.BadParameter(
                f"{each!r} is not an origin such as https://app.example"
            )
    return given


@click.command("serve")
@click.argument("workflows", nargs=-1, required=True, metavar="WORKFLOW...")
@HOST
@port(default=8000)
@click.option(
    "--client-id",
    envvar="VIEWCOMFY_CLIENT_ID",
    help="The client ID that calls must send. Default: random.",
)
@click.option(
    "--client-secret",
    envvar="VIEWCOMFY_CLIENT_SECRET",
    help="The secret that calls must send. Default: random, and printed.",
)
@click.option(
    "--results",
    type=click.Choice(["data", "links"]),
    default="data",
    show_default=True,
    help="Send results with their content, or as links.",
)
@click.option(
    "--comfyui",
    metavar="URL",
    help="Run the workflows on this ComfyUI, such as http://127.0.0.1:8188.",
)
@click.option(
    "--input",
    "inputs",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    metavar="DIR",
    help="A folder with the files that the workflows load by name.",
)
@click.option(
    "--object-info",
    metavar="FILE|URL",
    help=(
        "Check calls against your own ComfyUI's node "
        "definitions: its URL, or a saved /object_info."
    ),
)
@click.option(
    "--view-comfy",
    metavar="FILE",
    help="The view_comfy.json beside a single workflow.",
)
@click.option(
    "--step-time",
    type=click.FloatRange(0, 600),
    default=0.0,
    metavar="SECONDS",
    help="Make each sampler step take this many seconds.",
)
@click.option(
    "--allow-origin",
    "allow_origins",
    multiple=True,
    metavar="ORIGIN",
    callback=_origins,
    help="Let web pages of this origin call too, such as https://app.example; may be repeated.",
)
@click.option("--open", "opened", is_flag=True, help="Open the page in the browser.")
@click.option(
    "--json",
    "as_json",
    is_flag=True,
    help="Print one line of JSON for programs once the server is up.",
)
@click.option(
    "--max-size",
    type=click.IntRange(1),
    default=512,
    show_default=True,
    metavar="MIB",
    help="The largest call that is accepted.",
)
def serve_command(**options: Any) -> None:
    """Serve each WORKFLOW locally with ViewComfy's API.

    WORKFLOW is anything that `generate` accepts, or a generated module. Calls are checked and
    answered the way ViewComfy does it, but at once and without models: each output is a small file
    that shows the call it came from. The header x-viewcomfy-fault simulates a failure, such as
    drop or 429.
    """
    with requiring("serve", "serve"), reporting_errors():
        _serve(ServeOptions(**options))


def _serve(options: ServeOptions) -> None:
    with ending_at_once():
        server, listening = _prepared(options)
    with contextlib.suppress(KeyboardInterrupt):
        server.run(sockets=[listening])


def _prepared(options: ServeOptions) -> tuple[Server, socket.socket]:
    """The server, and the socket on which it will listen."""
    from ..serving import create_app
    from ..serving.executors.preview import PreviewExecutor
    from ..serving.http.server import server

    settings = _settings(options)
    served = list(_served(options))
    remote = _remote(options.comfyui) if options.comfyui else None
    app = create_app(served, settings, remote or PreviewExecutor(options.step_time))
    listening = listening_on(options.host, options.port)
    base = url_of(listening, options.host)
    _warn(options.host, remote)
    urls = {each.name: f"{base}/{each.name}" for each in served}
    for name, url in urls.items():
        err(f"serving {name} at {url}")

    def ready() -> None:
        _announce(options, settings, served[0], urls)
        link = settings.sessions.link(base)
        err(f"page: {link} (this link logs in once)")
        if options.opened:
            webbrowser.open(link)

    # Callers are told what is wrong with their images.
    warnings.filterwarnings("ignore", module=r"PIL\.")
    return server(app, ready), listening


def _remote(url: str) -> ComfyUIExecutor:
    from ..serving.executors.comfyui import ComfyUIExecutor

    try:
        return ComfyUIExecutor(url)
    except ConfigurationError as error:
        raise click.BadParameter(error.message, param_hint="--comfyui") from None


def _settings(options: ServeOptions) -> Settings:
    from ..serving import Settings

    return Settings(
        options.client_id or f"local-{secrets.token_hex(4)}",
        options.client_secret or secrets.token_urlsafe(24),
        links=options.results == "links",
        most=options.max_size << 20,
        inputs=options.inputs,
        origins=options.allow_origins,
        log=err,
    )


def _warn(host: str, remote: ComfyUIExecutor | None) -> None:
    """Warn of listening to other machines, and of a ComfyUI that does not answer."""
    if not is_loopback(host):
        err(f"warning: {host} can be reached from other machines, unencrypted")
    if remote is not None and (down := remote.unreachable()):
        err(f"warning: ComfyUI does not answer yet: {down}")


def _announce(
    options: ServeOptions, settings: Settings, first: Served, urls: Mapping[str, str]
) -> None:
    """Print what a program needs to call the server, and a call to the first workflow to try."""
    from ..targets.calls import LANGUAGES, example

    variables = {
        "VIEWCOMFY_API_URL": urls[first.name],
        "VIEWCOMFY_CLIENT_ID": settings.client_id,
        "VIEWCOMFY_CLIENT_SECRET": settings.client_secret,
    }
    if options.client_secret:
        # A secret that was given is the user's to keep.
        del variables["VIEWCOMFY_CLIENT_SECRET"]
    if options.as_json:
        out(json.dumps({"environment": variables, "workflows": urls}))
    else:
        for name, value in variables.items():
            out(_assignment(name, value))
    sys.stdout.flush()
    if os.name != "nt":
        command = LANGUAGES["curl"](example(first.module)).replace("\\\n  ", "")
        err(f"try it: {command.rstrip()}")


def _assignment(name: str, value: str) -> str:
    """The command that sets an environment variable: PowerShell's on Windows, otherwise that of
    POSIX shells.
    """
    if os.name == "nt":
        quoted = value.replace("'", "''")
        return f"$env:{name} = '{quoted}'"
    return f"export {name}={shlex.quote(value)}"


def _served(options: ServeOptions) -> Iterator[Served]:
    from ..serving.sourcing import workflows_named

    beside = options.view_comfy
    if beside is not None and len(options.workflows) > 1:
        raise click.UsageError("--view-comfy describes a single workflow")
    described = (read_file(beside), beside) if beside else None
    return workflows_named(
        options.workflows,
        read_file,
        view_comfy=described,
        object_info=node_classes(options.object_info),
        kept=users_facts(),
    )

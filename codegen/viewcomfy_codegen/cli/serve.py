"""`viewcomfy-codegen serve`: the command's own part, which loads where the extra is missing."""

from __future__ import annotations

import contextlib
import functools
import ipaddress
import os
import secrets
import shlex
import sys
from pathlib import Path

import click

from viewcomfy_runtime.errors import ConfigurationError

from ..errors import CodegenError, Diagnostic
from ..words import snake, words


@click.command("serve")
@click.argument("workflows", nargs=-1, required=True, metavar="WORKFLOW...")
@click.option(
    "--host", default="127.0.0.1", show_default=True, help="The address to listen on."
)
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8000,
    show_default=True,
    help="The port; 0 takes a free one.",
)
@click.option(
    "--client-id",
    envvar="VIEWCOMFY_CLIENT_ID",
    help="The client id that calls must have. Default: made up.",
)
@click.option(
    "--client-secret",
    envvar="VIEWCOMFY_CLIENT_SECRET",
    help="The secret that calls must have. Default: made up and printed.",
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
    help="A folder with the files that the workflows load.",
)
@click.option(
    "--max-size",
    type=click.IntRange(1),
    default=512,
    show_default=True,
    metavar="MIB",
    help="The largest call that is taken.",
)
def serve_command(
    workflows: tuple[str, ...],
    host: str,
    port: int,
    client_id: str | None,
    client_secret: str | None,
    results: str,
    comfyui: str | None,
    inputs: Path | None,
    max_size: int,
) -> None:
    """Serve each WORKFLOW locally with ViewComfy's API.

    Calls are checked and answered as ViewComfy does, at once and without models: each output is a small file that shows
    what the call was. The header x-viewcomfy-fault asks for a fault, such as drop or 429.
    """
    try:
        from ..serving import Served, Settings, create_app
        from ..serving.remote import Remote
        from ..serving.running import bound, server
    except ImportError as error:
        click.echo(
            f"serve needs {error.name}, which is not installed\n"
            'hint: pip install "viewcomfy-codegen[serve]"',
            err=True,
        )
        sys.exit(1)
    settings = Settings(
        client_id or f"local-{secrets.token_hex(4)}",
        client_secret or secrets.token_urlsafe(24),
        links=results == "links",
        most=max_size << 20,
        inputs=inputs,
    )
    try:
        served = [Served(name, _read(path)) for name, path in _named(workflows)]
        app = create_app(served, settings, Remote(comfyui) if comfyui else None)
        listening = bound(host, port)
    except ConfigurationError as error:
        click.echo(str(error), err=True)
        sys.exit(2)
    except CodegenError as error:
        for each in error.diagnostics:
            click.echo(str(each), err=True)
        sys.exit(1)
    except OSError as error:
        click.echo(
            f"{host}:{port} cannot be listened on: {error.strerror}\n"
            "hint: another server may have the port; --port 0 takes a free one",
            err=True,
        )
        sys.exit(1)
    address = f"[{host}]" if ":" in host else host
    base = f"http://{address}:{listening.getsockname()[1]}"
    if not _is_loopback(host):
        click.echo(
            f"warning: {host} can be reached from other machines, unencrypted", err=True
        )
    for workflow in served:
        click.echo(f"serving {workflow.name} at {base}/{workflow.name}", err=True)
    variables = {
        "VIEWCOMFY_API_URL": f"{base}/{served[0].name}",
        "VIEWCOMFY_CLIENT_ID": settings.client_id,
        "VIEWCOMFY_CLIENT_SECRET": settings.client_secret,
    }
    if client_secret:
        # One that was given is the user's to keep.
        del variables["VIEWCOMFY_CLIENT_SECRET"]
    with contextlib.suppress(KeyboardInterrupt):
        ready = functools.partial(_print_variables, variables)
        server(app, ready).run(sockets=[listening])


def _named(workflows: tuple[str, ...]) -> list[tuple[str, Path]]:
    """Each workflow's path with a name of its own, after its file."""
    found: dict[str, Path] = {}
    for text in workflows:
        path = Path(text)
        name = base = snake(words(path.stem)) or "workflow"
        number = 2
        while name in found:
            name, number = f"{base}_{number}", number + 1
        found[name] = path
    return list(found.items())


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise CodegenError(
            Diagnostic(str(path), f"cannot be read: {error.strerror}", "check the path")
        ) from None


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _print_variables(variables: dict[str, str]) -> None:
    """How to point clients here, for the user's shell: PowerShell on Windows, else any that knows `export`."""
    for name, value in variables.items():
        if os.name == "nt":
            quoted = value.replace("'", "''")
            click.echo(f"$env:{name} = '{quoted}'")
        else:
            click.echo(f"export {name}={shlex.quote(value)}")
    sys.stdout.flush()

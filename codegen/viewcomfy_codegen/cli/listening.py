"""What the commands that start a server have in common: its address, and its socket."""

from __future__ import annotations

import socket
import sys
from collections.abc import Callable
from typing import Any, Final, TypeVar

import click

from ..sockets import bound
from .console import err

_Command = TypeVar("_Command", bound=Callable[..., Any])

HOST: Final = click.option(
    "--host",
    default="127.0.0.1",
    metavar="ADDRESS",
    show_default=True,
    help="The address to listen on.",
)


def port(default: int) -> Callable[[_Command], _Command]:
    """The option --port with this default."""
    return click.option(
        "--port",
        type=click.IntRange(0, 65535),
        metavar="PORT",
        default=default,
        show_default=True,
        help="The port; 0 takes a free one.",
    )


def listening_on(host: str, port: int) -> socket.socket:
    """A socket bound to the address. Exits with 1 if that is taken or not this machine's."""
    try:
        return bound(host, port)
    except OSError as error:
        err(
            f"cannot listen on {host}:{port}: {error.strerror}\n"
            "hint: another server may have the port; --port 0 takes a free one"
        )
        sys.exit(1)

"""All commands print through this module, which strips terminal control sequences and writes only
what the terminal's encoding can represent.
"""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Iterable, Iterator
from itertools import zip_longest
from typing import Any

import click

from ..errors import CodegenError, Diagnostic, visible


def out(text: str, *, bold: bool = False) -> None:
    """Print to standard output."""
    _print(text, bold=bold)


def err(text: str) -> None:
    """Print to standard error."""
    _print(text, err=True)


def out_json(value: Any) -> None:
    """Print a value for programs."""
    with _writing():
        click.echo(json.dumps(value, indent=2))


def out_text(text: str) -> None:
    """Print text for other programs, byte for byte as UTF-8. The text must not contain terminal
    control sequences.
    """
    if sys.stdout is None:  # it is closed
        return
    with _writing():
        sys.stdout.buffer.write(text.encode("utf-8"))
        sys.stdout.buffer.flush()


def report(diagnostics: Iterable[Diagnostic]) -> None:
    """Print diagnostics to standard error, each once, and the hint that several in a row share
    once.
    """
    shown = [*dict.fromkeys(diagnostics)]
    for each, following in zip_longest(shown, shown[1:]):
        shared = following is not None and following.hint == each.hint
        err(str(each._replace(hint=None) if shared else each))


@contextlib.contextmanager
def reporting_errors() -> Iterator[None]:
    """Print the diagnostics of a CodegenError, and exit with 1."""
    try:
        yield
    except CodegenError as error:
        report(error.diagnostics)
        sys.exit(1)


@contextlib.contextmanager
def requiring(extra: str, what: str) -> Iterator[None]:
    """If a module is missing, say which extra brings it, and exit with 1. `what` needs it."""
    try:
        yield
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("viewcomfy"):
            raise
        err(
            f"{what} needs {error.name}, which is not installed\n"
            f'hint: pip install "viewcomfy-codegen[{extra}]"'
        )
        sys.exit(1)


def _print(text: str, *, err: bool = False, bold: bool = False) -> None:
    lines = "\n".join(visible(line) for line in text.split("\n"))
    encoding = getattr(sys.stderr if err else sys.stdout, "encoding", None) or "utf-8"
    shown = lines.encode(encoding, "backslashreplace").decode(encoding)
    with _writing():
        click.echo(click.style(shown, bold=True) if bold else shown, err=err)


@contextlib.contextmanager
def _writing() -> Iterator[None]:
    """Say why text can't be written. If nobody reads it any more, click ends quietly."""
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        raise click.ClickException(f"can't be written: {error.strerror}") from None

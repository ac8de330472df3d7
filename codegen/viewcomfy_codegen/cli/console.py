"""All commands print through this module, which strips terminal control sequences and writes only
what the terminal's encoding can represent.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from typing import Any

import click

from ..errors import Diagnostic, visible


def out(text: str, *, bold: bool = False) -> None:
    """Print to standard output."""
    _print(text, bold=bold)


def err(text: str) -> None:
    """Print to standard error."""
    _print(text, err=True)


def out_json(value: Any) -> None:
    """Print a value for programs."""
    click.echo(json.dumps(value, indent=2))


def out_text(text: str) -> None:
    """Print text for other programs, byte for byte as UTF-8. The text must not contain terminal
    control sequences.
    """
    sys.stdout.buffer.write(text.encode("utf-8"))
    sys.stdout.buffer.flush()


def tell(diagnostics: Iterable[Diagnostic]) -> None:
    """Print diagnostics to standard error."""
    for each in diagnostics:
        err(str(each))


def _print(text: str, *, err: bool = False, bold: bool = False) -> None:
    lines = "\n".join(visible(line) for line in text.split("\n"))
    encoding = getattr(sys.stderr if err else sys.stdout, "encoding", None) or "utf-8"
    shown = lines.encode(encoding, "backslashreplace").decode(encoding)
    click.echo(click.style(shown, bold=True) if bold else shown, err=err)

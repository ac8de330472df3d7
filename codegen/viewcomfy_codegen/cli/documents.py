"""`openapi WORKFLOW…` and `rules WORKFLOW…`: workflows as one document, for services or for coding assistants."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import click

from ..errors import CodegenError, Diagnostic
from ..project.paths import STANDARD
from ..project.writing import write_all
from ..targets.checksums import is_edited, is_generated, marked
from ..targets.openapi import openapi_document
from ..targets.rules import rules_page
from .console import err, out, tell
from .files import read_beside
from .schemas import named

Page = Callable[[Mapping[str, Mapping[str, Any]]], str]

_workflows = click.argument("workflows", nargs=-1, required=True, metavar="WORKFLOW...")
_check = click.option(
    "--check", is_flag=True, help="Write nothing; exit with 1 if FILE is out of date."
)
_force = click.option(
    "--force",
    is_flag=True,
    help="Overwrite a file that was edited by hand or not generated.",
)


@click.command("openapi")
@_workflows
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    default="openapi.json",
    show_default=True,
    help="The document to write; - prints it.",
)
@_check
@_force
def openapi_command(
    workflows: tuple[str, ...], output: str, check: bool, force: bool
) -> None:
    """Write an OpenAPI document of a service for each WORKFLOW.

    It is OpenAPI 3.1. WORKFLOW is whatever `generate` takes, a generated module or a JSON Schema. The routes of several
    are below their names.
    """
    _finish(openapi_document, workflows, output, check, force)


@click.command("rules")
@_workflows
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    required=True,
    help="The page to write, such as AGENTS-workflows.md; - prints it.",
)
@_check
@_force
def rules_command(
    workflows: tuple[str, ...], output: str, check: bool, force: bool
) -> None:
    """Write a page for coding assistants on each WORKFLOW.

    WORKFLOW is whatever `generate` takes, a generated module or a JSON Schema. It is Markdown, and says what to import, what each
    parameter takes and what can go wrong.
    """
    _finish(rules_page, workflows, output, check, force)


def _finish(
    page: Page, workflows: tuple[str, ...], output: str, check: bool, force: bool
) -> None:
    """Write the page of all workflows, or compare it with the one that is there."""
    path = Path(output)
    try:
        schemas = {name: each.schema for name, each in named(workflows).items()}
        text = marked(page(schemas), "")
        old = None if output == STANDARD else read_beside(path)
        if old is not None and not force and not check:
            _refuse_other(path, old)
        if output != STANDARD and not check:
            write_all({path: text})
    except CodegenError as error:
        tell(error.diagnostics)
        sys.exit(1)
    if check:
        if old is None or old.replace("\r\n", "\n") != text:
            out(f"{path} is out of date")
            sys.exit(1)
    elif output == STANDARD:
        sys.stdout.buffer.write(text.encode())
    else:
        err(f"wrote {path}")


def _refuse_other(path: Path, text: str) -> None:
    """Raises CodegenError for a file that somebody else wrote, or edited."""
    if not text.strip() or (is_generated(text) and not is_edited(text)):
        return
    fault = "was edited by hand, or viewcomfy-codegen did not write it"
    hint = "name another file, or overwrite it with --force"
    raise CodegenError(Diagnostic(str(path), fault, hint))

"""`openapi`, `rules` and `docs`: workflows as one document,
for services, coding assistants or people.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import click

from ..errors import CodegenError, Diagnostic
from ..model import Module
from ..pipeline import generate
from ..planning.options import Options
from ..project.paths import STANDARD
from ..project.writing import write_all
from ..sources import classes_in
from ..targets.checksums import is_edited, is_generated, marked
from ..targets.html.page import html_page
from ..targets.openapi import openapi_document
from ..targets.rules import rules_page
from .console import err, out, tell
from .files import read_beside, read_file, read_object_info, users_facts
from .schemas import named, places_by_name

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

    It is OpenAPI 3.1. WORKFLOW is whatever `generate` takes, a generated module or a JSON Schema.
    The routes of several are below their names.
    """
    _finish(lambda: openapi_document(_schemas(workflows)), output, check, force)


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

    WORKFLOW is whatever `generate` takes, a generated module or a JSON Schema. It is Markdown, and
    says what to import, what each parameter takes and what can go wrong.
    """
    _finish(lambda: rules_page(_schemas(workflows)), output, check, force)


@click.command("docs")
@_workflows
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    required=True,
    help="The page to write, such as portrait.html; - prints it.",
)
@click.option(
    "--object-info",
    metavar="FILE|URL",
    help="Node definitions of your own ComfyUI: its URL, or a saved /object_info.",
)
@_check
@_force
def docs_command(
    workflows: tuple[str, ...],
    output: str,
    object_info: str | None,
    check: bool,
    force: bool,
) -> None:
    """Write a page for people on each WORKFLOW.

    WORKFLOW is whatever `generate` takes. The page is one HTML file that needs nothing else: the
    graph, the parameters, what a run gives, and a call in each language.
    """
    _finish(lambda: html_page(_modules(workflows, object_info)), output, check, force)


def _finish(page: Callable[[], str], output: str, check: bool, force: bool) -> None:
    """Write the page, or compare it with the one that is there."""
    path = Path(output)
    try:
        text = marked(page(), "")
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


def _modules(workflows: tuple[str, ...], object_info: str | None) -> list[Module]:
    """The plan of each workflow's client. Raises CodegenError with all faults."""
    classes = (
        classes_in(read_object_info(object_info), object_info) if object_info else None
    )
    options = Options(object_info=classes, kept=users_facts())
    found: list[Module] = []
    faults: list[Diagnostic] = []
    for name, place in places_by_name(workflows).items():
        source = "standard input" if place == STANDARD else Path(place).name
        try:
            data = read_file(place)
            made = generate(data, name=name, source=source, options=options, targets=())
        except CodegenError as error:
            faults += error.diagnostics
        else:
            tell(made.diagnostics)
            found.append(made.module)
    if faults:
        raise CodegenError(*faults)
    return found


def _schemas(workflows: tuple[str, ...]) -> dict[str, Mapping[str, Any]]:
    """The schema of each workflow's calls, by what its module is called.

    Raises CodegenError with all faults.
    """
    return {name: each.schema for name, each in named(workflows).items()}


def _refuse_other(path: Path, text: str) -> None:
    """Raises CodegenError for a file that somebody else wrote, or edited."""
    if not text.strip() or (is_generated(text) and not is_edited(text)):
        return
    fault = "was edited by hand, or viewcomfy-codegen did not write it"
    hint = "name another file, or overwrite it with --force"
    raise CodegenError(Diagnostic(str(path), fault, hint))

"""`openapi`, `rules` and `docs`: one document about several workflows, for services, coding
assistants or people.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import click

from viewcomfy_runtime.json_types import JsonValue

from ..errors import CodegenError, Diagnostic
from ..model import Module
from ..project.paths import STANDARD
from ..project.writing import write_all
from ..targets.checksums import is_edited, is_generated, marked
from ..targets.html.page import html_page
from ..targets.openapi import openapi_document
from ..targets.registry import target_of
from ..targets.rules import rules_page
from .console import err, out, out_text, report, reporting_errors
from .descriptions import descriptions_by_name, places_by_name
from .files import read_beside, read_file, refuse_overwriting
from .workflow_options import Reading, reads_workflows

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
@reads_workflows
@_check
@_force
def openapi_command(
    workflows: tuple[str, ...],
    output: str,
    check: bool,
    force: bool,
    reading: Reading,
) -> None:
    """Write an OpenAPI 3.1 document for a service that runs WORKFLOW.

    WORKFLOW is anything that `generate` accepts, a generated module, or a JSON Schema. With several
    workflows, the routes of each are under its name.
    """
    _refuse_unfit(output, workflows, ".openapi.json")
    _finish(
        lambda: openapi_document(_schemas(workflows, reading)), output, check, force
    )


@click.command("rules")
@_workflows
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    required=True,
    help="The page to write, such as AGENTS-workflows.md; - prints it.",
)
@reads_workflows
@_check
@_force
def rules_command(
    workflows: tuple[str, ...],
    output: str,
    check: bool,
    force: bool,
    reading: Reading,
) -> None:
    """Write a page that teaches coding assistants to use WORKFLOW.

    WORKFLOW is anything that `generate` accepts, a generated module, or a JSON Schema. The page is
    Markdown. It says what to import, what each parameter takes, and what can go wrong.
    """
    _refuse_unfit(output, workflows, ".md")
    _finish(lambda: rules_page(_schemas(workflows, reading)), output, check, force)


@click.command("docs")
@_workflows
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    required=True,
    help="The page to write, such as portrait.html; - prints it.",
)
@reads_workflows
@_check
@_force
def docs_command(
    workflows: tuple[str, ...],
    output: str,
    check: bool,
    force: bool,
    reading: Reading,
) -> None:
    """Write an HTML page that documents each WORKFLOW.

    WORKFLOW is anything that `generate` accepts. The page is a single, self-contained file with the
    graph, the parameters, the outputs, and a sample call in each language.
    """
    _refuse_unfit(output, workflows, ".html")
    _finish(lambda: html_page(_modules(workflows, reading)), output, check, force)


def _refuse_unfit(output: str, workflows: tuple[str, ...], suffix: str) -> None:
    """Raises click.UsageError for a file that is read, or whose name is that of another format."""
    refuse_overwriting(output, workflows)
    other = target_of(output)
    if other is not None and other.suffix != suffix:
        raise click.UsageError(
            f"{output} is named like another kind of file ({other.name});"
            f" give it the ending {suffix}"
        )


def _finish(page: Callable[[], str], output: str, check: bool, force: bool) -> None:
    """Write the document, or compare it with the existing file."""
    path = Path(output)
    with reporting_errors():
        text = marked(page(), "")
        old = None if output == STANDARD else read_beside(path)
        if old is not None and not force and not check:
            _refuse_other(path, old)
        if output != STANDARD and not check:
            write_all({path: text})
    if check:
        if old is None or old.replace("\r\n", "\n") != text:
            out(f"{path} is out of date")
            sys.exit(1)
    elif output == STANDARD:
        out_text(text)
    else:
        err(f"wrote {path}")


def _modules(workflows: tuple[str, ...], reading: Reading) -> list[Module]:
    """The plan of each workflow's client. Raises CodegenError with every fault."""
    found: list[Module] = []
    faults: list[Diagnostic] = []
    for name, place in places_by_name(workflows).items():
        try:
            made = reading.generated(read_file(place), place, name)
        except CodegenError as error:
            faults += error.diagnostics
        else:
            report(made.diagnostics)
            found.append(made.module)
    if faults:
        raise CodegenError(*faults)
    return found


def _schemas(
    workflows: tuple[str, ...], reading: Reading
) -> dict[str, Mapping[str, JsonValue]]:
    """The call schema of each workflow, by module name. Raises CodegenError with every fault."""
    return {
        name: each.schema
        for name, each in descriptions_by_name(workflows, reading).items()
    }


def _refuse_other(path: Path, text: str) -> None:
    """Raises CodegenError if the existing file was edited, or was not written by this command."""
    if not text.strip() or (is_generated(text) and not is_edited(text)):
        return
    fault = "was edited by hand, or viewcomfy-codegen did not write it"
    hint = "name another file, or overwrite it with --force"
    raise CodegenError(Diagnostic(str(path), fault, hint))

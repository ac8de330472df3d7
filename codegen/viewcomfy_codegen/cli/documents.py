"""`openapi`, `rules` and `docs`: one document about several workflows, for services, coding
assistants or people.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from viewcomfy_runtime.json_types import JsonValue

from ..model import Module
from ..project.earlier import refuse_edited
from ..project.paths import STANDARD
from ..targets.checksums import marked
from ..targets.html.page import html_page
from ..targets.openapi import openapi_document
from ..targets.registry import target_of
from ..targets.rules import rules_page
from .console import out, report, reporting_errors
from .descriptions import descriptions_by_name, read_each
from .files import read_beside, read_file, refuse_overwriting, write_output
from .grouping import Command, grouped
from .workflow_options import Reading, reads_workflows


@dataclass(frozen=True, slots=True)
class Document:
    """The file to write, and how an existing one is treated."""

    output: str
    check: bool
    force: bool


def _writing(help: str, **settings: Any) -> Callable[[Command], Command]:
    """The workflows and options of a command that writes a document; `help` is that of --output."""
    document = grouped(
        "document",
        Document,
        click.option("-o", "--output", metavar="FILE", help=help, **settings),
        click.option(
            "--check",
            is_flag=True,
            help="Write nothing; exit with 1 if FILE is out of date.",
        ),
        click.option(
            "--force",
            is_flag=True,
            help="Overwrite a file that was edited by hand or not generated.",
        ),
    )
    workflows = click.argument(
        "workflows", nargs=-1, required=True, metavar="WORKFLOW..."
    )
    return lambda command: workflows(document(reads_workflows(command)))


@click.command("openapi")
@_writing(
    "The document to write; - prints it.", default="openapi.json", show_default=True
)
def openapi_command(
    workflows: tuple[str, ...], document: Document, reading: Reading
) -> None:
    """Write an OpenAPI 3.1 document for a service that runs WORKFLOW.

    WORKFLOW is anything that `generate` accepts, a generated module, or a JSON Schema. With several
    workflows, the routes of each are under its name.
    """
    _refuse_unfit(document.output, workflows, ".openapi.json")
    _finish(lambda: openapi_document(_schemas(workflows, reading)), document)


@click.command("rules")
@_writing("The page to write, such as AGENTS-workflows.md; - prints it.", required=True)
def rules_command(
    workflows: tuple[str, ...], document: Document, reading: Reading
) -> None:
    """Write a page that teaches coding assistants to use WORKFLOW.

    WORKFLOW is anything that `generate` accepts, a generated module, or a JSON Schema. The page is
    Markdown. It says what to import, what each parameter takes, and what can go wrong.
    """
    _refuse_unfit(document.output, workflows, ".md")
    _finish(lambda: rules_page(_schemas(workflows, reading)), document)


@click.command("docs")
@_writing("The page to write, such as portrait.html; - prints it.", required=True)
def docs_command(
    workflows: tuple[str, ...], document: Document, reading: Reading
) -> None:
    """Write an HTML page that documents each WORKFLOW.

    WORKFLOW is anything that `generate` accepts. The page is a single, self-contained file with the
    graph, the parameters, the outputs, and a sample call in each language.
    """
    _refuse_unfit(document.output, workflows, ".html")
    _finish(lambda: html_page(_modules(workflows, reading)), document)


def _refuse_unfit(output: str, workflows: tuple[str, ...], suffix: str) -> None:
    """Raises click.UsageError for a file that is read, or whose name is that of another format."""
    refuse_overwriting(output, workflows)
    other = target_of(output)
    if other is not None and other.suffix != suffix:
        raise click.UsageError(
            f"{output} is named like another kind of file ({other.name});"
            f" give it the ending {suffix}"
        )


def _finish(page: Callable[[], str], document: Document) -> None:
    """Write the document, or compare it with the existing file."""
    path = Path(document.output)
    with reporting_errors():
        text = marked(page(), "")
        old = None if document.output == STANDARD else read_beside(path)
        if not document.check:
            if old is not None and not document.force:
                refuse_edited(path, old)
            write_output(text, document.output)
    if document.check and (old is None or old.replace("\r\n", "\n") != text):
        out(f"{path} is out of date")
        sys.exit(1)


def _modules(workflows: tuple[str, ...], reading: Reading) -> list[Module]:
    """The plan of each workflow's client. Raises CodegenError with every fault."""

    def planned(name: str, place: str) -> Module:
        made = reading.generated(read_file(place), place, name)
        report(made.diagnostics)
        return made.module

    return list(read_each(workflows, planned).values())


def _schemas(
    workflows: tuple[str, ...], reading: Reading
) -> dict[str, Mapping[str, JsonValue]]:
    """The call schema of each workflow, by module name. Raises CodegenError with every fault."""
    return {
        name: each.schema
        for name, each in descriptions_by_name(workflows, reading).items()
    }

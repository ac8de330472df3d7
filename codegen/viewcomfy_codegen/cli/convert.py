"""`viewcomfy-codegen convert WORKFLOW`: write a workflow in API format, whatever format it was
saved in.
"""

from __future__ import annotations

from pathlib import Path

import click

from .. import pipeline
from ..planning.options import Options
from ..project.paths import STANDARD
from ..project.writing import write_all
from ..sources import classes_in
from ..targets.python.rendering import json_text
from .console import err, errors_told, out_text, tell
from .files import read_file, read_object_info, refuse_overwriting, users_facts
from .workflow_options import OBJECT_INFO, PICKED


@click.command("convert")
@click.argument("workflow")
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    default=STANDARD,
    help="The file to write. Default: -, which prints it.",
)
@OBJECT_INFO
@PICKED
def convert_command(
    workflow: str, output: str, object_info: str | None, picked: str | None
) -> None:
    """Write WORKFLOW in API format.

    WORKFLOW is what ComfyUI's web page saves, an image, video or audio file with a workflow in it,
    a view_comfy.json, or - for standard input. No server is needed. What is left out is reported.
    """
    refuse_overwriting(output, [workflow])
    name = "standard input" if workflow == STANDARD else Path(workflow).name
    with errors_told():
        options = Options(
            object_info=(
                classes_in(read_object_info(object_info), object_info)
                if object_info
                else None
            ),
            kept=users_facts(),
        )
        found = pipeline.read(
            read_file(workflow),
            name,
            workflow_in=picked,
            catalog=pipeline.catalog_of(options),
        )
        # Nothing in it is obeyed by a terminal, nor refused by UTF-8.
        text = json_text(found.workflow.graph, indent=2) + "\n"
        if output != STANDARD:
            write_all({Path(output): text})
    tell(found.diagnostics)
    if output == STANDARD:
        out_text(text)
    else:
        err(f"wrote {output}")

"""`viewcomfy-codegen convert WORKFLOW`: write a workflow in API format, whatever format it was
saved in.
"""

from __future__ import annotations

import click

from .. import pipeline
from ..planning.options import Options
from ..project.paths import STANDARD, label_of
from ..targets.python.rendering import json_text
from .console import report, reporting_errors
from .files import (
    node_classes,
    read_file,
    refuse_overwriting,
    users_facts,
    write_output,
)
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
    with reporting_errors():
        options = Options(object_info=node_classes(object_info), kept=users_facts())
        found = pipeline.read(
            read_file(workflow),
            label_of(workflow),
            workflow_in=picked,
            catalog=pipeline.catalog_of(options),
        )
        report(found.diagnostics)
        # Nothing in it is obeyed by a terminal, nor refused by UTF-8.
        write_output(json_text(found.workflow.graph, indent=2) + "\n", output)

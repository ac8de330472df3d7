"""`viewcomfy-codegen params WORKFLOW`: write the flattened parameters file that ViewComfy's
examples start from.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

import click

from .. import pipeline
from ..planning.options import Options
from ..project.paths import STANDARD, label_of
from ..targets.flattened import flattened
from .console import reporting_errors
from .files import read_file, refuse_overwriting, users_facts, write_output
from .workflow_options import PICKED


@click.command("params")
@click.argument("workflow")
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    default="workflow_api_parameters.json",
    show_default=True,
    help="The file to write; - prints it.",
)
@PICKED
def params_command(workflow: str, output: str, picked: str | None) -> None:
    """Write the flattened parameters of WORKFLOW.

    The file is what ViewComfy's workflow_parameters_maker.py writes, for programs that use its
    keys; `migrate` rewrites their calls for a generated module.
    """
    refuse_overwriting(output, [workflow])
    with reporting_errors():
        text = flattened(_nodes(workflow, picked))
        write_output(f"{text}\n" if output == STANDARD else text, output)


def _nodes(place: str, picked: str | None) -> Mapping[str, Mapping[str, object]]:
    """The nodes in file order with all their contents, including nodes without a class, which some
    exports contain.
    """
    data = read_file(place)
    catalog = pipeline.catalog_of(Options(kept=users_facts()))
    graph = pipeline.read(
        data, label_of(place), workflow_in=picked, catalog=catalog
    ).workflow.graph
    try:
        document = json.loads(data)
    except (ValueError, RecursionError):
        return graph
    is_plain = isinstance(document, dict) and graph.keys() <= document.keys()
    if not is_plain:
        return graph
    return {id: node for id, node in document.items() if isinstance(node, dict)}

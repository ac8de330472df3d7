"""`viewcomfy-codegen diff OLD NEW`: what changed for a workflow's callers."""

from __future__ import annotations

import sys

import click

from ..graph.matching import matched
from ..project.changes import changes_between
from .console import err, out, out_json, reporting_errors
from .descriptions import description_of
from .workflow_options import Reading, reads_workflows


@click.command("diff")
@click.argument("old")
@click.argument("new")
@click.option("--json", "as_json", is_flag=True, help="Print the changes as JSON.")
@click.option(
    "--exit-code", is_flag=True, help="Exit with 1 if a change breaks callers."
)
@reads_workflows
def diff_command(
    old: str, new: str, as_json: bool, exit_code: bool, reading: Reading
) -> None:
    """Show what changed for callers between OLD and NEW.

    Each of the two is a workflow, a generated module or a JSON Schema. A workflow as NEW keeps the
    names of OLD, as it does when it is generated again. Give it the options that the client is
    generated with, such as --object-info and --exclude.
    """
    with reporting_errors():
        first = description_of(old, reading)
        second = description_of(new, reading, earlier=first)
    renumbered = (
        matched(first.graph, second.graph)
        if first.graph is not None and second.graph is not None
        else None
    )
    changes = changes_between(first.schema, second.schema, renumbered)
    breaking = any(change.breaking for change in changes)
    if as_json:
        listed = [each.as_json() for each in changes]
        out_json({"breaking": breaking, "changes": listed})
    else:
        for change in changes:
            out(str(change))
        if not changes:
            err("nothing changed for callers")
    sys.exit(1 if exit_code and breaking else 0)

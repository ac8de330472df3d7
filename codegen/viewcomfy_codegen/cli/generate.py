"""`viewcomfy-codegen WORKFLOW`: the typed module and the JSON Schema of a workflow, or of all that the project names."""

from __future__ import annotations

import sys

import click

from ..errors import CodegenError
from ..planning.plan import Options
from ..project.paths import module_path, name_of, refuse_same, schema_path
from ..project.regenerate import Task
from .files import STANDARD
from .finishing import finish, tell


@click.command("generate")
@click.argument("workflow", required=False)
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    help="The module to write; - prints it. Default: named after the workflow.",
)
@click.option(
    "--schema",
    metavar="FILE",
    help="The JSON Schema to write. Default: beside the module, as NAME.schema.json.",
)
@click.option("--no-schema", is_flag=True, help="Write no JSON Schema.")
@click.option(
    "--include",
    multiple=True,
    metavar="GLOB",
    help="Keep only parameters whose name, key or node class matches.",
)
@click.option(
    "--exclude",
    multiple=True,
    metavar="GLOB",
    help="Leave out parameters whose name, key or node class matches.",
)
@click.option(
    "--all",
    "all_",
    is_flag=True,
    help="Keep what the workflow's VC_BASIC and VC_ADV marks, or its view_comfy.json, leave out.",
)
@click.option(
    "--optional-files",
    is_flag=True,
    help="Let calls leave files out; the deployed ones are used then.",
)
@click.option(
    "--no-embed", is_flag=True, help="Do not carry the workflow's graph in the module."
)
@click.option(
    "--object-info",
    metavar="FILE|URL",
    help="What your own ComfyUI says of its nodes: its address, or its saved /object_info.",
)
@click.option(
    "--view-comfy",
    metavar="FILE",
    help="The view_comfy.json beside the workflow: its titles, texts, types and groups.",
)
@click.option(
    "--workflow",
    "picked",
    metavar="N|TITLE",
    help="Which workflow of a view_comfy.json is meant.",
)
@click.option(
    "--fresh", is_flag=True, help="Name all parameters anew, whatever they were called."
)
@click.option(
    "--force",
    is_flag=True,
    help="Overwrite files that were edited by hand, or not generated.",
)
@click.option(
    "--check",
    is_flag=True,
    help="Write nothing; exit with 1 where an output is not what would be generated.",
)
def generate_command(
    workflow: str | None,
    output: str | None,
    schema: str | None,
    no_schema: bool,
    include: tuple[str, ...],
    exclude: tuple[str, ...],
    all_: bool,
    optional_files: bool,
    no_embed: bool,
    object_info: str | None,
    view_comfy: str | None,
    picked: str | None,
    fresh: bool,
    force: bool,
    check: bool,
) -> None:
    """Write the typed module and the JSON Schema of WORKFLOW.

    WORKFLOW is a workflow_api.json, a view_comfy.json, a picture that ComfyUI saved, or - for standard input. Without it, all
    workflows in the pyproject.toml's [tool.viewcomfy-codegen] are meant.
    """
    if workflow is None:
        options = (output, schema, object_info, view_comfy, picked)
        flags = (no_schema, all_, optional_files, no_embed, *include, *exclude)
        if any(options) or any(flags):
            raise click.UsageError(
                "which workflow? Without one, [tool.viewcomfy-codegen] says everything"
            )
        _project(fresh=fresh, force=force, check=check)
        return
    if schema is not None and no_schema:
        raise click.UsageError("--schema and --no-schema exclude each other")
    module = module_path(workflow, output)
    if check and module is None:
        raise click.UsageError("--check needs an output to compare with")
    beside = schema_path(module, schema, no_schema)
    if beside is not None:
        refuse_same(beside, module, workflow)
    task = Task(
        source=workflow,
        name=module.stem if module else name_of(workflow),
        module=module,
        schema=beside,
        options=Options(include, exclude, all_, optional_files, embed=not no_embed),
        view_comfy=view_comfy,
        workflow=picked,
        object_info=object_info,
        fresh=fresh,
        force=force,
    )
    [product] = finish([task], check=check)
    if output == STANDARD or module is None:
        sys.stdout.buffer.write(product.texts[0].encode())
        sys.stdout.flush()
    for path in product.outputs:
        click.echo(f"wrote {path}", err=True)


def _project(*, fresh: bool, force: bool, check: bool) -> None:
    """Generate everything that the project names."""
    from ..project.settings import tasks_of_project

    try:
        tasks = tasks_of_project(fresh=fresh, force=force)
    except CodegenError as error:
        tell(error.diagnostics)
        sys.exit(1)
    if tasks is None:
        raise click.UsageError(
            "which workflow? Give one, or name yours in pyproject.toml under [tool.viewcomfy-codegen]"
        )
    for product in finish(tasks, check=check):
        for path in product.outputs:
            click.echo(f"wrote {path}", err=True)

"""`viewcomfy-codegen WORKFLOW`: generate the typed module and the JSON Schema of a workflow, or of
every workflow in the project.
"""

from __future__ import annotations

import sys
from pathlib import Path

import click

from ..errors import CodegenError
from ..planning.options import Options
from ..project.paths import STANDARD, UnusableOutput, outputs_of, title_of
from ..project.regenerate import Task
from .console import tell
from .files import users_catalog_if_any
from .finishing import finish
from .reading import EXCLUDE, INCLUDE, OBJECT_INFO, PICKED, VIEW_COMFY


@click.command("generate")
@click.argument("workflow", required=False)
@click.option(
    "-o",
    "--output",
    "wanted",
    multiple=True,
    metavar="FILE",
    help=(
        "File to write: .py, .ts, .openapi.json, .md or .html; may "
        "be repeated. - prints it. Default: named after the workflow."
    ),
)
@click.option(
    "--schema",
    metavar="FILE",
    help="JSON Schema to write. Default: NAME.schema.json beside the module.",
)
@click.option("--no-schema", is_flag=True, help="Do not write a JSON Schema.")
@INCLUDE
@EXCLUDE
@click.option(
    "--all",
    "all_",
    is_flag=True,
    help="Keep what VC_BASIC and VC_ADV marks or a view_comfy.json leave out.",
)
@click.option(
    "--app-only",
    is_flag=True,
    help="Leave out what the workflow's App mode does not show.",
)
@click.option(
    "--optional-files",
    is_flag=True,
    help="Let calls leave files out; the deployed ones are then used.",
)
@click.option(
    "--no-share",
    is_flag=True,
    help="Give each input a parameter of its own, even if several belong together.",
)
@click.option(
    "--no-embed", is_flag=True, help="Do not embed the workflow's graph in the module."
)
@OBJECT_INFO
@VIEW_COMFY
@PICKED
@click.option(
    "--fresh",
    is_flag=True,
    help="Name everything anew instead of keeping the names of the earlier module.",
)
@click.option(
    "--force",
    is_flag=True,
    help="Overwrite files that were edited by hand or not generated.",
)
@click.option(
    "--check",
    is_flag=True,
    help="Write nothing; exit with 1 if an output is out of date.",
)
@click.option(
    "--watch",
    "watched",
    is_flag=True,
    help="Generate again whenever a source or pyproject.toml changes, until Ctrl-C.",
)
def generate_command(
    workflow: str | None,
    wanted: tuple[str, ...],
    schema: str | None,
    no_schema: bool,
    include: tuple[str, ...],
    exclude: tuple[str, ...],
    all_: bool,
    app_only: bool,
    optional_files: bool,
    no_share: bool,
    no_embed: bool,
    object_info: str | None,
    view_comfy: str | None,
    picked: str | None,
    fresh: bool,
    force: bool,
    check: bool,
    watched: bool,
) -> None:
    """Write the typed module and the JSON Schema of WORKFLOW.

    WORKFLOW is a workflow in API format or as ComfyUI's web page saves it, an image, video or audio
    file that ComfyUI saved, a view_comfy.json, or - for standard input. Without it, every workflow
    under [tool.viewcomfy-codegen] in pyproject.toml is generated.
    """
    if watched and (check or workflow == STANDARD):
        other = "--check" if check else "standard input"
        raise click.UsageError(f"--watch cannot be combined with {other}")
    if workflow is None:
        options = (wanted, schema, object_info, view_comfy, picked)
        flags = (no_schema, all_, app_only, optional_files, no_share, no_embed)
        if any((*options, *flags, *include, *exclude)):
            raise click.UsageError(
                "these options need a WORKFLOW; without one, "
                "[tool.viewcomfy-codegen] in pyproject.toml decides everything"
            )
        _project(fresh=fresh, force=force, check=check, watched=watched)
        return
    if schema is not None and no_schema:
        raise click.UsageError("--schema and --no-schema cannot be combined")
    try:
        outputs = outputs_of(workflow, wanted, schema, no_schema)
    except UnusableOutput as error:
        raise click.UsageError(str(error)) from None
    if check and Path(STANDARD) in outputs:
        raise click.UsageError("--check needs an output to compare with")
    task = Task(
        source=workflow,
        name=title_of(workflow, outputs),
        outputs=outputs,
        options=Options(
            include,
            exclude,
            all_,
            optional_files,
            embed=not no_embed,
            app_only=app_only,
            share=not no_share,
        ),
        view_comfy=view_comfy,
        workflow=picked,
        object_info=object_info,
        catalog=users_catalog_if_any(),
        fresh=fresh,
        force=force,
    )
    if watched:
        from .watching import watch

        watch(lambda: [task], None)
        return
    finish([task], check=check)


def _project(*, fresh: bool, force: bool, check: bool, watched: bool) -> None:
    """Generate everything that the project lists."""
    from ..project.settings import settings_file, tasks_of, tasks_of_project

    try:
        if watched and (settings := settings_file()):
            from .watching import watch

            watch(
                lambda: [
                    task._replace(fresh=fresh, force=force)
                    for task in tasks_of(settings)
                ],
                settings,
            )
            return
        tasks = tasks_of_project(fresh=fresh, force=force)
    except CodegenError as error:
        tell(error.diagnostics)
        sys.exit(1)
    if tasks is None:
        raise click.UsageError(
            "no WORKFLOW given, and no pyproject.toml here names any under [tool.viewcomfy-codegen]"
        )
    finish(tasks, check=check)

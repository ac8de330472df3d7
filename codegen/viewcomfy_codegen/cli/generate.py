"""`viewcomfy-codegen WORKFLOW`: generate the typed module and the JSON Schema of a workflow, or of
every workflow in the project.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from ..planning.options import Options
from ..project.paths import STANDARD, UnusableOutput, output_targets, title_of
from ..project.regenerate import Task
from .console import reporting_errors
from .files import users_catalog_if_any
from .finishing import finish
from .grouping import grouped
from .workflow_options import AS_IT_IS, Reading, reads_workflows

if TYPE_CHECKING:
    from .watching import Tasks


@dataclass(frozen=True, slots=True)
class Files:
    """The files to write, as given."""

    wanted: tuple[str, ...] = ()
    schema: str | None = None
    no_schema: bool = False


@dataclass(frozen=True, slots=True)
class Shape:
    """What the module offers and contains."""

    all_: bool = False
    optional_files: bool = False
    no_share: bool = False
    no_embed: bool = False


@dataclass(frozen=True, slots=True)
class Mode:
    """How files that exist already are treated, and when to generate."""

    fresh: bool
    force: bool
    check: bool
    watched: bool


_files: Final = grouped(
    "files",
    Files,
    click.option(
        "-o",
        "--output",
        "wanted",
        multiple=True,
        metavar="FILE",
        help=(
            "File to write: .py, .ts, .openapi.json, .md or .html; may "
            "be repeated. - prints it. Default: named after the workflow."
        ),
    ),
    click.option(
        "--schema",
        metavar="FILE",
        help="JSON Schema to write. Default: NAME.schema.json beside the module.",
    ),
    click.option("--no-schema", is_flag=True, help="Do not write a JSON Schema."),
)
_shape: Final = grouped(
    "shape",
    Shape,
    click.option(
        "--all",
        "all_",
        is_flag=True,
        help="Keep what VC_BASIC and VC_ADV marks or a view_comfy.json leave out.",
    ),
    click.option(
        "--optional-files",
        is_flag=True,
        help="Let calls leave files out; the deployed ones are then used.",
    ),
    click.option(
        "--no-share",
        is_flag=True,
        help="Give each input a parameter of its own, even if several belong together.",
    ),
    click.option(
        "--no-embed",
        is_flag=True,
        help="Do not embed the workflow's graph in the module.",
    ),
)
_mode: Final = grouped(
    "mode",
    Mode,
    click.option(
        "--fresh",
        is_flag=True,
        help="Name everything anew instead of keeping the names of the earlier module.",
    ),
    click.option(
        "--force",
        is_flag=True,
        help="Overwrite files that were edited by hand or not generated.",
    ),
    click.option(
        "--check",
        is_flag=True,
        help="Write nothing; exit with 1 if an output is out of date.",
    ),
    click.option(
        "--watch",
        "watched",
        is_flag=True,
        help="Generate again whenever a source or pyproject.toml changes, until Ctrl-C.",
    ),
)


@click.command("generate")
@click.argument("workflow", required=False)
@_files
@reads_workflows
@_shape
@_mode
def generate_command(
    workflow: str | None, files: Files, reading: Reading, shape: Shape, mode: Mode
) -> None:
    """Write the typed module and the JSON Schema of WORKFLOW.

    WORKFLOW is a workflow in API format or as ComfyUI's web page saves it, an image, video or audio
    file that ComfyUI saved, a view_comfy.json, or - for standard input. Without it, every workflow
    under [tool.viewcomfy-codegen] in pyproject.toml is generated.
    """
    if mode.watched and (mode.check or workflow == STANDARD):
        other = "--check" if mode.check else "standard input"
        raise click.UsageError(f"--watch cannot be combined with {other}")
    if workflow is not None:
        task = _task(workflow, files, reading, shape)
        if mode.check and Path(STANDARD) in task.outputs:
            raise click.UsageError("--check needs an output to compare with")
        _generate(lambda: [task], None, mode)
    elif (files, reading, shape) != (Files(), AS_IT_IS, Shape()):
        raise click.UsageError(
            "these options need a WORKFLOW; without one, "
            "[tool.viewcomfy-codegen] in pyproject.toml decides everything"
        )
    else:
        _generate_project(mode)


def _task(workflow: str, files: Files, reading: Reading, shape: Shape) -> Task:
    """The client that the options describe."""
    if files.schema is not None and files.no_schema:
        raise click.UsageError("--schema and --no-schema cannot be combined")
    try:
        outputs = output_targets(workflow, files.wanted, files.schema, files.no_schema)
    except UnusableOutput as error:
        raise click.UsageError(str(error)) from None
    return Task(
        source=workflow,
        name=title_of(workflow, outputs),
        outputs=outputs,
        options=Options(
            reading.include,
            reading.exclude,
            shape.all_,
            shape.optional_files,
            embed=not shape.no_embed,
            app_only=reading.app_only,
            share=not shape.no_share,
        ),
        view_comfy=reading.view_comfy,
        workflow=reading.picked,
        object_info=reading.object_info,
        catalog=users_catalog_if_any(),
    )


def _generate_project(mode: Mode) -> None:
    """Generate everything that the project lists."""
    from ..project.settings import settings_file, tasks_of

    with reporting_errors():
        settings = settings_file()
    if settings is None:
        raise click.UsageError(
            "no WORKFLOW given, and no pyproject.toml here names any under [tool.viewcomfy-codegen]"
        )
    _generate(lambda: tasks_of(settings), settings, mode)


def _generate(tasks: Tasks, settings: Path | None, mode: Mode) -> None:
    """Generate once, or whenever a source or the `settings` of the `tasks` change."""

    def found() -> list[Task]:
        return [each._replace(fresh=mode.fresh, force=mode.force) for each in tasks()]

    if mode.watched:
        from .watching import watch

        watch(found, settings)
        return
    with reporting_errors():
        wanted = found()
    finish(wanted, check=mode.check)

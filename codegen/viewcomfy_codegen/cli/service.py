"""`viewcomfy-codegen service WORKFLOW`: write a web service around a generated module, to
build on.
"""

from __future__ import annotations

from pathlib import Path

import click

from ..errors import CodegenError, Diagnostic
from ..project.paths import STANDARD, name_of
from ..project.writing import write_all
from ..targets.checksums import is_generated
from ..targets.python.reading import read_module
from ..targets.python.target import PYTHON
from ..targets.service import service_files
from .console import err, report, reporting_errors
from .files import read_file
from .workflow_options import Reading, reads_workflows


@click.command("service")
@click.argument("workflow")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    default="service",
    show_default=True,
    help="The folder to write.",
)
@click.option("--force", is_flag=True, help="Write even if the folder has files in it.")
@reads_workflows
def service_command(workflow: str, output: Path, force: bool, reading: Reading) -> None:
    """Write a FastAPI service around WORKFLOW, for you to build on.

    WORKFLOW is anything that `generate` accepts, or a generated module. The service comes with
    tests, a Dockerfile and a README. It is written once and then yours: it imports the generated
    module, so regenerating that needs no change to the service.
    """
    with reporting_errors():
        name, module = _module(workflow, reading)
        if not force and output.is_dir() and any(output.iterdir()):
            message = "already has files in it, and a service is written only once"
            hint = "name another folder, or overwrite the service in it with --force"
            raise CodegenError(Diagnostic(str(output), message, hint))
        texts = {f"{name}.py": module, **service_files(name)}
        write_all(
            {output / path: text for path, text in texts.items()}, within=[output]
        )
    err(f"wrote {output}; {output / 'README.md'} says how to start it")


def _module(place: str, reading: Reading) -> tuple[str, str]:
    """The module's name and text, either given or generated from a workflow. Raises
    CodegenError.
    """
    data = read_file(place)
    text = data.decode("utf-8", "replace")
    name = name_of(place)
    if place.endswith(".py") or (place == STANDARD and is_generated(text)):
        _refuse_dependent(text, place)
        return name, text
    made = reading.generated(data, place, name, [PYTHON])
    report(made.diagnostics)
    return name, made.files[f"{name}.py"]


def _refuse_dependent(text: str, place: str) -> None:
    """Raises CodegenError for a module that needs a copy of the runtime, or that does not embed the
    workflow that the service's tests run.
    """
    hint = "give the workflow itself"
    if read_module(text, place).graph is None:
        message = "this module does not embed its workflow, which the tests run"
        raise CodegenError(Diagnostic(place, message, hint))
    if "\nfrom viewcomfy_runtime import" not in text:
        message = "this module imports a copy of the runtime"
        raise CodegenError(Diagnostic(place, message, hint))

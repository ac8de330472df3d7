"""`viewcomfy-codegen service WORKFLOW`: a web service around a generated module, to go on from."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from ..errors import CodegenError, Diagnostic
from ..pipeline import generate
from ..planning.options import Options
from ..project.paths import STANDARD, name_of
from ..project.writing import write_all
from ..targets.checksums import is_generated
from ..targets.python.reading import read_module
from ..targets.python.target import PYTHON
from ..targets.service import service_files
from .console import err, tell
from .files import read_file, users_facts


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
@click.option("--force", is_flag=True, help="Write into a folder that holds files.")
def service_command(workflow: str, output: Path, force: bool) -> None:
    """Write a web service around WORKFLOW, to go on from.

    WORKFLOW is whatever `generate` takes, or a generated module. The service is a FastAPI package
    with its tests, written once: from then on it is yours. It imports the module, which can be
    generated again without changing it.
    """
    try:
        name, module = _module(workflow)
        if not force and output.is_dir() and any(output.iterdir()):
            message = "holds files already, and a service is written once"
            hint = "name another folder, or overwrite the service in it with --force"
            raise CodegenError(Diagnostic(str(output), message, hint))
        texts = {f"{name}.py": module, **service_files(name)}
        write_all(
            {output / path: text for path, text in texts.items()}, within=[output]
        )
    except CodegenError as error:
        tell(error.diagnostics)
        sys.exit(1)
    err(f"wrote {output}; {output / 'README.md'} says how to start it")


def _module(place: str) -> tuple[str, str]:
    """The module's name and its text: the one that is given, or the workflow's.

    Raises CodegenError.
    """
    data = read_file(place)
    text = data.decode("utf-8", "replace")
    name = name_of(place)
    if place.endswith(".py") or (place == STANDARD and is_generated(text)):
        _refuse_dependent(text, place)
        return name, text
    label = "standard input" if place == STANDARD else Path(place).name
    options = Options(kept=users_facts())
    made = generate(data, name=name, source=label, options=options, targets=[PYTHON])
    tell(made.diagnostics)
    return name, made.files[f"{name}.py"]


def _refuse_dependent(text: str, place: str) -> None:
    """Raises CodegenError for a module that does not work
    by itself, or carries no workflow to test with.
    """
    hint = "give the workflow itself"
    if read_module(text, place).graph is None:
        message = "this module does not carry its workflow, which the tests run"
        raise CodegenError(Diagnostic(place, message, hint))
    if "\nfrom viewcomfy_runtime import" not in text:
        message = "this module imports a copy of the runtime"
        raise CodegenError(Diagnostic(place, message, hint))

"""`viewcomfy-codegen vendor FOLDER`: copy the runtime into the user's project."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from ..project.vendoring import copied, stale
from ..project.writing import write_all
from .console import err, out, reporting_errors


@click.command("vendor")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option(
    "--check", is_flag=True, help="Write nothing; exit with 1 if FOLDER is out of date."
)
@click.option(
    "--force",
    is_flag=True,
    help="Overwrite files that were edited or are not part of a copy.",
)
def vendor_command(folder: Path, check: bool, force: bool) -> None:
    """Copy the runtime that generated modules import into FOLDER.

    An app with such a copy needs only requests and requests-toolbelt where it runs. To have the
    modules import the copy, name the folder in pyproject.toml: vendor = "app/_viewcomfy" under
    [tool.viewcomfy-codegen].
    """
    with reporting_errors():
        files = copied(folder, force=force or check)
        if not check:
            write_all(files, within=[folder])
    if check:
        old = stale(files)
        for path in old:
            out(f"{path} is out of date")
        sys.exit(1 if old else 0)
    err(f"wrote {folder}")

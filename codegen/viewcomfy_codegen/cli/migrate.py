"""`viewcomfy-codegen migrate OLD`: rewrite calls that use ViewComfy's keys as calls on a generated
module.
"""

from __future__ import annotations

import contextlib
import io
import tokenize
from pathlib import Path
from typing import Final

import click

from ..errors import CodegenError, Diagnostic
from ..migration.calls import OldCall
from ..targets.checksums import is_generated
from ..targets.target import Earlier
from .console import err, out, reporting_errors
from .descriptions import description_of
from .files import read_file

_PYTHON: Final = (".py",)
_TYPESCRIPT: Final = (".ts", ".tsx", ".mts", ".js", ".jsx", ".mjs")


@click.command("migrate")
@click.argument("old")
@click.option(
    "-m",
    "--module",
    metavar="FILE",
    help=(
        "The generated module to call, or its workflow "
        "or schema. Default: the only one beside OLD."
    ),
)
def migrate_command(old: str, module: str | None) -> None:
    """Print a program's calls, rewritten for a generated module.

    OLD is a Python or TypeScript program that sets parameters by ViewComfy's keys, as in
    params["6-inputs-text"] = "A cat". It is read and never run. What cannot be translated is
    reported with its line.
    """
    with reporting_errors():
        calls = _calls(old)
        place = Path(module) if module is not None else _module_beside(Path(old))
        names = _names(place)
    from ..migration.writing import in_python, in_typescript

    write = in_python if Path(old).suffix in _PYTHON else in_typescript
    text, notes = write(calls, place.name.partition(".")[0], names)
    out(text)
    for note in sorted(notes, key=lambda each: each.line):
        err(f"{old}: line {note.line}: {note.text}")


def _calls(old: str) -> list[OldCall]:
    data, suffix = read_file(old), Path(old).suffix
    text = data.decode(_encoding(data, suffix), "replace")
    if suffix in _PYTHON:
        from ..migration.python import calls_in_python

        calls = calls_in_python(text, old)
    elif suffix in _TYPESCRIPT:
        from ..migration.typescript import calls_in_typescript

        calls = calls_in_typescript(text, old)
    else:
        message = "this is neither a Python nor a TypeScript program"
        raise CodegenError(
            Diagnostic(old, message, "give a file that ends in .py or .ts")
        )
    if not calls:
        message = "it sets no parameter by one of ViewComfy's keys"
        hint = 'look for the file with calls such as params["6-inputs-text"] = …'
        raise CodegenError(Diagnostic(old, message, hint))
    return calls


def _encoding(data: bytes, suffix: str) -> str:
    """The encoding that a program declares, as Python finds it; UTF-8 by default."""
    if suffix in _PYTHON:
        with contextlib.suppress(SyntaxError):
            return tokenize.detect_encoding(io.BytesIO(data).readline)[0]
    return "utf-8-sig"


def _module_beside(old: Path) -> Path:
    """The generated module in the same folder, if there is exactly one."""
    suffix = ".ts" if old.suffix.lower() in _TYPESCRIPT else old.suffix
    found = [
        each
        for each in sorted(old.parent.glob(f"*{suffix}"))
        if each != old and is_generated(read_file(str(each)).decode("utf-8", "replace"))
    ]
    if not found:
        message = "there is no generated module beside it"
        make = f"viewcomfy-codegen workflow_api.json -o my_workflow{suffix}"
        hint = f"generate it there ({make}), or name it with --module"
        raise CodegenError(Diagnostic(str(old), message, hint))
    if len(found) > 1:
        message = "there is more than one generated module beside it"
        hint = f"name the one to call with --module: {', '.join(map(str, found))}"
        raise CodegenError(Diagnostic(str(old), message, hint))
    return found[0]


def _names(place: Path) -> dict[str, str]:
    """The parameters' names by wire key."""
    earlier = Earlier.of_schema(description_of(str(place)).schema)
    return {str(key): name for keys, name in earlier.names.items() for key in keys}

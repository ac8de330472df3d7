"""The command line: reads, calls, writes and prints; everything else is elsewhere."""

from __future__ import annotations

import keyword
import sys
from importlib import import_module
from pathlib import Path

import click

from .errors import CodegenError, Diagnostic
from .generating import generate
from .naming import snake, words
from .plan import Options
from .version import __version__
from .writing import write_all

STANDARD = "-"


class DefaultGroup(click.Group):
    """A group whose command may be left out: then `generate` is meant."""

    default = "generate"
    later = {"serve": "viewcomfy_codegen.serve_command:serve_command"}
    """Commands that are loaded when they are asked for: generating must not wait for them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted([*self.commands, *self.later])

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.later:
            return super().get_command(ctx, cmd_name)
        module, _, attribute = self.later[cmd_name].partition(":")
        found: click.Command = getattr(import_module(module), attribute)
        return found

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        own = {name for option in self.get_params(ctx) for name in option.opts}
        known = {*self.commands, *self.later, *own}
        if args and args[0] not in known:
            args = [self.default, *args]
        return super().parse_args(ctx, args)

    def format_usage(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        formatter.write_usage(
            ctx.command_path, "WORKFLOW [OPTIONS] | COMMAND [ARGS]..."
        )


@click.group(cls=DefaultGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, "--version", prog_name="viewcomfy-codegen")
def main() -> None:
    """Typed Python clients for ComfyUI workflows that are deployed on ViewComfy.

    Without the name of a command, `generate` is meant:

        viewcomfy-codegen workflow_api.json -o my_workflow.py
    """


@main.command("generate")
@click.argument("workflow")
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
    help="Keep what the workflow's VC_BASIC and VC_ADV marks leave out.",
)
@click.option(
    "--optional-files",
    is_flag=True,
    help="Let calls leave files out; the deployed ones are used then.",
)
@click.option(
    "--no-embed", is_flag=True, help="Do not carry the workflow's graph in the module."
)
def generate_command(
    workflow: str,
    output: str | None,
    schema: str | None,
    no_schema: bool,
    include: tuple[str, ...],
    exclude: tuple[str, ...],
    all_: bool,
    optional_files: bool,
    no_embed: bool,
) -> None:
    """Write the typed module and the JSON Schema of WORKFLOW, a workflow_api.json; - reads standard input."""
    if schema is not None and no_schema:
        raise click.UsageError("--schema and --no-schema exclude each other")
    module = _module_path(workflow, output)
    try:
        made = generate(
            _read(workflow),
            name=module.stem if module else _name_of(workflow),
            source="standard input" if workflow == STANDARD else Path(workflow).name,
            options=Options(include, exclude, all_, optional_files, embed=not no_embed),
        )
        texts = list(made.files.values())
        outputs: dict[Path, str] = {module: texts[0]} if module else {}
        schema_path = _schema_path(module, schema, no_schema)
        if schema_path is not None:
            _refuse_same(schema_path, module, workflow)
            outputs[schema_path] = texts[1]
        write_all(outputs)
    except CodegenError as error:
        _tell(error.diagnostics)
        sys.exit(1)
    _tell(made.diagnostics)
    if module is None:
        _print(texts[0])
    for path in outputs:
        click.echo(f"wrote {path}", err=True)


def _read(workflow: str) -> bytes:
    if workflow == STANDARD:
        return sys.stdin.buffer.read()
    try:
        return Path(workflow).read_bytes()
    except (OSError, ValueError) as error:
        raise CodegenError(_unreadable(workflow, error)) from None


def _unreadable(workflow: str, error: OSError | ValueError) -> Diagnostic:
    if isinstance(error, FileNotFoundError):
        return Diagnostic(
            workflow, "there is no such file", "check the path; - reads standard input"
        )
    if isinstance(error, IsADirectoryError) or Path(workflow).is_dir():
        return Diagnostic(
            workflow, "this is a folder", "give the workflow_api.json in it"
        )
    reason = error.strerror if isinstance(error, OSError) else str(error)
    return Diagnostic(
        workflow, f"cannot be read: {reason}", "check the file and its permissions"
    )


def _name_of(workflow: str) -> str:
    """A module's name after the workflow's file."""
    name = snake(words(Path(workflow).stem)) if workflow != STANDARD else "workflow"
    if not name[:1].isidentifier():
        name = f"workflow_{name}".rstrip("_")
    return name if _importable(name) and name not in _SHADOWING else f"{name}_workflow"


def _module_path(workflow: str, output: str | None) -> Path | None:
    """Where the module goes; None for standard output."""
    if output == STANDARD or (output is None and workflow == STANDARD):
        return None
    path = Path(output) if output is not None else Path(f"{_name_of(workflow)}.py")
    if path.is_dir():
        raise click.UsageError(
            f"-o {path} is a folder; give the module's file, for instance {path / 'my_workflow.py'}"
        )
    if path.suffix != ".py" or not _importable(path.stem):
        better = path.with_name(f"{_name_of(path.name)}.py")
        raise click.UsageError(
            f"-o {path}: {path.name} is no module that Python can import; for instance {better}"
        )
    if path.stem in _SHADOWING:
        raise click.UsageError(
            f"-o {path}: Python has a module {path.stem} of its own, which this one would hide;"
            f" for instance {path.with_name(f'{path.stem}_workflow.py')}"
        )
    return path


_SHADOWING = frozenset({*sys.stdlib_module_names, "viewcomfy_runtime", "requests"})
"""Names of modules that a generated one imports, itself or through others: it would find itself."""


def _importable(name: str) -> bool:
    return name.isidentifier() and not keyword.iskeyword(name) and name != "__init__"


def _schema_path(
    module: Path | None, schema: str | None, no_schema: bool
) -> Path | None:
    if schema is not None:
        return Path(schema)
    return None if no_schema or module is None else module.with_suffix(".schema.json")


def _refuse_same(schema: Path, module: Path | None, workflow: str) -> None:
    others = [(module, "the module")] if module else []
    if workflow != STANDARD:
        others.append((Path(workflow), "the workflow itself"))
    for other, what in others:
        if schema.resolve() == other.resolve():
            raise click.UsageError(
                f"the schema {schema} and {what} are one file; give the schema another name with --schema"
            )


def _tell(diagnostics: tuple[Diagnostic, ...]) -> None:
    for each in diagnostics:
        click.echo(str(each), err=True)


def _print(text: str) -> None:
    """The text as UTF-8 with its own newlines, whatever the terminal's encoding."""
    sys.stdout.buffer.write(text.encode())
    sys.stdout.flush()

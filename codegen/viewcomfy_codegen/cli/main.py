"""The command line and its commands. Each command is imported when it runs, so that none slows down
another.
"""

from __future__ import annotations

import atexit
import gc
import os
import re
import sys
from importlib import import_module
from typing import Any, Final

import click

from viewcomfy_runtime.cli.interrupting import ending_at_once

from ..version import __version__

_COMMANDS: Final = {
    "generate": ".generate:generate_command",
    "convert": ".convert:convert_command",
    "diff": ".diff:diff_command",
    "inspect": ".inspect:inspect_command",
    "validate": ".validate:validate_command",
    "catalog": ".catalog:catalog_command",
    "vendor": ".vendor:vendor_command",
    "params": ".params:params_command",
    "migrate": ".migrate:migrate_command",
    "mcp": ".mcp:mcp_command",
    "service": ".service:service_command",
    "openapi": ".documents:openapi_command",
    "docs": ".documents:docs_command",
    "rules": ".documents:rules_command",
    "serve": ".serve:serve_command",
}
_DEFAULT: Final = "generate"
_MOST_WORDS: Final = 20
"""Words of a path that spaces split."""

# The memory of a command is freed when its process ends. Collecting garbage first would take a
# tenth of the time of a small generation.
atexit.register(gc.freeze)


class Commands(click.Group):
    """A group whose command may be omitted: `generate` is the default."""

    def main(self, *args: Any, **settings: Any) -> Any:
        try:
            return super().main(*args, **settings)
        except OSError as error:
            from .console import err

            # A path that the system itself refuses, a folder that was removed, or a full disk for
            # help that click prints: none is a fault of this program.
            err(f"Error: {_place(error)}: {error.strerror or error}")
            sys.exit(1)

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        module, _, name = _COMMANDS[cmd_name].partition(":")
        with ending_at_once():
            found: click.Command = getattr(import_module(module, __package__), name)
        return found

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        own = {name for option in self.get_params(ctx) for name in option.opts}
        if not args or args[0] not in {*_COMMANDS, *own}:
            if args:
                _refuse_misspelled(args)
            args = [_DEFAULT, *args]
        return super().parse_args(ctx, args)

    def format_usage(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        formatter.write_usage(
            ctx.command_path, "[WORKFLOW] [OPTIONS] | COMMAND [ARGS]..."
        )


def _place(error: OSError) -> str:
    """What the system refused, as far as it says."""
    if error.filename is not None:
        return os.fsdecode(error.filename)
    missing = isinstance(error, FileNotFoundError)
    return "the current folder" if missing else "can't be written"


def _refuse_misspelled(words: list[str]) -> None:
    """Raises click.UsageError for a path whose spaces split it, and for a plain word that is
    neither a command nor a file.
    """
    word = words[0]
    if os.path.exists(word):
        return
    for count in range(2, min(len(words), _MOST_WORDS) + 1):
        path = " ".join(words[:count])
        if os.path.isfile(path):
            raise click.UsageError(f'quote a path that has spaces: "{path}"')
    if not re.fullmatch(r"\w+", word):
        return
    from difflib import get_close_matches

    near = get_close_matches(word, _COMMANDS, n=1)
    hint = f"Did you mean {near[0]!r}?" if near else "--help lists the commands."
    raise click.UsageError(f"there is no command or file {word!r}. {hint}")


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, "--version", prog_name="viewcomfy-codegen")
def main() -> None:
    """Typed Python and TypeScript clients for ComfyUI workflows deployed on ViewComfy.

    Without a command, `generate` runs:

        viewcomfy-codegen workflow_api.json -o my_workflow.py
    """

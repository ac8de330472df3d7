"""The generator's command line, run in this process."""

from __future__ import annotations

from click.testing import CliRunner, Result

from viewcomfy_codegen.cli.main import main


def run(*arguments: object, text: str | None = None) -> Result:
    """The command with these arguments, and `text` as what it is piped."""
    return CliRunner().invoke(main, [str(each) for each in arguments], input=text)

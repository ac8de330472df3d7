"""The command line of a generated module: what it imports when it is run as a program."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .interrupting import ending_at_once

if TYPE_CHECKING:
    from ..workflow import Workflow


def main(workflow: Workflow[Any, Any], arguments: list[str] | None = None) -> int:
    """Run the workflow with these arguments and print where the files are. Returns the exit
    code.
    """
    with ending_at_once():
        from .running import run_command
    return run_command(workflow, arguments)

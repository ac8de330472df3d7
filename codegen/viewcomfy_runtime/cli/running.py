"""Runs a generated module from the command line: a flag for every parameter, results on disk."""

from __future__ import annotations

import argparse
import json
from typing import TYPE_CHECKING, Any

from ..errors import (
    ConfigurationError,
    InvalidParametersError,
    InvalidWorkflowError,
    RunTimeoutError,
    SaveError,
    ViewComfyError,
)
from ..http.deadlines import LONGEST_RUN, Deadline
from ..results.summaries import summary
from .arguments import parser_of
from .interrupting import interruptible
from .options import Parser, flag_of, own_names
from .output import OutputFolder, UsageError, print_paths
from .servers import client_of, request_of
from .terminal import Terminal, err, out, warnings_shown
from .values import drawn, values_in

if TYPE_CHECKING:
    from ..workflow import Workflow


def run_command(workflow: Workflow[Any, Any], arguments: list[str] | None) -> int:
    """Run the workflow with these arguments. Returns the exit code."""
    parser = parser_of(workflow)
    flags = parser.parse(arguments)
    own = argparse.Namespace(**{name: flags.pop(f"_{name}") for name in own_names()})
    terminal = Terminal(quiet=own.quiet)
    try:
        with interruptible(), warnings_shown():
            if own.batch is not None:
                return _batch(workflow, own, flags)
            return _run(workflow, own, flags, terminal)
    except (
        InvalidParametersError,
        InvalidWorkflowError,
        ConfigurationError,
        UsageError,
        ValueError,
    ) as error:
        return _failed(parser, error, 2, terminal)
    except (ViewComfyError, OSError) as error:
        if isinstance(error, SaveError):
            print_paths(error.saved)
        return _failed(parser, error, 1, terminal)
    except KeyboardInterrupt:
        return _failed(parser, "interrupted", 130, terminal)
    finally:
        terminal.close()


def _batch(
    workflow: Workflow[Any, Any], own: argparse.Namespace, flags: dict[str, object]
) -> int:
    from .batch import batch  # which a single run doesn't need

    return batch(workflow, own, flags)


def _run(
    workflow: Workflow[Any, Any],
    own: argparse.Namespace,
    flags: dict[str, object],
    terminal: Terminal,
) -> int:
    given = {**values_in(workflow, own.params), **flags}
    asked = workflow.parse(given)
    parameters = drawn(workflow, asked, given, own)
    call = workflow.call(parameters, own.override_workflow or False)
    if own.dry_run:
        out(json.dumps(request_of(own, call), indent=2))
        return 0
    client = client_of(own)
    deadline = Deadline(LONGEST_RUN if own.timeout is None else own.timeout)
    with OutputFolder(own.output) as folder:
        if not own.quiet:
            _tell_seeds(workflow, asked, parameters)
        result = workflow.run_call(client, call, deadline, terminal.watch)
        terminal.close()
        saved = result.save(folder)
    if own.json:
        out(json.dumps(summary(result, saved), indent=2))
    else:
        print_paths(saved)
    return 0


def _tell_seeds(
    workflow: Workflow[Any, Any], asked: object, parameters: object
) -> None:
    """Print the seeds that were drawn, so that the run can be repeated."""
    for field in workflow.fields:
        value = getattr(parameters, field.name)
        if field.is_seed and getattr(asked, field.name) != value:
            err(f"{field.name}: {value}")


def _failed(parser: Parser, error: object, code: int, terminal: Terminal) -> int:
    terminal.close()
    if isinstance(error, RunTimeoutError):
        hint = error.hint or "pass a larger timeout"
        error.hint = hint.replace("pass a larger timeout", "use a larger --timeout")
    if isinstance(error, InvalidParametersError):
        for fault in error.faults:
            flag = flag_of(fault.parameter)
            # A file of calls may contain unknown names, which have no flag.
            place = flag if parser.knows(flag) else fault.parameter
            err(f"{parser.prog}: {place}: {fault.message}")
    else:
        err(f"{parser.prog}: {error}")
    prompt_id = error.prompt_id if isinstance(error, ViewComfyError) else None
    if prompt_id:
        err(f"run: {prompt_id}")
    return code

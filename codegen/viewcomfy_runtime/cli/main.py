"""The command line of a generated module: a flag for every parameter, results saved to disk."""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ..calls.call import Call, Client
from ..clients.environment import client_from_environment
from ..errors import (
    ConfigurationError,
    InvalidParametersError,
    InvalidWorkflowError,
    MissingSettingsError,
    RunTimeoutError,
    SaveError,
    ViewComfyError,
)
from ..http.bodies import NOT_JSON, json_in
from ..http.deadlines import LONGEST_RUN, Deadline
from ..parameters.types import Media
from ..results.saving import require_writable
from ..results.summaries import summary
from .arguments import Parser, file_of, flag_of, own_names, parser_of
from .interrupting import interruptible
from .terminal import Terminal, err, out, read, warnings_shown

if TYPE_CHECKING:
    from ..workflow import Workflow

_SETTINGS: Final = (
    "set these environment variables; ViewComfy's dashboard shows their values."
    " --url can replace VIEWCOMFY_API_URL. To run elsewhere, use --comfyui, --comfy-api or --app"
)


def main(workflow: Workflow[Any, Any], arguments: list[str] | None = None) -> int:
    """Run the workflow with these arguments and print where the files are. Returns the exit
    code.
    """
    parser = parser_of(workflow)
    options = parser.parse(arguments)
    own = argparse.Namespace(**{name: options.pop(f"_{name}") for name in own_names()})
    terminal = Terminal(quiet=own.quiet)
    try:
        with interruptible(), warnings_shown():
            if own.batch is not None:
                return _batch(workflow, own, options)
            return _run(workflow, own, options, terminal)
    except (
        InvalidParametersError,
        InvalidWorkflowError,
        ConfigurationError,
        _UsageError,
        ValueError,
    ) as error:
        return _failed(parser, error, 2, terminal)
    except (ViewComfyError, OSError) as error:
        if isinstance(error, SaveError):
            _print_paths(error.saved)
        return _failed(parser, error, 1, terminal)
    except KeyboardInterrupt:
        return _failed(parser, "interrupted", 130, terminal)
    finally:
        terminal.close()


class _UsageError(Exception):
    """An error that was found before anything was sent."""


def _run(
    workflow: Workflow[Any, Any],
    own: argparse.Namespace,
    options: dict[str, Any],
    terminal: Terminal,
) -> int:
    given = {**_from_file(workflow, own.params), **options}
    asked = workflow.parse(given)
    parameters = _drawn(workflow, asked, given, own)
    call = workflow.call(parameters, own.override_workflow or False)
    if own.dry_run:
        out(_json_text(_request(own, call)))
        return 0
    client = _client(own)
    deadline = Deadline(LONGEST_RUN if own.timeout is None else own.timeout)
    with _Folder(own.output):
        if not own.quiet:
            _tell_seeds(workflow, asked, parameters)
        result = workflow.run_call(client, call, deadline, terminal.watch)
        terminal.close()
        saved = result.save(own.output)
    if own.json:
        out(_json_text(summary(result, saved)))
    else:
        _print_paths(saved)
    return 0


class _Folder:
    """The output folder, checked before the run. It is removed again if it was created and stayed
    empty.
    """

    def __init__(self, path: str) -> None:
        self._path = Path(path)

    def __enter__(self) -> None:
        self._is_new = not os.path.lexists(self._path)
        try:
            require_writable(self._path)
        except SaveError as error:
            raise _UsageError(f"--output: {error.message}") from None

    def __exit__(self, kind: object, *_: object) -> None:
        if self._is_new and kind is not None:
            with suppress(OSError):
                self._path.rmdir()


def _tell_seeds(
    workflow: Workflow[Any, Any], asked: object, parameters: object
) -> None:
    """Print the seeds that were drawn, so that the run can be repeated."""
    for field in workflow.fields:
        value = getattr(parameters, field.name)
        if field.is_seed and getattr(asked, field.name) != value:
            err(f"{field.name}: {value}")


def _drawn(
    workflow: Workflow[Any, Any],
    asked: Any,
    given: dict[str, Any],
    own: argparse.Namespace,
) -> Any:
    """The call with its open seeds drawn, and with --random-seeds all seeds that weren't given."""
    if not own.random_seeds:
        return workflow.drawn(asked)
    fixed = {
        field.name: value
        for field in workflow.fields
        if field.is_seed
        and field.name in given
        and (value := getattr(asked, field.name)) is not None
    }
    return replace(workflow.drawn(asked, all=True), **fixed)


def _seeds(workflow: Workflow[Any, Any], call: Call) -> dict[str, Any]:
    """The seeds that a call is sent with, by name."""
    return {
        field.name: call.params[key]
        for field in workflow.fields
        if field.is_seed and (key := field.inputs[0].key) in call.params
    }


def _print_paths(paths: Iterable[str | Path]) -> None:
    for path in paths:
        out(str(path))


def _batch(
    workflow: Workflow[Any, Any], own: argparse.Namespace, options: dict[str, Any]
) -> int:
    """Run the calls in a file. Flags apply to what a call doesn't set itself."""
    from .batch import read_lines, run_batch

    common = {**_from_file(workflow, own.params), **options}

    def call_of(call: dict[str, Any]) -> Call:
        given = {**common, **_with_files(workflow, call)}
        parameters = _drawn(workflow, workflow.parse(given), given, own)
        return workflow.call(parameters, own.override_workflow or False)

    lines = read_lines(own.batch, call_of)
    if own.dry_run:
        for line in lines:
            out(json.dumps(_request(own, line.make())))
        return 0
    failed: list[int] = []

    def tell(about: dict[str, Any]) -> None:
        if about["status"] == "error":
            failed.append(about["line"])
        if own.json:
            out(json.dumps(about))
        elif about["status"] == "error":
            err(f"line {about['line']}: {about['message']}")
        else:
            _print_paths([output["path"] for output in about["outputs"]])

    client = _client(own)
    with _Folder(own.output):
        run_batch(
            lines,
            client,
            Path(own.output),
            tell,
            partial(_seeds, workflow),
            max_concurrency=own.max_concurrency,
            timeout=LONGEST_RUN if own.timeout is None else own.timeout,
            quiet=own.quiet,
        )
    return 1 if failed else 0


def _with_files(workflow: Workflow[Any, Any], call: dict[str, Any]) -> dict[str, Any]:
    """The call with file paths allowed: whoever writes a file of calls may read files on this
    machine.
    """
    files = {field.name for field in workflow.fields if isinstance(field.type, Media)}
    return {
        name: file_of(value) if name in files and isinstance(value, str) else value
        for name, value in call.items()
    }


def _failed(parser: Parser, error: object, code: int, terminal: Terminal) -> int:
    terminal.close()
    if isinstance(error, RunTimeoutError):
        hint = error.hint or "pass a larger timeout"
        error.hint = hint.replace("pass a larger timeout", "use a larger --timeout")
    if isinstance(error, InvalidParametersError):
        for fault in error.faults:
            flag = flag_of(fault.parameter)
            # A file of calls may name what isn't a parameter, so there is no flag for it.
            place = flag if parser.knows(flag) else fault.parameter
            err(f"{parser.prog}: {place}: {fault.message}")
    else:
        err(f"{parser.prog}: {error}")
    prompt_id = error.prompt_id if isinstance(error, ViewComfyError) else None
    if prompt_id:
        err(f"run: {prompt_id}")
    return code


def _json_text(value: Any) -> str:
    return json.dumps(value, indent=2)


def _client(own: argparse.Namespace) -> Client:
    chosen = {
        "COMFYUI_URL": own.comfyui,
        "COMFY_BASE_URL": own.comfy_api,
        "VIEWCOMFY_APP_URL": own.app,
        "VIEWCOMFY_GATEWAY_URL": own.gateway,
    }
    given = {name: value for name, value in chosen.items() if value is not None}
    elsewhere = own.comfyui or own.comfy_api or own.app
    if len(given) > 1 or (own.url and elsewhere):
        raise ConfigurationError(
            "more than one server given",
            hint="use one of --url, --gateway, --comfyui, --comfy-api and --app;"
            " --gateway goes with --url",
        )
    environ = dict(os.environ)
    if given or own.url:
        # What is said here is meant, whatever else the environment holds.
        for name in chosen:
            environ.pop(name, None)
    if elsewhere:
        environ.pop("VIEWCOMFY_API_URL", None)
    if own.url:
        environ["VIEWCOMFY_API_URL"] = own.url
    try:
        headers = dict(own.header or ())
        return client_from_environment({**environ, **given}, headers=headers)
    except MissingSettingsError as error:
        error.hint = _SETTINGS
        raise


def _request(own: argparse.Namespace, call: Call) -> dict[str, Any]:
    """What would be sent and where, if that is known, without secrets."""
    try:
        client = _client(own)
    except MissingSettingsError:
        files = {key: upload.about() for key, upload in call.files.items()}
        return {"fields": {"params": dict(call.params)}, "files": files}
    return dict(client.request(call))


def _from_file(workflow: Workflow[Any, Any], path: str | None) -> dict[str, Any]:
    if path is None:
        return {}
    call = json_in(read(path))
    if call is NOT_JSON:
        raise _UsageError(f"{path} isn't valid JSON")
    if not isinstance(call, dict):
        raise _UsageError(f"{path} must contain an object of names and values")
    return _with_files(workflow, call)

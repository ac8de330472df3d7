"""The command line of a generated module: every parameter a flag, the result on disk."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..calls.call import Call, Client
from ..clients.environment import client_from_environment
from ..errors import (
    ConfigurationError,
    InvalidParametersError,
    InvalidWorkflowError,
    SaveError,
    ViewComfyError,
)
from ..http.deadlines import LONGEST_RUN, Deadline
from ..parameters.types import Media
from ..results.summaries import summary
from .arguments import file_of, own_names, parser_of
from .terminal import Terminal

if TYPE_CHECKING:
    from ..workflow import Workflow


def main(workflow: Workflow[Any, Any], arguments: list[str] | None = None) -> int:
    """Run the workflow as the arguments say and print where the files are. Returns the exit code."""
    parser = parser_of(workflow)
    options = vars(parser.parse_args(arguments))
    own = argparse.Namespace(**{name: options.pop(f"_{name}") for name in own_names()})
    terminal = Terminal(quiet=own.quiet)
    try:
        if own.batch is not None:
            return _batch(workflow, own, options)
        parameters = workflow.parse({**_from_file(own.params), **options})
        call = workflow.call(parameters, own.override_workflow or False)
        if own.dry_run:
            print(_json_text(_request(own, call)))
            return 0
        deadline = Deadline(LONGEST_RUN if own.timeout is None else own.timeout)
        result = workflow.run_call(_client(own), call, deadline, terminal.watch)
        terminal.close()
        saved = result.save(own.output)
    except (
        InvalidParametersError,
        InvalidWorkflowError,
        ConfigurationError,
        ValueError,
    ) as error:
        return _failed(parser, error, 2)
    except (ViewComfyError, OSError) as error:
        if isinstance(error, SaveError):
            _print_paths(error.saved)
        return _failed(parser, error, 1)
    except KeyboardInterrupt:
        return _failed(parser, "interrupted", 130)
    finally:
        terminal.close()
    if own.json:
        print(_json_text(summary(result, saved)))
    else:
        _print_paths(saved)
    return 0


def _print_paths(paths: Iterable[str | Path]) -> None:
    for path in paths:
        print(path)


def _batch(
    workflow: Workflow[Any, Any], own: argparse.Namespace, options: dict[str, Any]
) -> int:
    """Run the calls in a file, each with the flags as what it does not say itself."""
    from .batch import read_lines, run_batch

    common = {**_from_file(own.params), **options}

    def call_of(call: dict[str, Any]) -> Call:
        parameters = workflow.parse({**common, **_with_files(workflow, call)})
        return workflow.call(parameters, own.override_workflow or False)

    lines = read_lines(own.batch, call_of)
    if own.dry_run:
        for line in lines:
            print(json.dumps(_request(own, line.make())))
        return 0
    failed: list[int] = []

    def tell(about: dict[str, Any]) -> None:
        if about["status"] == "error":
            failed.append(about["line"])
        if own.json:
            print(json.dumps(about))
        elif about["status"] == "error":
            print(f"line {about['line']}: {about['message']}", file=sys.stderr)
        else:
            _print_paths([output["path"] for output in about["outputs"]])

    run_batch(
        lines,
        _client(own),
        Path(own.output),
        tell,
        max_concurrency=own.max_concurrency,
        timeout=LONGEST_RUN if own.timeout is None else own.timeout,
        quiet=own.quiet,
    )
    return 1 if failed else 0


def _with_files(workflow: Workflow[Any, Any], call: dict[str, Any]) -> dict[str, Any]:
    """The call with its files' paths as paths: who writes a file of calls may name this machine's files."""
    files = {field.name for field in workflow.fields if isinstance(field.type, Media)}
    return {
        name: file_of(value) if name in files and isinstance(value, str) else value
        for name, value in call.items()
    }


def _failed(parser: argparse.ArgumentParser, error: object, code: int) -> int:
    print(f"{parser.prog}: {error}", file=sys.stderr)
    return code


def _json_text(value: Any) -> str:
    return json.dumps(value, indent=2)


def _client(own: argparse.Namespace) -> Client:
    chosen = {
        "COMFYUI_URL": own.comfyui,
        "VIEWCOMFY_APP_URL": own.app,
        "VIEWCOMFY_GATEWAY_URL": own.gateway,
    }
    given = {name: value for name, value in chosen.items() if value is not None}
    if len(given) > 1 or (own.url and (own.comfyui or own.app)):
        raise ConfigurationError(
            "more than one place to run is given",
            hint="give one of --url, --gateway, --comfyui and --app; --gateway goes with --url",
        )
    environ = dict(os.environ)
    if given or own.url:
        # What is said here is meant, whatever else the environment holds.
        for name in ("COMFYUI_URL", "VIEWCOMFY_APP_URL", "VIEWCOMFY_GATEWAY_URL"):
            environ.pop(name, None)
    if own.comfyui or own.app:
        environ.pop("VIEWCOMFY_API_URL", None)
    if own.url:
        environ["VIEWCOMFY_API_URL"] = own.url
    return client_from_environment({**environ, **given})


def _request(own: argparse.Namespace, call: Call) -> dict[str, Any]:
    """What would be sent, to where if that is known, without any secret."""
    try:
        client = _client(own)
    except ConfigurationError:
        files = {key: upload.about() for key, upload in call.files.items()}
        return {"fields": {"params": dict(call.params)}, "files": files}
    return dict(client.request(call))


def _from_file(path: str | None) -> dict[str, Any]:
    if path is None:
        return {}
    try:
        text = sys.stdin.buffer.read() if path == "-" else Path(path).read_bytes()
        call = json.loads(text)
    except OSError as error:
        raise ValueError(f"{path} cannot be read: {error.strerror}") from None
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{path} is no JSON: {error}") from None
    if not isinstance(call, dict):
        raise ValueError(f"{path} must hold an object of names and values")
    return call

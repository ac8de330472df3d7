"""The command line of a generated module: every parameter a flag, the result on disk."""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from .clients import LONGEST_RUN, Call, Client, client_from_environment
from .deadlines import Deadline
from .errors import (
    ConfigurationError,
    InvalidParametersError,
    InvalidWorkflowError,
    SaveError,
    ViewComfyError,
)
from .exhaustive import assert_never
from .fields import Field
from .results import PromptResult
from .terminal import Terminal
from .types import Choice, Flag, Integer, Json, Media, Number, Refused, Text, accept

if TYPE_CHECKING:
    from .workflow import Workflow

_GROUPS: Final = {
    "basic": "parameters",
    "advanced": "rarely set",
    "unused": "without effect on any output",
}
_OWN: Final = frozenset(
    "help params output json dry-run quiet url timeout override-workflow".split()
)
_EPILOG: Final = (
    "VIEWCOMFY_API_URL, VIEWCOMFY_CLIENT_ID and VIEWCOMFY_CLIENT_SECRET say where to run."
    " Standard output has the paths of the saved files, or the result as JSON; the log goes to standard error."
    " Exit codes: 0 done, 1 the run failed, 2 wrong usage, values or settings, 130 interrupted."
)


def main(workflow: Workflow[Any], arguments: list[str] | None = None) -> int:
    """Run the workflow as the arguments say and print where the files are. Returns the exit code."""
    parser = _parser(workflow)
    options = vars(parser.parse_args(arguments))
    own = argparse.Namespace(
        **{name: options.pop(f"_{name}") for name in _names_of_own()}
    )
    terminal = Terminal(quiet=own.quiet)
    try:
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


def _print_paths(paths: list[Path]) -> None:
    for path in paths:
        print(path)


def summary(result: PromptResult, saved: list[Path]) -> dict[str, Any]:
    """A result as JSON, with where its files are instead of what is in them."""
    return {
        "prompt_id": result.prompt_id,
        "status": result.status,
        "completed": result.completed,
        "execution_time_seconds": result.execution_time_seconds,
        "params": dict(result.params),
        "outputs": [
            {
                "filename": output.filename,
                "content_type": output.content_type,
                "size": output.size,
                "node": output.node,
                "path": str(path),
            }
            for output, path in zip(result.outputs, saved, strict=True)
        ],
    }


def _failed(parser: argparse.ArgumentParser, error: object, code: int) -> int:
    print(f"{parser.prog}: {error}", file=sys.stderr)
    return code


def _json_text(value: Any) -> str:
    return json.dumps(value, indent=2)


def _client(own: argparse.Namespace) -> Client:
    given = {"VIEWCOMFY_API_URL": own.url} if own.url else {}
    return client_from_environment({**os.environ, **given})


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


def _names_of_own() -> list[str]:
    return [name.replace("-", "_") for name in sorted(_OWN - {"help"})]


def _parser(workflow: Workflow[Any]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=f"Run the workflow {workflow.title} on ViewComfy.".replace(
            "%", "%%"
        ),
        epilog=_EPILOG,
        argument_default=argparse.SUPPRESS,
        allow_abbrev=False,
    )
    _add_own(parser)
    groups = {name: parser.add_argument_group(title) for name, title in _GROUPS.items()}
    names = {field.name for field in workflow.fields}
    for field in workflow.fields:
        group = groups.get(field.inputs[0].group, groups["basic"])
        argument = _argument(field)
        if isinstance(field.type, Flag) and (
            f"no_{field.name}" in names or field.name.startswith("no_")
        ):
            # --no-NAME would be taken, or taken for a no.
            argument = {"metavar": "true|false", "type": _flag_value}
        group.add_argument(_flag(field), dest=field.name, help=_help(field), **argument)
    return parser


def _add_own(parser: argparse.ArgumentParser) -> None:
    def add(*flags: str, **about: Any) -> None:
        name = "_" + flags[-1].removeprefix("--").replace("-", "_")
        about = {"dest": name, "default": None, **about}
        parser.add_argument(*flags, **about)

    add(
        "--params",
        metavar="FILE",
        help="a call as JSON, - for standard input; flags override it",
    )
    add(
        "-o",
        "--output",
        metavar="DIR",
        default="outputs",
        help="where files go (default: outputs)",
    )
    add("--json", action="store_true", default=False, help="print the result as JSON")
    add(
        "--dry-run",
        action="store_true",
        default=False,
        help="print the request, send nothing",
    )
    add(
        "-q",
        "--quiet",
        action="store_true",
        default=False,
        help="show no log and no progress",
    )
    add("--url", metavar="URL", help="the deployment's endpoint")
    add(
        "--timeout",
        metavar="SECONDS",
        type=float,
        help="for the whole run (default: 2400)",
    )
    add(
        "--override-workflow",
        metavar="FILE",
        help="run this workflow_api.json in place of the deployed one",
    )


def _flag(field: Field) -> str:
    flag = field.name.replace("_", "-")
    return f"--parameter-{flag}" if flag in _OWN else f"--{flag}"


def _help(field: Field) -> str:
    text = field.doc
    if isinstance(field.type, Choice) and field.type.open:
        some = ", ".join(map(str, field.type.options[:8]))
        more = ", …" if len(field.type.options) > 8 else ""
        text += f" For instance {some}{more}." if len(some) <= 160 else ""
    if not field.required and not isinstance(field.type, Media):
        default = f" (default: {field.default!r})"
        text += default if len(default) <= 60 else ""
    return text.replace("%", "%%")


def _argument(field: Field) -> dict[str, Any]:
    """How argparse reads the flag of a field; the checks are those of `Workflow.parse`."""
    match field.type:
        case Flag():
            return {"action": argparse.BooleanOptionalAction}
        case Media():
            return {"metavar": "FILE", "type": _file}
        case Integer(random=True):
            return {"metavar": "INTEGER|random", "type": _seed}
        case Choice():
            options = field.type.options
            read = int if isinstance(options[0], int) else str
            if field.type.open:
                return {"metavar": "CHOICE", "type": read}
            return {"choices": options, "type": read}
        case Integer():
            return {"metavar": "INTEGER", "type": int}
        case Number():
            return {"metavar": "NUMBER", "type": float}
        case Json():
            return {"metavar": "JSON", "type": _json}
        case Text():
            return {"metavar": "TEXT"}
        case _:
            assert_never(field.type)


def _file(text: str) -> Path | str:
    return text if text.startswith("data:") else Path(text)


def _flag_value(text: str) -> bool:
    if text not in ("true", "false"):
        raise argparse.ArgumentTypeError("must be true or false")
    return text == "true"


def _seed(text: str) -> int | None:
    return None if text == "random" else int(text)


def _json(text: str) -> Any:
    try:
        return accept(Json(), json.loads(text))
    except Refused as refused:
        raise argparse.ArgumentTypeError(str(refused)) from None

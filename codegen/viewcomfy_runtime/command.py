"""The command line of a generated module: every parameter a flag, the result on disk."""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from .clients import client_from_environment
from .errors import ViewComfyError
from .exhaustive import assert_never
from .fields import Field
from .types import Choice, Flag, Integer, Json, Media, Number, Refused, Text, accept

if TYPE_CHECKING:
    from .workflow import Workflow

_GROUPS: Final = {
    "basic": "parameters",
    "advanced": "rarely set",
    "unused": "without effect on any output",
}
_OWN: Final = frozenset(
    {"help", "params", "output", "json", "dry-run", "url", "timeout"}
)
_EPILOG: Final = (
    "VIEWCOMFY_API_URL, VIEWCOMFY_CLIENT_ID and VIEWCOMFY_CLIENT_SECRET say where to run."
    " Exit codes: 0 done, 1 the run failed, 2 wrong usage or values, 130 interrupted."
)


def main(workflow: Workflow[Any], arguments: list[str] | None = None) -> int:
    """Run the workflow as the arguments say and print where the files are. Returns the exit code."""
    parser = _parser(workflow)
    options = vars(parser.parse_args(arguments))
    own = {
        name: options.pop(name)
        for name in ("_params", "_output", "_json", "_dry_run", "_url", "_timeout")
    }
    try:
        call = {**_from_file(own["_params"]), **options}
        parameters = workflow.parse(call)
        params, files = workflow.to_wire(parameters)
    except (ViewComfyError, OSError, ValueError) as error:
        print(f"{parser.prog}: {error}", file=sys.stderr)
        return 2
    if own["_dry_run"]:
        shown = {
            key: [upload.filename, upload.content_type] for key, upload in files.items()
        }
        print(json.dumps({"params": params, "files": shown}, indent=2))
        return 0
    try:
        environ = {
            **os.environ,
            **({"VIEWCOMFY_API_URL": own["_url"]} if own["_url"] else {}),
        }
        client = client_from_environment(environ)
        result = workflow.run(parameters, client=client, timeout=own["_timeout"])
        saved = [str(path) for path in result.save(own["_output"])]
    except (ViewComfyError, OSError) as error:
        print(f"{parser.prog}: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    if own["_json"]:
        summary = {
            "prompt_id": result.prompt_id,
            "status": result.status,
            "files": saved,
        }
        print(json.dumps({**summary, "params": dict(result.params)}, indent=2))
    else:
        print("\n".join(saved))
    return 0


def _from_file(path: str | None) -> dict[str, Any]:
    if path is None:
        return {}
    call = json.loads(Path(path).read_bytes())
    if not isinstance(call, dict):
        raise ValueError(f"{path} must hold an object of names and values")
    return call


def _parser(workflow: Workflow[Any]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=f"Run the workflow {workflow.title} on ViewComfy.".replace(
            "%", "%%"
        ),
        epilog=_EPILOG,
        argument_default=argparse.SUPPRESS,
        allow_abbrev=False,
    )
    parser.add_argument(
        "--params",
        dest="_params",
        metavar="FILE",
        default=None,
        help="a call as JSON; flags override it",
    )
    parser.add_argument(
        "-o",
        "--output",
        dest="_output",
        metavar="DIR",
        default="outputs",
        help="where files go (outputs)",
    )
    parser.add_argument(
        "--json",
        dest="_json",
        action="store_true",
        default=False,
        help="print the result as JSON",
    )
    parser.add_argument(
        "--dry-run",
        dest="_dry_run",
        action="store_true",
        default=False,
        help="print the request, send nothing",
    )
    parser.add_argument(
        "--url",
        dest="_url",
        metavar="URL",
        default=None,
        help="the deployment's endpoint",
    )
    parser.add_argument(
        "--timeout",
        dest="_timeout",
        metavar="SECONDS",
        type=float,
        default=None,
        help="for the whole run",
    )
    groups = {name: parser.add_argument_group(title) for name, title in _GROUPS.items()}
    for field in workflow.fields:
        group = groups.get(field.inputs[0].group, groups["basic"])
        group.add_argument(
            _flag(field), dest=field.name, help=_help(field), **_argument(field)
        )
    return parser


def _flag(field: Field) -> str:
    flag = field.name.replace("_", "-")
    return f"--parameter-{flag}" if flag in _OWN else f"--{flag}"


def _help(field: Field) -> str:
    default = (
        ""
        if field.required or isinstance(field.type, Media)
        else f" (default: {field.default!r})"
    )
    text = field.doc + (default if len(default) <= 60 else "")
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


def _seed(text: str) -> int | None:
    return None if text == "random" else int(text)


def _json(text: str) -> Any:
    try:
        return accept(Json(), json.loads(text))
    except Refused as refused:
        raise argparse.ArgumentTypeError(str(refused)) from None

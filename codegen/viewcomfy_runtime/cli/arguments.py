"""The arguments of a generated module's command line: its own, and one for each parameter."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ..clients.defaults import GATEWAY, LOCAL_COMFYUI
from ..exhaustive import assert_never
from ..parameters.fields import Field
from ..parameters.types import (
    Choice,
    Flag,
    Integer,
    Json,
    Media,
    Number,
    Refused,
    Text,
    accept,
)

if TYPE_CHECKING:
    from ..workflow import Workflow

_GROUPS: Final = {
    "basic": "parameters",
    "advanced": "rarely set",
    "unused": "without effect on any output",
}
_OWN: Final = frozenset(
    "help params batch output json dry-run quiet url gateway comfyui app timeout max-concurrency override-workflow".split()
)
_EPILOG: Final = (
    "Where to run: --url, --gateway, --comfyui or --app, else what the environment says."
    " VIEWCOMFY_API_URL, VIEWCOMFY_CLIENT_ID and VIEWCOMFY_CLIENT_SECRET name a deployment, COMFYUI_URL a ComfyUI."
    " Standard output has the paths of the saved files, or the result as JSON; the log goes to standard error."
    " Exit codes: 0 done, 1 the run failed, 2 wrong usage, values or settings, 130 interrupted."
)


def own_names() -> list[str]:
    return [name.replace("-", "_") for name in sorted(_OWN - {"help"})]


def parser_of(workflow: Workflow[Any, Any]) -> argparse.ArgumentParser:
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
        "--gateway",
        nargs="?",
        const=GATEWAY,
        metavar="URL",
        help="go through ViewComfy's gateway",
    )
    add(
        "--comfyui",
        nargs="?",
        const=LOCAL_COMFYUI,
        metavar="URL",
        help=f"run on a plain ComfyUI (default: {LOCAL_COMFYUI})",
    )
    add("--app", metavar="URL", help="run on ViewComfy's app at this URL")
    add(
        "--batch",
        metavar="FILE",
        help="run many calls: one as JSON a line, - for standard input",
    )
    add(
        "--max-concurrency",
        metavar="N",
        type=_positive,
        default=8,
        help="runs at a time in a batch (default: 8)",
    )
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
            return {"metavar": "FILE", "type": file_of}
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


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return number


def file_of(text: str) -> Path | str:
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

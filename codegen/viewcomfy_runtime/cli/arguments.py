"""The command-line arguments of a generated module: its own options, and one for each parameter."""

from __future__ import annotations

import argparse
import json
import math
import sys
from collections.abc import Callable, Sequence
from difflib import get_close_matches
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NoReturn

from ..clients.defaults import COMFY_CLOUD, GATEWAY, LOCAL_COMFYUI
from ..exhaustive import assert_never
from ..parameters.fields import Field
from ..parameters.files import URL, is_link
from ..parameters.texts import value_for
from ..parameters.types import (
    Choice,
    Flag,
    Integer,
    Json,
    Media,
    Number,
    Refused,
    Text,
)
from .terminal import err, out

if TYPE_CHECKING:
    from ..workflow import Workflow

_GROUPS: Final = {
    "basic": "parameters",
    "advanced": "rarely set",
    "unused": "without effect on any output",
}
_OWN: Final = frozenset("""
    help params batch output json dry-run quiet url gateway comfyui comfy-api app header
    random-seeds timeout max-concurrency override-workflow
    """.split())
_EPILOG: Final = (
    "Where to run is set by --url, --gateway, --comfyui, --comfy-api or --app, or else by"
    " environment variables: VIEWCOMFY_API_URL, VIEWCOMFY_CLIENT_ID and VIEWCOMFY_CLIENT_SECRET"
    " for a deployment, COMFYUI_URL (and COMFYUI_TOKEN) for a ComfyUI, COMFY_BASE_URL and"
    " COMFY_API_KEY for a server of Comfy API v2. The paths of the saved files, or the result as"
    " JSON, go to standard output; the log goes to standard error."
    " Exit codes: 0 done, 1 the run failed, 2 wrong usage, values or settings, 130 interrupted."
)
_LONGEST: Final = 60
"""Characters of a default, or of all choices, that the help shows."""


def own_names() -> list[str]:
    return [name.replace("-", "_") for name in sorted(_OWN - {"help"})]


class Parser(argparse.ArgumentParser):
    """Prints through the module's terminal functions, and reports errors on one line."""

    def error(self, message: str) -> NoReturn:
        err(f"{self.prog}: {message.removeprefix('argument ')}")
        raise SystemExit(2)

    def parse(self, arguments: Sequence[str] | None) -> dict[str, Any]:
        """The values of the given arguments. Exits with 2 and every fault if any are refused."""
        options, unknown = self.parse_known_args(arguments)
        if unknown:
            self.error(self._about(unknown[0]))
        given = vars(options)
        refused = {
            name: value for name, value in given.items() if isinstance(value, Refused)
        }
        for name, fault in refused.items():
            err(f"{self.prog}: {flag_of(name)}: {fault}")
        if refused:
            raise SystemExit(2)
        return given

    def add_option(self, *flags: str, **about: Any) -> None:
        """Add an option of the command's own, whose name no parameter can have."""
        name = "_" + flags[-1].removeprefix("--").replace("-", "_")
        self.add_argument(*flags, **{"dest": name, "default": None, **about})

    def add_switch(self, *flags: str, help: str) -> None:
        """Add an option of the command's own that takes no value."""
        self.add_option(*flags, action="store_true", default=False, help=help)

    def knows(self, flag: str) -> bool:
        """Whether the command line has this flag."""
        return flag in self._option_string_actions

    def _about(self, argument: str) -> str:
        if not argument.startswith("-"):
            return f"unexpected argument {json.dumps(argument)}; parameters are flags: see --help"
        flag = argument.partition("=")[0]
        known = list(self._option_string_actions)
        nearest = get_close_matches(flag.replace("_", "-"), known, n=1)
        return f"there is no {flag}; " + (
            f"did you mean {nearest[0]}?" if nearest else "see --help"
        )

    def _print_message(self, message: str, file: Any = None) -> None:
        (out if file is sys.stdout else err)(message.removesuffix("\n"))


def parser_of(workflow: Workflow[Any, Any]) -> Parser:
    """The parser of a module's command line."""
    parser = Parser(
        description=f"Run the workflow {workflow.title}.".replace("%", "%%"),
        epilog=_EPILOG,
        argument_default=argparse.SUPPRESS,
        allow_abbrev=False,
    )
    _add_own(parser)
    groups = {name: parser.add_argument_group(title) for name, title in _GROUPS.items()}
    names = {field.name for field in workflow.fields}
    for field in workflow.fields:
        group = groups.get(field.group, groups["basic"])
        argument = _argument(field)
        if isinstance(field.type, Flag) and (
            f"no_{field.name}" in names or field.name.startswith("no_")
        ):
            # --no-NAME would be taken, or taken for a no.
            argument = {"metavar": "true|false", "type": _reader(field)}
        group.add_argument(
            flag_of(field.name), dest=field.name, help=_help(field), **argument
        )
    return parser


def _add_own(parser: Parser) -> None:
    """The options that every module has, beside those of its parameters."""
    parser.add_option(
        "--params",
        metavar="FILE",
        help="a call as JSON; - for standard input; flags override it",
    )
    parser.add_option(
        "-o",
        "--output",
        metavar="DIR",
        default="outputs",
        help="where files go (default: outputs)",
    )
    parser.add_switch("--random-seeds", help="draw every seed that isn't given")
    parser.add_switch("--json", help="print the result as JSON")
    parser.add_switch("--dry-run", help="print the request and send nothing")
    parser.add_switch("-q", "--quiet", help="show neither log nor progress")
    _add_servers(parser)
    parser.add_option(
        "--batch",
        metavar="FILE",
        help="run many calls, each a line of JSON; - for standard input",
    )
    parser.add_option(
        "--max-concurrency",
        metavar="N",
        type=_positive,
        default=8,
        help="runs at a time in a batch (default: 8)",
    )
    parser.add_option(
        "--timeout",
        metavar="SECONDS",
        type=_seconds,
        help="for the whole run (default: 2400)",
    )
    parser.add_option(
        "--override-workflow",
        metavar="FILE",
        help="run this workflow_api.json in place of the deployed one",
    )


def _add_servers(parser: Parser) -> None:
    """The options that say where to run."""
    parser.add_option("--url", metavar="URL", help="the deployment's endpoint")
    for flag, default, help in (
        ("--gateway", GATEWAY, "go through ViewComfy's gateway"),
        (
            "--comfyui",
            LOCAL_COMFYUI,
            f"run on a plain ComfyUI (default: {LOCAL_COMFYUI})",
        ),
        (
            "--comfy-api",
            COMFY_CLOUD,
            f"run on a server of Comfy API v2, with COMFY_API_KEY (default: {COMFY_CLOUD})",
        ),
    ):
        parser.add_option(flag, nargs="?", const=default, metavar="URL", help=help)
    parser.add_option(
        "--header",
        metavar="NAME:VALUE",
        action="append",
        type=_header,
        help="send this to the ComfyUI, or to the server of Comfy API v2; may be repeated",
    )
    parser.add_option("--app", metavar="URL", help="run on ViewComfy's app at this URL")


def flag_of(name: str) -> str:
    """The flag that sets the parameter `name`."""
    flag = name.replace("_", "-")
    return f"--parameter-{flag}" if flag in _OWN else f"--{flag}"


def _help(field: Field) -> str:
    text = " ".join(field.paragraphs("random"))
    if isinstance(field.type, Choice):
        some = ", ".join(map(str, field.choices[:8]))
        more = ", …" if len(field.choices) > 8 else ""
        start = "For instance" if field.open else "One of"
        text += f" {start} {some}{more}." if len(some) <= 160 else ""
    if field.required:
        text += " (required)"
    elif not isinstance(field.type, Media):
        unset = "random" if field.is_seed else "not sent"
        default = unset if field.default is None else repr(field.default)
        if len(default) > _LONGEST:
            default = f"{default[:_LONGEST]}…"
        text += f" (default: {default})"
    return text.replace("%", "%%")


def _argument(field: Field) -> dict[str, Any]:
    """The argparse settings for a field's flag; values follow the rules of
    `Workflow.parse_texts`.
    """
    kind = field.type
    match kind:
        case Flag():
            if field.branches:
                return {"metavar": "true|false|none", "type": _reader(field)}
            return {"action": argparse.BooleanOptionalAction}
        case Media():
            return {"metavar": "FILE", "type": _file}
        case Integer(random=True):
            metavar = "INTEGER|random"
        case Choice():
            choices = ",".join(map(str, kind.options))
            short = not kind.open and len(choices) <= _LONGEST
            metavar = f"{{{choices}}}" if short else "CHOICE"
        case Integer():
            metavar = "INTEGER"
        case Number():
            metavar = "NUMBER"
        case Json():
            metavar = "JSON"
        case Text():
            metavar = "TEXT"
        case _:
            assert_never(kind)
    if field.branches and not isinstance(kind, Text | Choice):
        metavar += "|none"
    return {"metavar": metavar, "type": _reader(field)}


def _reader(field: Field) -> Callable[[str], Any]:
    return partial(_read, field)


def _read(field: Field, text: str) -> Any:
    """The value of a flag, or why it is refused: argparse itself would stop at the first fault."""
    try:
        return value_for(field, text)
    except Refused as refused:
        return refused


def file_of(text: str) -> Path | URL | str:
    """A file named on a command line or in a file of calls: a path, a URL, or a `data:` URI.

    Raises ValueError for a URL that isn't valid.
    """
    if is_link(text):
        return URL(text)
    return text if text.startswith("data:") else Path(text)


def _file(text: str) -> Path | URL | str | Refused:
    try:
        return file_of(text)
    except ValueError as error:
        return Refused(str(error))


def _positive(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and 0 < int(text[:9])):
        raise argparse.ArgumentTypeError(
            f"must be a whole number from 1 on, not {json.dumps(text)}"
        )
    return int(text[:9])


def _header(text: str) -> tuple[str, str]:
    name, colon, value = text.partition(":")
    if not (colon and name.strip() and value.strip()):
        # What was given may be a secret.
        raise argparse.ArgumentTypeError("must be NAME:VALUE")
    return name.strip(), value.strip()


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not seconds > 0:
        raise argparse.ArgumentTypeError(
            f"must be a number of seconds above 0, not {json.dumps(text)}"
        )
    return seconds

"""The arguments of a module's command line: one for each parameter, in addition to its options."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ..exhaustive import assert_never
from ..parameters.fields import Field
from ..parameters.files import URL, is_link
from ..parameters.texts import value_for
from ..parameters.types import (
    Choice,
    Flag,
    Integer,
    InvalidValueError,
    Json,
    Media,
    Number,
    Text,
)
from .options import Parser, add_own, flag_of

if TYPE_CHECKING:
    from ..json_types import Arguments, JsonValue
    from ..parameters.uploads import File
    from ..workflow import Workflow

_GROUPS: Final = {
    "basic": "parameters",
    "advanced": "rarely set",
    "unused": "without effect on any output",
}
_EPILOG: Final = (
    "The server is set by --url, --gateway, --comfyui, --comfy-api or --app, or else by"
    " environment variables: VIEWCOMFY_API_URL, VIEWCOMFY_CLIENT_ID and VIEWCOMFY_CLIENT_SECRET"
    " for a deployment, COMFYUI_URL (and COMFYUI_TOKEN) for a ComfyUI, COMFY_BASE_URL and"
    " COMFY_API_KEY for a server of Comfy API v2. The paths of the saved files, or the result as"
    " JSON, go to standard output; the log goes to standard error."
    " Exit codes: 0 done, 1 the run failed, 2 wrong usage, values or settings, 130 interrupted."
)
_LONGEST: Final = 60
"""Characters of a default, or of all choices, that the help shows."""


def parser_of(workflow: Workflow[Any, Any]) -> Parser:
    """The parser of a module's command line."""
    parser = Parser(
        description=f"Run the workflow {workflow.title}.".replace("%", "%%"),
        epilog=_EPILOG,
        argument_default=argparse.SUPPRESS,
        allow_abbrev=False,
    )
    add_own(parser)
    groups = {name: parser.add_argument_group(title) for name, title in _GROUPS.items()}
    names = {field.name for field in workflow.fields}
    for field in workflow.fields:
        group = groups.get(field.group, groups["basic"])
        argument = _argument(field)
        if isinstance(field.type, Flag) and (
            f"no_{field.name}" in names or field.name.startswith("no_")
        ):
            # --no-NAME would be another parameter's flag, or look like a negation.
            argument = {"metavar": "true|false", "type": _reader(field)}
        group.add_argument(
            flag_of(field.name), dest=field.name, help=_help(field), **argument
        )
    return parser


def _help(field: Field) -> str:
    text = " ".join(field.paragraphs("random"))
    if isinstance(field.type, Choice):
        some = ", ".join(map(str, field.choices[:8]))
        rest = len(field.choices) - 8
        more = f" and {rest} more" if rest > 0 else ""
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


def _argument(field: Field) -> Arguments:
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


def _reader(field: Field) -> Callable[[str], JsonValue | File | InvalidValueError]:
    return partial(_read, field)


def _read(field: Field, text: str) -> JsonValue | File | InvalidValueError:
    """The value of a flag, or why it isn't valid: argparse itself would stop at the first fault."""
    try:
        return value_for(field, text)
    except InvalidValueError as error:
        return error


def file_of(text: str) -> Path | URL | str:
    """A file named on a command line or in a file of calls: a path, a URL, or a `data:` URI.

    Raises ValueError for a URL that isn't valid.
    """
    if is_link(text):
        return URL(text)
    return text if text.startswith("data:") else Path(text)


def _file(text: str) -> Path | URL | str | InvalidValueError:
    try:
        return file_of(text)
    except ValueError as error:
        return InvalidValueError(str(error))

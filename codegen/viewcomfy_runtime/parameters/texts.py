"""Converts text from forms and command lines to values."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from ..errors import InvalidParametersError, wrong_type
from ..exhaustive import assert_never
from ..faults import Fault
from .files import Upload
from .types import (
    Choice,
    Flag,
    Integer,
    InvalidValueError,
    Json,
    Media,
    Number,
    ParameterType,
    Text,
    accept,
)

if TYPE_CHECKING:
    from ..json_types import JsonValue
    from .fields import Field
    from .uploads import File

DRAWN: Final = frozenset({"random", "none", "null"})
"""Words for a seed that is to be drawn."""

_FLAGS: Final = {
    **dict.fromkeys(("true", "on", "yes", "1"), True),
    **dict.fromkeys(("false", "off", "no", "0"), False),
}


_UNSENT: Final = frozenset({"none", "null"})
"""Words for no value, if a parameter depends on a choice."""


def value_for(field: Field, text: str) -> JsonValue | File:
    """The value of a parameter from text.

    "none" means that nothing is sent, if the parameter depends on a choice and isn't itself a text
    or a choice with that option. Raises InvalidValueError for text that isn't a valid value.
    """
    kind = field.type
    if field.branches and text.strip().lower() in _UNSENT:
        named = isinstance(kind, Choice) and (kind.open or text in kind.options)
        if not (named or isinstance(kind, Text)):
            return None
    return value_of(kind, text)


def value_of(kind: ParameterType, text: str) -> JsonValue | File:
    """The value of a type from text. Raises InvalidValueError if it isn't valid."""
    match kind:
        case Text():
            return text
        case Integer(random=random):
            if random and text.strip().lower() in DRAWN:
                return None
            wanted = "a whole number, or random" if random else "a whole number"
            return accept(kind, _number(text, int, wanted))
        case Number():
            return accept(kind, _number(text, float, "a number"))
        case Flag():
            if text.strip().lower() not in _FLAGS:
                raise InvalidValueError(
                    f"must be true or false, not {json.dumps(text)[:80]}"
                )
            return _FLAGS[text.strip().lower()]
        case Choice(options, _):
            whole = bool(options) and isinstance(options[0], int)
            return accept(kind, _number(text, int, "a whole number") if whole else text)
        case Media():
            return accept(kind, text)
        case Json():
            try:
                return accept(kind, json.loads(text))
            except (ValueError, RecursionError):
                raise InvalidValueError(
                    f"must be JSON, not {json.dumps(text)[:80]}"
                ) from None
        case _:
            assert_never(kind)


def _number(text: str, kind: type[int] | type[float], wanted: str) -> int | float:
    try:
        return kind(text.strip())
    except ValueError:
        raise InvalidValueError(
            f"must be {wanted}, not {json.dumps(text)[:80]}"
        ) from None


def parsed_texts(
    fields: tuple[Field, ...], texts: Mapping[str, object]
) -> dict[str, object]:
    """The values of a form's strings and files by name; "" keeps the default.

    A file is a `data:` URI, anything that a file parameter accepts, or a web framework's upload: an
    object with `filename`, `content_type` and `file`. Names that aren't parameters are kept, for
    `parse` to reject. Raises InvalidParametersError listing all faults.
    """
    if not isinstance(texts, Mapping):
        raise wrong_type("a form", "a mapping of names to strings and files", texts)
    known = {field.name: field for field in fields}
    values: dict[str, object] = {}
    faults: list[Fault] = []
    for name, given in texts.items():
        field = known.get(name)
        if field is None:
            values[name] = given
        elif given is None or given == "" or _is_empty_upload(given):
            # An empty string is a value only if the text has no default.
            if field.required and isinstance(field.type, Text) and given == "":
                values[name] = ""
        elif isinstance(given, str):
            try:
                values[name] = value_for(field, given)
            except InvalidValueError as error:
                faults.append(Fault(name, str(error)))
        else:
            values[name] = _file(given)
    if faults:
        raise InvalidParametersError(tuple(faults))
    return values


def _is_empty_upload(given: Any) -> bool:
    """Whether a browser sent an empty file field."""
    return hasattr(given, "filename") and not given.filename and hasattr(given, "file")


def _file(given: Any) -> object:
    if isinstance(given, Upload) or not (
        hasattr(given, "file") and hasattr(given, "filename")
    ):
        return given
    return Upload(given.file, given.filename, getattr(given, "content_type", None))

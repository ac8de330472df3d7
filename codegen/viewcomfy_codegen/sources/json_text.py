"""Decodes workflow files exactly: values that cannot be represented are reported with their
location.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import PurePath
from typing import Final

from viewcomfy_runtime.json_types import JsonObject, JsonValue

from ..errors import CodegenError, Diagnostic

EXPORT_HINT: Final = (
    "in ComfyUI, choose File > Save or File > Export (API); in older versions, enable the dev mode"
    " options in the settings, then Save (API Format)"
)

LARGEST_JSON: Final = 1 << 28
"""Bytes of a JSON document, including files as `data:` URIs."""

SOURCE_HINT: Final = "pass the workflow that it was generated from"


class Unkept:
    """A number that cannot be represented, until its location is known."""

    def __init__(self, text: str) -> None:
        self.text: str = text if len(text) <= 40 else text[:37] + "..."


class Repeated(dict[str, JsonValue]):
    """An object that has a key more than once."""

    keys_repeated: list[str]


class _Decoder(json.JSONDecoder):
    """Python's decoder, which also records what it would otherwise drop silently."""

    def __init__(self) -> None:
        super().__init__(
            object_pairs_hook=self._object,
            parse_constant=self._refuse,
            parse_float=self._float,
            parse_int=self._int,
        )
        self.flawed = False

    def _refuse(self, text: str) -> Unkept:
        self.flawed = True
        return Unkept(text)

    def _float(self, text: str) -> object:
        value = float(text)
        return value if value - value == 0 else self._refuse(text)

    def _int(self, text: str) -> object:
        try:
            return int(text)
        except ValueError:  # longer than Python's limit for such a conversion
            return self._refuse(text)

    def _object(self, pairs: list[tuple[str, JsonValue]]) -> JsonObject:
        value = dict(pairs)
        if len(value) == len(pairs):
            return value
        self.flawed = True
        counts = Counter(key for key, _ in pairs)
        repeated = Repeated(value)
        repeated.keys_repeated = [key for key, count in counts.items() if count > 1]
        return repeated


def read_json(data: bytes, source: str) -> JsonValue:
    """The JSON value in `data`; `source` names it in errors.

    Raises CodegenError for what `decoded` rejects, for numbers that would change (NaN, infinities,
    overflow) and for repeated keys.
    """
    value, flawed = decoded(data, source)
    if flawed:
        raise CodegenError(*flaws(value, lambda path: _place(source, path)))
    return value


def decoded(data: bytes, source: str) -> tuple[JsonValue, bool]:
    """The JSON value in `data`, and whether anything in it is `Unkept` or `Repeated`.

    Raises CodegenError if it isn't JSON, with a hint for what people pass by mistake.
    """
    if len(data) > LARGEST_JSON:
        message = f"this is over {LARGEST_JSON >> 20} MiB, too large for a workflow"
        raise _error(source, message, EXPORT_HINT)
    text = _text(data, source)
    start = text.lstrip()[:1]
    if not start:
        raise _error(source, "the file is empty", EXPORT_HINT)
    if start == "<":
        raise _error(
            source,
            "this is an HTML or XML page, not a workflow",
            "download the file itself (on GitHub: Raw), not the page that shows it",
        )
    decoder = _Decoder()
    try:
        value = decoder.decode(text)
    except json.JSONDecodeError as error:
        raise _syntax_error(error, text, source) from None
    except RecursionError:
        raise _error(source, "the JSON is nested too deeply", EXPORT_HINT) from None
    return value, decoder.flawed


def _error(source: str, message: str, hint: str) -> CodegenError:
    return CodegenError(Diagnostic(source, message, hint))


def _text(data: bytes, source: str) -> str:
    try:
        return data.decode(json.detect_encoding(data)).removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        raise _error(
            source,
            f"this is not text: byte {error.start} is not valid {error.encoding.upper()}",
            "pass the workflow_api.json, saved as UTF-8",
        ) from None


def _syntax_error(error: json.JSONDecodeError, text: str, source: str) -> CodegenError:
    if PurePath(source).suffix in (".py", ".ts"):
        return _error(source, "this is a program, not a workflow", SOURCE_HINT)
    place = f"{source}: line {error.lineno}, column {error.colno}"
    if error.pos >= len(text.rstrip()) or error.msg.startswith("Unterminated string"):
        return _error(
            place,
            "the JSON ends too early; the file is truncated",
            "export or download it again",
        )
    message = error.msg[:1].lower() + error.msg[1:]
    return _error(place, f"this is not valid JSON: {message}", EXPORT_HINT)


def flaws(
    value: JsonValue, located: Callable[[tuple[str, ...]], str]
) -> Iterator[Diagnostic]:
    """Every number in `value` that could not be represented and every repeated key; `located`
    describes a path.
    """
    pending: list[tuple[tuple[str, ...], JsonValue]] = [((), value)]
    while pending:
        path, current = pending.pop()
        if isinstance(current, Unkept):
            yield Diagnostic(
                located(path),
                f"{current.text} is a number that JSON or ComfyUI cannot carry",
                "set a finite value in ComfyUI and export again",
            )
        elif isinstance(current, list):
            children = [((*path, str(i)), item) for i, item in enumerate(current)]
            pending += children[::-1]
        elif isinstance(current, dict):
            if isinstance(current, Repeated):
                for key in current.keys_repeated:
                    yield repeated(located(path), key)
            pending += [((*path, key), item) for key, item in current.items()][::-1]


def repeated(location: str, key: str) -> Diagnostic:
    """The message about a key that an object has more than once."""
    return Diagnostic(
        location,
        f"the key {json.dumps(key)} occurs twice; only one can be meant",
        "remove one of the two entries",
    )


def _place(source: str, path: tuple[str, ...]) -> str:
    return f"{source}: {'.'.join(path)}" if path else source

"""A call without a generated module: as a curl command, and
as the JSON that `WORKFLOW.parse` takes.
"""

from __future__ import annotations

from dataclasses import replace

from viewcomfy_runtime.json_types import JsonObject
from viewcomfy_runtime.parameters.types import Media
from viewcomfy_runtime.parameters.wire import defaults_of

from ..python.rendering import json_text
from .call import SampleCall, is_file


def curl(call: SampleCall) -> str:
    """A POSIX shell command that sends the call as it goes over the wire."""
    files = [
        f"-F {shell(f'{key}=@{_quoted(str(value))}')}"
        for parameter, value in call.given
        if is_file(parameter, value)
        for key in map(str, parameter.inputs)
    ]
    lines = [
        'curl "$VIEWCOMFY_API_URL"',
        '-H "client_id: $VIEWCOMFY_CLIENT_ID"',
        '-H "client_secret: $VIEWCOMFY_CLIENT_SECRET"',
        f"--form-string {shell(f'params={json_text(_params(call))}')}",
        *files,
    ]
    return " \\\n  ".join(lines) + "\n"


def json(call: SampleCall) -> str:
    """The call as a JSON object by parameter name; a file is the beginning of its `data:` URI."""
    values = {
        parameter.name: (
            _data_uri(parameter.type) if is_file(parameter, value) else value
        )
        for parameter, value in call.given
    }
    return json_text(values, indent=2) + "\n"


def _params(call: SampleCall) -> JsonObject:
    """The values by wire key; at least one, since ViewComfy rejects a call without values."""
    set_ = tuple(
        replace(parameter.field, default=value) for parameter, value in call.given
    )
    fields = [each.field for each in call.module.parameters]
    seeds_first = sorted(fields, key=lambda each: not each.is_seed)
    own = (defaults_of((each,)) for each in seeds_first)
    return defaults_of(set_) or next(filter(None, own), call.module.fallback)


def _data_uri(kind: object) -> str:
    media = kind.media if isinstance(kind, Media) else "*/*"
    known = media if "*" not in media else "image/png" if media == "image/*" else ""
    return f"data:{known};base64,…"


def _quoted(name: str) -> str:
    """A file's name in curl's form syntax."""
    return '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'


def shell(text: str) -> str:
    """A text as one word of a POSIX shell; unprintable characters are escaped, so that they can't
    control the terminal.
    """
    if text.isprintable():
        return "'" + text.replace("'", "'\\''") + "'"
    data = text.encode("utf-8", "surrogatepass")
    plain = (
        chr(byte) if 0x20 <= byte < 0x7F and byte not in b"'\\" else f"\\{byte:03o}"
        for byte in data
    )
    return f"$'{''.join(plain)}'"

"""A call as a TypeScript program that uses the generated module, formatted as prettier would."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from viewcomfy_runtime.parameters.types import Integer

from ...model import Parameter
from ..python.rendering import json_text
from ..typescript.literals import literal
from ..typescript.names import parameter_properties
from .call import SampleCall, is_file


def typescript(call: SampleCall) -> str:
    """A program for Node that runs the call and saves its results."""
    properties = parameter_properties(each.name for each in call.module.parameters)
    values = [
        f"    {properties[parameter.name]}: {_value(parameter, value)},"
        for parameter, value in call.given
    ]
    parameters = ["  {", *values, "  },"] if values else ["  {},"]
    files = ['import { openAsBlob } from "node:fs";'] if call.takes_files else []
    return "\n".join(
        [
            *files,
            f'import {{ run, ViewComfy }} from "./{call.imported}";',
            "",
            "const client = new ViewComfy({",
            *_settings(),
            "});",
            "const result = await run(",
            *parameters,
            "  { client },",
            ");",
            'await result.save("outputs");',
            "",
        ]
    )


def _settings() -> Iterator[str]:
    for option, variable in (
        ("url", "VIEWCOMFY_API_URL"),
        ("clientId", "VIEWCOMFY_CLIENT_ID"),
        ("clientSecret", "VIEWCOMFY_CLIENT_SECRET"),
    ):
        yield f'  {option}: process.env.{variable} ?? "",'


def _value(parameter: Parameter, value: Any) -> str:
    if is_file(parameter, value):
        return f"await openAsBlob({literal(value)})"
    if isinstance(parameter.type, Integer) and isinstance(value, int):
        return literal(value)
    return _json(value)


def _json(value: Any) -> str:
    """A JSON value as an expression; a key named `__proto__` is an ordinary key."""
    match value:
        case str():
            return literal(value)
        case list():
            return f"[{', '.join(map(_json, value))}]"
        case dict():
            pairs = [f"{_key(name)}: {_json(each)}" for name, each in value.items()]
            return f"{{ {', '.join(pairs)} }}" if pairs else "{}"
        case _:
            return json_text(value)


def _key(name: str) -> str:
    return f"[{literal(name)}]" if name == "__proto__" else literal(name)

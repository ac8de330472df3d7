"""Workflows as one Markdown page for coding assistants: imports, parameters, and errors."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from ..errors import visible
from ..model import Module
from ..version import __version__
from ..words import snake, words
from .checksums import LINE, MARK
from .json_schema import schema_of
from .target import Earlier

_MOST_CHOICES: Final = 12
_MOST_TEXT: Final = 200
"""Characters of a workflow's text that the page shows."""

_HEAD: Final = f"""\
<!-- {MARK} {__version__}; generate again after the workflow changes.
{LINE}
-->

# Running the project's ComfyUI workflows

Each workflow has a generated, typed module. Import it; do not write wire keys such as
`6-inputs-text`, and do not edit the module: `viewcomfy-codegen` generates it again.
"""
_TAIL: Final = """
## Errors

`from viewcomfy_runtime import ViewComfyError`: the base of all that `run` raises.

- `InvalidParametersError` (nothing was sent) and `RejectedError` have `faults`: which
  parameter, and what it takes.
- `error.retryable`: the same call may succeed later. `error.may_have_run`: sending
  it again could run it twice.
- `error.public_message` may be shown to users; `str(error)` is for the log.

## Do

- Leave out what should stay as deployed: every parameter with a default is optional.
- Pass files as `Path("me.png")`, bytes or an open file. A plain `str` is only taken
  as a `data:` URI.
- Use `arun` in asynchronous code, `run_many` for many calls, `result.save("outputs/")` to
  keep files.
- Take server and credentials from the environment: `VIEWCOMFY_API_URL`,
  `VIEWCOMFY_CLIENT_ID`, `VIEWCOMFY_CLIENT_SECRET`.

## Don't

- Don't pass values outside the bounds above, or names that are not listed.
- Don't write credentials into code.
- Don't repeat a call after an error unless `error.retryable`.
"""


def rules_page(schemas: Mapping[str, Mapping[str, Any]]) -> str:
    """The page for these workflows, given as call schemas by import path."""
    sections = ("\n".join(_section(name, each)) for name, each in schemas.items())
    return _HEAD + "".join(f"\n{each}\n" for each in sections) + _TAIL


def _section(module: str, schema: Mapping[str, Any]) -> Iterator[str]:
    properties = schema["properties"]
    required = schema.get("required", [])
    needed = frozenset(required)
    outputs = schema.get("x-viewcomfy-outputs", {})
    yield f"## {markdown_text(schema.get('title', module))}"
    yield ""
    yield "```python"
    yield f"from {module} import Parameters, run"
    yield ""
    arguments = ", ".join(f"{name}=..." for name in required)
    yield f"result = run(Parameters({arguments}))"
    for name in outputs:
        yield f"result.{name}"
    yield "```"
    for group, heading in _GROUPS.items():
        members = {
            name: each
            for name, each in properties.items()
            if each.get("x-viewcomfy-group") == group
        }
        if members:
            yield f"\n{heading}\n"
        for name, each in members.items():
            yield _line(name, each, name in needed)
    if outputs:
        yield "\nOutputs:\n"
    for name, each in outputs.items():
        yield f"- `{name}`: {markdown_text(each.get('kind', 'file'))}"


_GROUPS: Final = {
    "basic": "Parameters:",
    "advanced": "Rarely set:",
    "unused": "Without effect:",
}


def _line(name: str, schema: Mapping[str, Any], required: bool) -> str:
    facts = [takes(schema)]
    if required:
        facts.append("required")
    elif "default" in schema:
        facts.append(f"default {_code(schema['default'])}")
    text = str(schema.get("description", ""))
    sentence = markdown_text(text.replace("null draws", "None draws"))
    return f"- `{name}` ({', '.join(facts)}): {sentence}".rstrip(": ")


_PYTHON: Final = {
    "string": "str",
    "integer": "int",
    "number": "float",
    "boolean": "bool",
    "null": "None",
    "array": "list",
    "object": "dict",
}


def takes(schema: Mapping[str, Any], kinds: Mapping[str, str] = _PYTHON) -> str:
    """What a parameter accepts, in a few words of Markdown. `kinds` are the names of JSON Schema's
    types in the reader's language.
    """
    if "x-viewcomfy-media" in schema:
        return f"file, {_code(schema['x-viewcomfy-media'], quoted=False)}"
    options: list[Any] = []
    for each in (schema, *schema.get("anyOf", ())):
        options += each.get("enum", ())
    if options:
        listed = ", ".join(map(_code, options[:_MOST_CHOICES]))
        more = len(options) - _MOST_CHOICES
        others = f" and {more} more" if more > 0 else ""
        open_ = ", or another" if "anyOf" in schema else ""
        return f"one of {listed}{others}{open_}"
    types = schema.get("type", "any JSON value")
    types = types if isinstance(types, list) else [types]
    text = " or ".join(kinds.get(each, str(each)) for each in types)
    low, high = schema.get("minimum"), schema.get("maximum")
    if low is not None and high is not None:
        return f"{text} from {low} to {high}"
    if low is not None:
        return f"{text} from {low}"
    return f"{text} up to {high}" if high is not None else text


_MARKUP: Final = re.compile(r"([\\`*_{}\[\]<>|#~&!$])")


def markdown_text(text: object) -> str:
    """A workflow's text in Markdown that shows it literally: one line, no markup, of limited
    length.
    """
    line = visible(" ".join(str(text).split()))
    if len(line) > _MOST_TEXT:
        line = line[: _MOST_TEXT - 1] + "…"
    return _MARKUP.sub(r"\\\1", line)


def _code(value: object, *, quoted: bool = True) -> str:
    """A value as a code span, whatever it contains."""
    text = json.dumps(value, ensure_ascii=False) if quoted else str(value)
    text = visible(text)
    if len(text) > _MOST_TEXT:
        text = text[: _MOST_TEXT - 1] + "…"
    fence = "`" * (1 + max(map(len, re.findall("`+", text)), default=0))
    return f"`` {text} ``".replace("``", fence) if len(fence) > 1 else f"`{text}`"


@dataclass(frozen=True, slots=True)
class Rules:
    """The page of one workflow, whose module programs import from `module`."""

    module: str | None = None
    name: str = "rules for assistants"
    suffix: str = ".md"
    reserved: frozenset[str] = frozenset()

    def render(self, module: Module) -> str:
        own = self.module or snake(words(module.title))
        return rules_page({own: schema_of(module)})

    def read(self, text: str, name: str) -> Earlier | None:
        return None


RULES: Final = Rules()

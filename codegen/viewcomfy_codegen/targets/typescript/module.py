"""The plan as a TypeScript module, formatted as prettier would."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any, Final

from jinja2 import Template

from viewcomfy_runtime.exhaustive import assert_never
from viewcomfy_runtime.parameters.outputs import OutputNode
from viewcomfy_runtime.parameters.types import (
    Choice,
    Flag,
    Integer,
    Json,
    Media,
    Number,
    ParameterType,
    Text,
    bound_text,
)

from ...model import Identifier, Module, Parameter
from ...version import __version__
from ..checksums import LINE, MARK
from ..json_schema import schema_of
from ..phrases import about_output
from ..python.rendering import span
from ..templates import Code, environment
from .literals import (
    LARGEST_EXACT,
    WIDTH,
    comment,
    comment_value,
    literal,
    raw_json,
    union,
)
from .names import PARTS, output_properties, parameter_properties, runtime, type_names

FORMAT: Final = 1
"""The modules' format, which their runtime must share."""


def typescript_module(module: Module, imported: str | None = None) -> str:
    """The text of the module, with the runtime in it, or importing it from `imported`."""
    properties = parameter_properties(each.name for each in module.parameters)
    outputs = output_properties(each.name for each in module.outputs)
    types = type_names(alias.name for alias in module.aliases)
    choices = {alias.choice: types[alias.name] for alias in module.aliases}
    parts = _parts(module)
    return _template().render(
        about=_headline(module),
        generator=Code(f"{MARK} {__version__}; edit the workflow and generate again."),
        checksum=Code(LINE),
        fields=[
            {
                "doc": comment(_documentation(each), 2),
                "declaration": _declaration(each, properties[each.name], choices),
            }
            for each in module.parameters
        ],
        outputs=[_output(each, outputs[each.name]) for each in module.outputs],
        choices=[_choice(choice, name) for choice, name in choices.items()],
        required=union(
            "WithoutDefault",
            (
                literal(str(properties[each.name]))
                for each in module.parameters
                if each.required or each.default is None
            ),
            exported=False,
        ),
        format=FORMAT,
        names=[
            {"name": Code(part), "members": [_member(*pair) for pair in each.items()]}
            for part, each in (("parameters", properties), ("outputs", outputs))
        ],
        schema=raw_json(schema_of(module), depth=2),
        fallback=raw_json(module.fallback) if module.fallback else None,
        graph=None if module.graph is None else raw_json(module.graph),
        parts=[{"name": Code(each.lower()), "part": Code(each)} for each in parts],
        imported=imported,
        imports=[] if imported is None else _imports(module, parts),
        runtime=Code(runtime(parts) if imported is None else ""),
    )


def _member(name: str, own: Identifier) -> Code:
    flat = f"    {own}: {literal(str(name))},"
    if span(flat)[1] <= WIDTH:
        return Code(flat)
    return Code(f"    {own}:\n      {literal(str(name))},")


def _parts(module: Module) -> list[str]:
    """The parts of the runtime that the module needs and others don't; bundlers drop the others."""
    branches = [each for parameter in module.parameters for each in parameter.branches]
    kinds = [each.type for each in module.parameters] + [each.type for each in branches]
    files = any(isinstance(kind, Media) for kind in kinds)
    return [
        part for part, used in zip(PARTS, (files, bool(branches)), strict=True) if used
    ]


def _imports(module: Module, parts: Iterable[str]) -> Iterator[Code]:
    """The parts of its runtime that the module uses."""
    kinds = [
        _type(each.type, {})
        for each in module.parameters
        if not isinstance(each.type, Choice)
    ]
    types = {
        "Fault": True,
        "FileInput": any("FileInput" in kind for kind in kinds),
        "Job": True,
        "JobOptions": True,
        "JsonArray": "JsonArray" in kinds,
        "JsonObject": "JsonObject" in kinds,
        "OutputFile": any(each.kind != "text" for each in module.outputs),
        "ParseOptions": True,
        "PromptResult": True,
        "RunOptions": True,
        "SubmitOptions": True,
        "Wire": True,
    }
    yield from (Code(f"type {name}") for name, used in types.items() if used)
    yield from map(Code, sorted(parts))
    yield from map(Code, _FUNCTIONS)


_FUNCTIONS: Final = (
    "defaultsOf",
    "jobOf",
    "parseCall",
    "runWorkflow",
    "submitWorkflow",
    "validateCall",
    "wireOf",
    "workflowOf",
    "writeCall",
)
"""What the functions of a module call."""


def companion() -> str:
    """The text of the module from which other modules import their runtime."""
    generator = f"// {MARK} {__version__}; what its modules of this folder share."
    return f"{generator}\n// {LINE}\n\n{runtime()}"


@cache
def _template() -> Template:
    found = environment(literal, {"comment": comment})
    return found.get_template("typescript/module.ts.jinja")


def _headline(module: Module) -> Code:
    nodes = f"{module.node_count} node{'' if module.node_count == 1 else 's'}"
    return comment(
        [
            f"{module.title}: typed client for the ComfyUI workflow {module.source} ({nodes})."
        ]
    )


def _documentation(parameter: Parameter) -> Iterator[str]:
    """What the parameter is for, what it accepts and which node it sets; then what is sent by
    default.
    """
    sentences = [*parameter.field.paragraphs("`null`")]
    bounds = _range(parameter.type)
    if bounds.removeprefix("From ").rstrip(".") not in sentences[0]:
        sentences.insert(1, bounds)
    yield " ".join(sentences)
    if not (parameter.required or isinstance(parameter.type, Media)):
        default = comment_value(parameter.default)
        yield Code(f"@defaultValue {comment_code(default)}")


def _range(kind: ParameterType) -> str:
    """The bounds of a number as a sentence; empty if it has none."""
    match kind:
        case Integer(lo, hi) | Number(lo, hi):
            low, high = (None if each is None else _bound(each) for each in (lo, hi))
        case _:
            return ""
    if low and high:
        return f"From {low} to {high}."
    return f"At least {low}." if low else f"At most {high}." if high else ""


def _bound(bound: int | float) -> str:
    """A bound in words: the limits of 32, 53 and 64 bits by name."""
    bits = int(bound).bit_length()
    if bits in (31, 32, 53, 63, 64) and abs(bound) == 2**bits - 1:
        return f"2^{bits} - 1" if bound > 0 else f"1 - 2^{bits}"
    return bound_text(bound)


def comment_code(text: str) -> str:
    """Code within a comment, escaped so that it does not end the comment."""
    return text.replace("*/", "*\\/")


def _declaration(
    parameter: Parameter, name: Identifier, choices: dict[Choice, Identifier]
) -> Code:
    mark = "" if parameter.required else "?"
    kind = _type(parameter.type, choices)
    if parameter.branches and kind != "unknown" and not kind.endswith("| null"):
        kind = f"{kind} | null"
    return Code(f"{name}{mark}: {kind};")


def _type(kind: ParameterType, choices: dict[Choice, Identifier]) -> str:
    match kind:
        case Text():
            return "string"
        case Integer(random=True):
            return "number | bigint | null"
        case Integer(lo, hi):
            exact = all(abs(each or 0) <= LARGEST_EXACT for each in (lo, hi))
            return "number" if exact else "number | bigint"
        case Number():
            return "number"
        case Flag():
            return "boolean"
        case Choice():
            return choices[kind]
        case Media(optional=optional):
            return "FileInput | null" if optional else "FileInput"
        case Json(shape):
            return {"any": "unknown", "array": "JsonArray", "object": "JsonObject"}[
                shape
            ]
        case _:
            assert_never(kind)


def _choice(choice: Choice, name: Identifier) -> Code:
    options: list[str] = [literal(option) for option in choice.options]
    if choice.open:
        is_number = isinstance(choice.options[0], int)
        options.append("(number & {})" if is_number else "(string & {})")
    return union(name, options)


def _output(output: OutputNode, name: Identifier) -> dict[str, Any]:
    """One property of `Result`: the node's files, or its texts."""
    return {
        "doc": comment([about_output(output)], 2),
        "name": name,
        "type": Code(
            "Promise<string[]>" if output.kind == "text" else "readonly OutputFile[]"
        ),
    }

"""The plan as a Python module, formatted as black would."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from viewcomfy_runtime.exhaustive import assert_never
from viewcomfy_runtime.parameters.format import FORMAT
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
)

from ...model import BASIC, Alias, Identifier, Module, Parameter
from ...version import __version__
from ..checksums import LINE, MARK
from ..phrases import about_output
from ..templates import Code
from .rendering import (
    WIDTH,
    call,
    docstring,
    fits,
    json_text,
    laid_out,
    literal,
    render,
    span,
)

MARGIN: Final = 4
RUNTIME: Final = "viewcomfy_runtime"


def python_module(module: Module, runtime: str = RUNTIME) -> str:
    """The text of the module: its parameters, its results, and its functions; `runtime` is the
    package it imports.
    """
    aliases = {alias.choice: alias.name for alias in module.aliases}
    hints = [_field_hint(parameter, aliases) for parameter in module.parameters]
    text = render(
        "python/module.py.jinja",
        about=_headline(module),
        generator=Code(f"{MARK} {__version__}; edit the workflow and generate again."),
        checksum=Code(LINE),
        package=Code(runtime),
        **_imports(module, runtime),
        aliases=[_alias(alias) for alias in module.aliases],
        fields=[
            {
                "declaration": _declaration(parameter, hint),
                "doc": "\n".join(parameter.field.paragraphs("None")),
            }
            for parameter, hint in zip(module.parameters, hints, strict=True)
        ],
        outputs=[_output(each, module) for each in module.outputs],
        arguments=list(_workflow_arguments(module)),
    )
    # Loading black takes longer than all the rest: it is asked only where a script's width leaves a
    # doubt.
    if all(map(_is_sure, module.parameters, hints)) and all(
        each.node.isascii() for each in module.outputs
    ):
        return text
    import black

    return black.format_str(text, mode=black.Mode())


def _headline(module: Module) -> str:
    """What the module is, in the first of these sentences that fits a line."""
    nodes = f"{module.node_count} node{'' if module.node_count == 1 else 's'}"
    longest = WIDTH - len('""""""')
    for text in (
        f"{module.title}: typed client for the ComfyUI workflow {module.source} ({nodes}).",
        f"{module.title}: typed client for a ComfyUI workflow ({nodes}).",
    ):
        if len(docstring(text, 0)) <= WIDTH:
            return text
    return f"Typed client for a ComfyUI workflow ({nodes})."[:longest]


def _imports(module: Module, package: str) -> dict[str, Any]:
    """The import statements that the module needs, as ruff sorts them."""
    kinds = [parameter.type for parameter in module.parameters]
    containers = any(
        isinstance(each.default, list | dict) for each in module.parameters
    )
    whens = [when for each in module.parameters for when in _whens(each)]
    typing = {
        "TYPE_CHECKING": True,
        "Annotated": bool(kinds),
        "Any": any(isinstance(kind, Json) for kind in kinds),
        "Final": True,
        "Literal": bool(module.aliases)
        or any("Literal[" in each for when in whens for each in when),
        "TypeAlias": bool(module.aliases),
    }
    runtime = {
        "File": any(isinstance(kind, Media) for kind in kinds),
        "Input": bool(kinds),
        "OutputFile": any(each.kind != "text" for each in module.outputs),
        "Override": True,
        "PromptResult": True,
        "Send": True,
        "When": bool(whens),
        "Workflow": True,
    }
    lazy = ("Client", "Job", "Progress", "Timeout", "ViewComfyError")
    return {
        "imports": [
            _import("dataclasses", {"dataclass": True, "field": containers}),
            _import("typing", typing),
        ],
        "runtime": _import(package, runtime),
        "types": _import(package, dict.fromkeys(lazy, True), MARGIN),
    }


def _import(package: str, names: dict[str, bool], indent: int = 0) -> Code:
    used = [name for name, needed in names.items() if needed]
    flat = f"from {package} import {', '.join(used)}"
    if fits(flat, indent):
        return Code(flat)
    margin = " " * indent
    listed = "".join(f"{margin}    {name},\n" for name in used)
    return Code(f"from {package} import (\n{listed}{margin})")


def _output(output: OutputNode, module: Module) -> dict[str, Any]:
    """One property of `Result`: the node's files, or its texts."""
    is_text = output.kind == "text"
    return {
        "name": Identifier(output.name),
        "item": Code("str" if is_text else "OutputFile"),
        "files": call(
            "self.texts_of" if is_text else "self.of",
            [literal(output.node)],
            8,
            8 + len("return "),
            0,
        ),
        "doc": about_output(output),
    }


def _alias(alias: Alias) -> Code:
    """A list of choices. `| str` is added where it is used: within an alias, `typing` would replace
    the list by an equal one in another order.
    """
    head = f"{alias.name}: TypeAlias = "
    options = [literal(option) for option in alias.choice.options]
    flat = f"{head}Literal[{', '.join(options)}]"
    return Code(flat if fits(flat) else head + call("Literal[", options, 0, WIDTH, 0))


def _field_hint(parameter: Parameter, aliases: Mapping[Choice, Identifier]) -> str:
    hint = _hint(parameter.type, aliases)
    nullable = parameter.branches and hint != "Any" and not hint.endswith("None")
    return f"{hint} | None" if nullable else hint


def _hint(kind: ParameterType, aliases: Mapping[Choice, Identifier]) -> str:
    match kind:
        case Text():
            return "str"
        case Integer(random=random):
            return "int | None" if random else "int"
        case Number():
            return "float"
        case Flag():
            return "bool"
        case Choice(options, open_):
            other = "int" if isinstance(options[0], int) else "str"
            hint = aliases.get(kind) or f"Literal[{', '.join(map(literal, options))}]"
            return f"{hint} | {other}" if open_ else hint
        case Media(optional=optional):
            return "File | None" if optional else "File"
        case Json(shape):
            return {"any": "Any", "array": "list[Any]", "object": "dict[str, Any]"}[
                shape
            ]
        case _:
            assert_never(kind)


def _input(parameter: Parameter, index: int) -> list[str]:
    """The arguments of one `Input`."""
    target = parameter.inputs[index]
    arguments: list[str] = [literal(target.node), literal(target.name)]
    match parameter.type:
        case Integer(lo, hi) | Number(lo, hi):
            bounds = (("ge", lo), ("le", hi))
            arguments += [
                f"{name}={_bound(bound)}" for name, bound in bounds if bound is not None
            ]
        case Text(multiline=True):
            arguments.append("multiline=True")
        case Media(media):
            arguments.append(f"media={literal(media)}")
        case Choice(_, _, place) if place:
            arguments.append(f"place={literal(place)}")
        case _:
            pass
    if parameter.group != BASIC:
        arguments.append(f"group={literal(parameter.group)}")
    return arguments


def _whens(parameter: Parameter) -> list[list[str]]:
    """The arguments of each `When`. What a branch accepts is stated only if it differs from what
    the field accepts elsewhere.
    """
    found = []
    for branch in parameter.branches:
        choices = {str(name): list(keys) for name, keys in branch.when.items()}
        arguments: list[str] = [literal(choices)]
        kind, own = branch.type, parameter.type
        numeric = isinstance(kind, Integer | Number)
        if type(kind) is not type(own) or not (numeric or kind == own):
            arguments.append(_hint(_without_none(kind), {}))
        if isinstance(kind, Integer | Number):
            low, high = getattr(own, "lo", None), getattr(own, "hi", None)
            bounds = (("ge", kind.lo, low), ("le", kind.hi, high))
            arguments += [
                f"{name}={_bound(bound)}"
                for name, bound, widest in bounds
                if bound is not None and bound != widest
            ]
        if branch.draws:
            arguments.append("draws=True")
        found.append(arguments)
    return found


def _without_none(kind: ParameterType) -> ParameterType:
    return replace(kind, random=False) if isinstance(kind, Integer) else kind


def _bound(bound: int | float) -> str:
    """A bound as people write it: the largest numbers of a word as powers of two."""
    return _POWERS.get(bound) or literal(bound)


_POWERS: Final = {2**bits - 1: f"2**{bits} - 1" for bits in (31, 32, 53, 63, 64)}


def _declaration(parameter: Parameter, hint: str) -> Code:
    """The field's line or lines: the annotation is split if the whole does not fit."""
    name = parameter.name
    inputs = [
        *(("Input", _input(parameter, i)) for i in range(len(parameter.inputs))),
        *(("When", each) for each in _whens(parameter)),
    ]
    flat_inputs = [f"{name}({', '.join(arguments)})" for name, arguments in inputs]
    head = f"{name}: Annotated[{', '.join([hint, *flat_inputs])}]"
    value = "" if parameter.required else f" = {_default(parameter.default, MARGIN, 0)}"
    if fits(head + value, MARGIN):
        return Code(head + value)
    contained = isinstance(parameter.default, list | dict)
    # Black measures a line that it splits before it closes up the powers in it.
    powers = sum(_powers(arguments) for _, arguments in inputs)
    used = MARGIN + 2 * powers + len(" = (")
    if not parameter.required and not contained and fits(head, used):
        return Code(f"{head} = (\n        {literal(parameter.default)}\n    )")
    arguments = [hint] + [
        call(each, arguments, 8, 8, 1 + 2 * _powers(arguments))
        for each, arguments in inputs
    ]
    opened = "".join(f"        {argument},\n" for argument in arguments)
    before = len("    ] = ")
    value = (
        ""
        if parameter.required
        else f" = {_default(parameter.default, MARGIN, before)}"
    )
    return Code(f"{name}: Annotated[\n{opened}    ]{value}")


def _is_sure(parameter: Parameter, hint: str) -> bool:
    """Whether the layout is certain to be black's: all widths that it depends on are known."""
    targets = (text for each in parameter.inputs for text in (each.node, each.name))
    whens = [f"When({', '.join(each)})" for each in _whens(parameter)]
    low, high = span("".join((parameter.name, hint, *targets, *whens)))
    if low != high or not all(fits(each, 10) for each in whens):
        return False
    least, most = span("" if parameter.required else literal(parameter.default))
    return least == most or (
        least > WIDTH and not isinstance(parameter.default, list | dict)
    )


def _powers(arguments: list[str]) -> int:
    return sum(
        "**" in argument for argument in arguments if argument[:3] in ("ge=", "le=")
    )


def _default(value: Any, indent: int, before: int) -> str:
    """The default behind the equals sign, `before` characters into its line."""
    if not isinstance(value, list | dict):
        return literal(value)
    head = "field(default_factory=lambda: "
    flat = f"{head}{literal(value)})"
    if fits(flat, before):
        return flat
    inner = indent + 4
    start = inner + len("default_factory=lambda: ")
    body = laid_out(value, inner, start, 0)
    return f"field(\n{' ' * inner}default_factory=lambda: {body}\n{' ' * indent})"


def _workflow_arguments(module: Module) -> Iterator[Code]:
    yield Code("Parameters")
    yield Code("Result")
    yield Code(f"format={FORMAT}")
    yield Code(f"title={literal(module.title)}")
    if module.fallback:
        start = MARGIN + len("fallback=")
        yield Code(f"fallback={laid_out(module.fallback, MARGIN, start, 1)}")
    about: dict[str, Mapping[str, Any]] = {
        "parameters": {each.name: each.about.as_json() for each in module.parameters},
        "outputs": {each.name: each.as_json() for each in module.outputs},
    }
    sections = (f"{json_text(name)}: {_by_line(each)}" for name, each in about.items())
    yield Code('about=r"""{\n' + ",\n".join(sections) + '\n}"""')
    if module.graph is not None:
        yield Code(f'graph=r"""{_by_line(module.graph)}"""')


def _by_line(entries: Mapping[str, Any]) -> str:
    """An object as JSON, one entry per line. JSON never has three quotes in a row nor ends in a
    backslash, so it is safe in a raw string.
    """
    if not entries:
        return "{}"
    lines = (f"{json_text(key)}: {json_text(entry)}" for key, entry in entries.items())
    return "{\n" + ",\n".join(lines) + "\n}"

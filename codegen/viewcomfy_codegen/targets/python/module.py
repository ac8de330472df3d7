"""The plan as a Python module, laid out as black would."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from viewcomfy_runtime.exhaustive import assert_never
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
from viewcomfy_runtime.workflow import FORMAT

from ...model import BASIC, Alias, Identifier, Module, Parameter
from ...project.checksums import LINE, MARK
from ...version import __version__
from .rendering import (
    WIDTH,
    Code,
    call,
    fits,
    json_text,
    laid_out,
    literal,
    render,
    span,
)

MARGIN = 4


def python_module(module: Module) -> str:
    """The text of the module: a dataclass of the parameters, and `run()` bound to the runtime."""
    aliases = {alias.choice: alias.name for alias in module.aliases}
    hints = [_hint(parameter.type, aliases) for parameter in module.parameters]
    fields = [
        {"declaration": _declaration(parameter, hint), "doc": parameter.doc}
        for parameter, hint in zip(module.parameters, hints, strict=True)
    ]
    text = render(
        "python/module.py.jinja",
        about=f"{module.title}: typed client for the ComfyUI workflow {module.source} ({_nodes(module)}).",
        generator=f"{MARK} {__version__}; edit the workflow and generate again.",
        checksum=LINE,
        imports=_imports(module),
        aliases=[_alias(alias) for alias in module.aliases],
        fields=fields,
        arguments=list(_workflow_arguments(module)),
    )
    # Loading black takes longer than all the rest: it is asked only where a script's width leaves a doubt.
    if all(map(_is_sure, module.parameters, hints)):
        return text
    import black

    return black.format_str(text, mode=black.Mode())


def _nodes(module: Module) -> str:
    return f"{module.node_count} node{'' if module.node_count == 1 else 's'}"


def _imports(module: Module) -> list[Code]:
    """The import statements that the module needs, as ruff sorts them."""
    kinds = [parameter.type for parameter in module.parameters]
    containers = any(
        isinstance(each.default, list | dict) for each in module.parameters
    )
    files = any(isinstance(kind, Media) for kind in kinds)
    needed = {
        "dataclasses": {"dataclass": True, "field": containers},
        "typing": {
            "Annotated": bool(kinds),
            "Any": any(isinstance(kind, Json) for kind in kinds),
            "Final": True,
            "Literal": bool(module.aliases),
            "TypeAlias": bool(module.aliases),
        },
        "viewcomfy_runtime": {
            "File": files,
            "Input": bool(kinds),
            "Workflow": True,
        },
    }
    return [
        Code(
            f"from {package} import {', '.join(name for name, used in names.items() if used)}"
        )
        for package, names in needed.items()
    ]


def _alias(alias: Alias) -> Code:
    head = f"{alias.name}: TypeAlias = "
    options = [literal(option) for option in alias.choice.options]
    tail = ""
    if alias.choice.open:
        tail = " | int" if isinstance(alias.choice.options[0], int) else " | str"
    flat = f"{head}Literal[{', '.join(options)}]{tail}"
    if fits(flat):
        return Code(flat)
    if not tail:
        return Code(head + call("Literal[", options, 0, WIDTH, 0))
    literals = f"Literal[{', '.join(options)}]"
    if fits(literals + tail, MARGIN):
        return Code(f"{head}(\n    {literals}{tail}\n)")
    literals = call("Literal[", options, MARGIN, MARGIN, 0)
    return Code(f"{head}(\n    {literals}\n   {tail}\n)")


def _hint(kind: ParameterType, aliases: dict[Choice, Identifier]) -> str:
    match kind:
        case Text():
            return "str"
        case Integer(random=random):
            return "int | None" if random else "int"
        case Number():
            return "float"
        case Flag():
            return "bool"
        case Choice():
            return aliases[kind]
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
        case _:
            pass
    if parameter.group != BASIC:
        arguments.append(f"group={literal(parameter.group)}")
    return arguments


def _bound(bound: int | float) -> str:
    """A bound as people read it: the largest numbers of a word as powers of two."""
    for bits in (31, 32, 53, 63, 64):
        if bound == 2**bits - 1:
            return f"2**{bits} - 1"
    return literal(bound)


def _declaration(parameter: Parameter, hint: str) -> Code:
    """The field's line, or lines: the annotation is opened where the whole does not fit."""
    name = parameter.name
    inputs = [_input(parameter, index) for index in range(len(parameter.inputs))]
    flat_inputs = [f"Input({', '.join(arguments)})" for arguments in inputs]
    head = f"{name}: Annotated[{', '.join([hint, *flat_inputs])}]"
    value = "" if parameter.required else f" = {_default(parameter.default, MARGIN, 0)}"
    if fits(head + value, MARGIN):
        return Code(head + value)
    contained = isinstance(parameter.default, list | dict)
    # Black measures a line that it splits before it closes up the powers in it.
    used = MARGIN + 2 * sum(map(_powers, inputs)) + len(" = (")
    if not parameter.required and not contained and fits(head, used):
        return Code(f"{head} = (\n        {literal(parameter.default)}\n    )")
    arguments = [hint] + [
        call("Input", each, 8, 8, 1 + 2 * _powers(each)) for each in inputs
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
    """Whether the layout is black's without a doubt: the widths that it depends on are known."""
    targets = (text for each in parameter.inputs for text in (each.node, each.name))
    low, high = span("".join((parameter.name, hint, *targets)))
    if low != high:
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
    """The default as it stands behind the equals sign, `before` characters into its line."""
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
    yield Code(f"format={FORMAT}")
    yield Code(f"title={literal(module.title)}")
    if module.fallback:
        start = MARGIN + len("fallback=")
        yield Code(f"fallback={laid_out(module.fallback, MARGIN, start, 1)}")
    if module.graph is not None:
        yield Code(f'graph=r"""{_graph(module.graph)}"""')


def _graph(graph: dict[str, Any]) -> str:
    """The nodes as JSON, one a line. JSON never has three quotes in a row nor ends in a backslash, so that it may
    stand in a raw string.
    """
    lines = (f"{json_text(id)}: {json_text(node)}" for id, node in graph.items())
    return "{\n" + ",\n".join(lines) + "\n}"

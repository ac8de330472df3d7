"""The plan as a Python module, formatted as black would."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from viewcomfy_runtime.parameters.format import FORMAT
from viewcomfy_runtime.parameters.outputs import OutputNode
from viewcomfy_runtime.parameters.types import Json, Media

from ...model import Alias, Identifier, Module
from ...version import __version__
from ..checksums import LINE, MARK
from ..phrases import about_output
from ..templates import Code
from .fields import declaration, field_hint, is_sure, whens_of
from .rendering import (
    MARGIN,
    WIDTH,
    call,
    docstring,
    fits,
    json_text,
    laid_out,
    literal,
    render,
)

RUNTIME: Final = "viewcomfy_runtime"
DISTRIBUTION: Final = "viewcomfy-codegen"
"""The package that brings the runtime. The import says so, where Python's traceback shows it if the
package is not installed.
"""


def python_module(module: Module, runtime: str = RUNTIME) -> str:
    """The text of the module: its parameters, its results, and its functions; `runtime` is the
    package it imports.
    """
    aliases = {alias.choice: alias.name for alias in module.aliases}
    hints = [field_hint(parameter, aliases) for parameter in module.parameters]
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
                "declaration": declaration(parameter, hint),
                "doc": "\n".join(parameter.field.paragraphs("None")),
            }
            for parameter, hint in zip(module.parameters, hints, strict=True)
        ],
        outputs=[_output(each, module) for each in module.outputs],
        arguments=list(_workflow_arguments(module)),
    )
    # Loading black takes longer than all the rest: it is asked only where a script's width leaves a
    # doubt.
    if all(map(is_sure, module.parameters, hints)) and all(
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


def _imports(module: Module, package: str) -> dict[str, object]:
    """The import statements that the module needs, as ruff sorts them."""
    kinds = [parameter.type for parameter in module.parameters]
    containers = any(
        isinstance(each.default, list | dict) for each in module.parameters
    )
    whens = [when for each in module.parameters for when in whens_of(each)]
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
    brings = f"  # in the package {DISTRIBUTION}" if package == RUNTIME else ""
    lazy = ("Client", "Job", "Progress", "Save", "Timeout", "ViewComfyError")
    return {
        "imports": [
            _import("dataclasses", {"dataclass": True, "field": containers}),
            _import("typing", typing),
        ],
        "runtime": _import(package, runtime, comment=brings),
        "types": _import(package, dict.fromkeys(lazy, True), MARGIN),
    }


def _import(
    package: str, names: dict[str, bool], indent: int = 0, comment: str = ""
) -> Code:
    used = [name for name, needed in names.items() if needed]
    flat = f"from {package} import {', '.join(used)}"
    if fits(flat, indent) and not comment:
        return Code(flat)
    margin = " " * indent
    listed = "".join(f"{margin}    {name},\n" for name in used)
    return Code(f"from {package} import ({comment}\n{listed}{margin})")


def _output(output: OutputNode, module: Module) -> dict[str, object]:
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

"""Workflows as one HTML page: their graphs, parameters and outputs, and calls in each language."""

from __future__ import annotations

import base64
import hashlib
import html
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment

from viewcomfy_runtime.parameters.fields import UNUSED
from viewcomfy_runtime.parameters.types import Media

from ...model import ADVANCED, BASIC, Module, Parameter
from ...version import __version__
from ..calls import LANGUAGES, TITLES, example
from ..checksums import LINE, MARK
from ..mermaid import parameters_by_node
from ..phrases import made, type_phrase
from ..python.rendering import json_text, span
from ..templates import Code, environment
from .layout import HEAD, WIDTH, Box, Layout, laid_out
from .layout import LINE as ROW

_GROUPS: Final = {
    BASIC: "Parameters",
    ADVANCED: "Advanced parameters",
    UNUSED: "Without effect",
}
_LONGEST: Final = 300
"""Characters of a workflow's text that a table shows."""


def html_page(modules: Sequence[Module]) -> str:
    """The page. No text of a workflow becomes markup, and the content security policy allows
    nothing to run or load.
    """
    style = _style()
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return (
        _environment()
        .get_template("html/page.html.jinja")
        .render(
            title=", ".join(module.title for module in modules[:3]),
            mark=Code(f"{MARK} {__version__}; edit the workflow and generate again."),
            checksum=Code(LINE),
            policy=(
                f"default-src 'none'; style-src 'sha256-{digest}'; "
                "base-uri 'none'; form-action 'none'"
            ),
            style=Code(style),
            workflows=[_workflow(*each) for each in enumerate(modules)],
        )
    )


def escaped(value: Any) -> Code:
    """A text or a number escaped for HTML elements and quoted attributes."""
    if isinstance(value, Code):
        return value
    if isinstance(value, float):
        value = round(value)
    text = str(value) if isinstance(value, str) else json_text(value)
    shown = "".join(c if c.isprintable() or c == "\n" else "�" for c in text)
    return Code(html.escape(shown))


@cache
def _environment() -> Environment:
    return environment(escaped, {})


@cache
def _style() -> str:
    return "\n" + Path(__file__).with_name("page.css").read_text("utf-8")


def _workflow(number: int, module: Module) -> dict[str, object]:
    drawing = laid_out(module.nodes, parameters_by_node(module))
    call = example(module)
    return {
        "number": number,
        "title": module.title,
        "source": module.source,
        "count": module.node_count,
        "drawing": drawing,
        "links": list(_links(module, drawing)),
        "boxes": [_box(number, each) for each in drawing.boxes.values()],
        "groups": [
            {"title": title, "parameters": [_row(number, each) for each in members]}
            for group, title in _GROUPS.items()
            if (members := [each for each in module.parameters if each.group == group])
        ],
        "outputs": [
            {
                "name": each.name,
                "kind": made(each.kind),
                "node": f"Node {each.node}, {each.title or each.class_type}",
            }
            for each in module.outputs
        ],
        "calls": [
            {"language": TITLES[language], "code": render(call)}
            for language, render in LANGUAGES.items()
        ],
    }


def _links(module: Module, drawing: Layout) -> Iterator[Code]:
    """The curves from the nodes' right sides to the left sides of their readers."""
    for node in module.nodes:
        end = drawing.boxes[node.id]
        for source in node.sources:
            start = drawing.boxes[source]
            x, y = start.x + WIDTH, start.y + HEAD / 2
            to_x, to_y = end.x, end.y + HEAD / 2
            bend = max(40.0, abs(to_x - x) / 2)
            yield Code(
                f"M{x:.0f} {y:.0f}C{x + bend:.0f} {y:.0f} "
                f"{to_x - bend:.0f} {to_y:.0f} {to_x:.0f} {to_y:.0f}"
            )


def _box(number: int, box: Box) -> dict[str, object]:
    node = box.node
    return {
        "x": box.x,
        "y": box.y,
        "height": box.height,
        "whole": _cut(
            f"{node.id}: {node.title or node.class_type} ({node.class_type})"
        ),
        "title": _fitted(f"{node.id}: {node.title or node.class_type}", 29),
        "class": _fitted(node.class_type, 34),
        "parameters": [
            {
                "name": _fitted(name, 28),
                "anchor": _anchor(number, name),
                "y": HEAD + 12 + ROW * index,
            }
            for index, name in enumerate(box.parameters)
        ],
    }


def _row(number: int, parameter: Parameter) -> dict[str, object]:
    about = parameter.about
    default = "" if parameter.required else _cut(json_text(parameter.default))
    if isinstance(parameter.type, Media):
        default = _cut(about.deployed)
    return {
        "name": parameter.name,
        "anchor": _anchor(number, parameter.name),
        "type": _cut(type_phrase(parameter.type)),
        "required": parameter.required,
        "default": default,
        "about": _cut(about.sentence),
        "node": _cut(
            f"Node {parameter.inputs[0].node}, {about.title or about.class_type}"
        ),
        "keys": [str(each) for each in parameter.inputs],
    }


def _anchor(number: int, name: str) -> str:
    return f"p{number}-{name}"


def _fitted(text: str, columns: int) -> str:
    """The beginning of a text that fits in a box."""
    if span(text)[1] <= columns:
        return text
    while span(text)[1] >= columns:
        text = text[: min(len(text) - 1, columns)]
    return f"{text}…"


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"

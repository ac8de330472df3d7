"""`viewcomfy-codegen inspect WORKFLOW`: a workflow for people, with where each parameter's name, type and sentence came from."""

from __future__ import annotations

import json
import shutil
import sys
import textwrap
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import click

from viewcomfy_runtime.parameters.fields import REQUIRED
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

from ..errors import CodegenError
from ..graph.workflow import is_link
from ..model import Module, Parameter
from ..pipeline import Generated, generate
from ..planning.plan import Options
from ..sources import classes_in
from .files import STANDARD, read_file, read_object_info
from .finishing import tell


@click.command("inspect")
@click.argument("workflow")
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")
@click.option(
    "--object-info",
    metavar="FILE|URL",
    help="What your own ComfyUI says of its nodes: its address, or its saved /object_info.",
)
@click.option(
    "--view-comfy", metavar="FILE", help="The view_comfy.json beside the workflow."
)
@click.option(
    "--workflow",
    "picked",
    metavar="N|TITLE",
    help="Which workflow of a view_comfy.json is meant.",
)
@click.option("--all", "all_", is_flag=True, help="Show what marks leave out too.")
def inspect_command(
    workflow: str,
    as_json: bool,
    object_info: str | None,
    view_comfy: str | None,
    picked: str | None,
    all_: bool,
) -> None:
    """Show WORKFLOW: its nodes along the flow of data, and each parameter with where it came from."""
    name = "standard input" if workflow == STANDARD else Path(workflow).name
    try:
        classes = (
            classes_in(read_object_info(object_info), object_info)
            if object_info
            else None
        )
        made = generate(
            read_file(workflow),
            source=name,
            options=Options(all=all_, object_info=classes),
            workflow_in=picked,
            view_comfy=(read_file(view_comfy), view_comfy) if view_comfy else None,
        )
    except CodegenError as error:
        tell(error.diagnostics)
        sys.exit(1)
    tell(made.diagnostics)
    assert made.module is not None
    if as_json:
        parameters = [_as_json(each) for each in made.module.parameters]
        nodes = [_node(id, node) for id, node in made.graph.items()]
        click.echo(json.dumps({"nodes": nodes, "parameters": parameters}, indent=2))
        return
    width = shutil.get_terminal_size((100, 24)).columns
    for line in (*_flow(made), "", *_parameters(made.module, width)):
        click.echo(line)


def _node(id: str, node: Mapping[str, Any]) -> dict[str, Any]:
    inputs = node.get("inputs") or {}
    return {
        "id": id,
        "class_type": node.get("class_type"),
        "title": (node.get("_meta") or {}).get("title"),
        "from": list(dict.fromkeys(str(v[0]) for v in inputs.values() if is_link(v))),
    }


def _flow(made: Generated) -> Iterator[str]:
    """The nodes in the order of the flow, each with those that it takes from."""
    widest = max(map(len, made.graph), default=0)
    for id, node in made.graph.items():
        about = _node(id, node)
        title = about["title"]
        named = about["class_type"] + (
            f" “{title}”" if title and title != about["class_type"] else ""
        )
        source = f"  ← {', '.join(about['from'])}" if about["from"] else ""
        yield _plain(f"{id:>{widest}}  {named}{source}")


def _parameters(module: Module, width: int) -> Iterator[str]:
    """Each parameter in its group, with what it takes and where that came from."""
    group = None
    for each in module.parameters:
        if each.group != group:
            group = each.group
            yield click.style(f"{group}:", bold=True)
        default = (
            "required"
            if each.default is REQUIRED
            else json.dumps(each.default, ensure_ascii=False)
        )
        head = f"{each.name}: {described(each.type)} = {default}"
        yield "  " + textwrap.shorten(
            _plain(head), max(40, width - 2), placeholder=" …"
        )
        keys = ", ".join(map(str, each.inputs))
        sentence, _, _ = each.doc.partition("\n")
        details = (
            ("key", keys),
            ("doc", f"{sentence}  [{each.origins.doc or 'nobody says'}]"),
            ("name", each.origins.name),
            ("type", each.origins.type),
        )
        for label, text in details:
            lines = textwrap.wrap(_plain(text), max(30, width - 12)) or [""]
            yield f"      {label:<5}{lines[0]}"
            yield from (f"           {line}" for line in lines[1:])


def _as_json(each: Parameter) -> dict[str, Any]:
    default = {} if each.default is REQUIRED else {"default": each.default}
    return {
        "name": each.name,
        "kind": kind_word(each.type),
        "type": described(each.type),
        "required": each.required,
        **default,
        "keys": list(map(str, each.inputs)),
        "group": each.group,
        "doc": each.doc,
        "origins": {
            "name": each.origins.name,
            "type": each.origins.type,
            "doc": each.origins.doc,
        },
    }


def kind_word(kind: ParameterType) -> str:
    """The kind of a type as one word that programs can compare: `multiline`, `file:image`, …"""
    match kind:
        case Text(multiline):
            return "multiline" if multiline else "text"
        case Integer():
            return "int"
        case Number():
            return "float"
        case Flag():
            return "bool"
        case Choice(_, open_):
            return "open choice" if open_ else "choice"
        case Media(media, _):
            return f"file:{media.partition('/')[0]}"
        case Json():
            return "json"


def described(kind: ParameterType) -> str:
    """A type in a few words."""
    match kind:
        case Text(multiline):
            return "text of several lines" if multiline else "text"
        case Integer(lo, hi, random):
            return f"integer{_range(lo, hi)}{' or drawn' if random else ''}"
        case Number(lo, hi):
            return f"number{_range(lo, hi)}"
        case Flag():
            return "true or false"
        case Choice(options, open_):
            shown = ", ".join(map(str, options[:4])) + (", …" if options[4:] else "")
            return f"{'open choice' if open_ else 'choice'} of {len(options)} ({shown})"
        case Media(media, optional):
            return f"file ({media}){', may be left out' if optional else ''}"
        case Json(shape):
            return "JSON" if shape == "any" else f"JSON {shape}"


def _range(lo: int | float | None, hi: int | float | None) -> str:
    if lo is None and hi is None:
        return ""
    return f" {'…' if lo is None else lo} to {'…' if hi is None else hi}"


def _plain(text: str) -> str:
    """A text of the workflow without what would write elsewhere on the terminal."""
    return "".join(char if char.isprintable() else " " for char in text)

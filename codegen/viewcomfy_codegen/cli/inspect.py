"""`viewcomfy-codegen inspect WORKFLOW`: show a workflow, and where each parameter's name, type and
sentence came from.
"""

from __future__ import annotations

import json
import shutil
import textwrap
from collections.abc import Iterator
from itertools import groupby

import click

from viewcomfy_runtime.json_types import ApiNode, JsonObject
from viewcomfy_runtime.parameters.fields import REQUIRED
from viewcomfy_runtime.parameters.types import kind_of

from ..catalog import shipped
from ..graph.workflow import is_link
from ..model import Module, Parameter
from ..pipeline import Generated
from ..project.paths import name_of
from ..sources.object_info import shown_place
from ..targets.calls import LANGUAGES, example
from ..targets.mermaid import mermaid
from ..targets.phrases import type_phrase
from .console import out, out_json, out_text, report, reporting_errors
from .files import read_file, users_catalog_if_any
from .grouping import grouped
from .workflow_options import APP_ONLY, OBJECT_INFO, PICKED, VIEW_COMFY, Reading

LONGEST = 400
"""Characters of a text that are shown."""

_WIDEST = 40
"""Characters of the column of ids; a longer one takes only its own line with it."""


@click.command("inspect")
@click.argument("workflow")
@click.option("--json", "as_json", is_flag=True, help="Print all of it as JSON.")
@grouped("reading", Reading, OBJECT_INFO, VIEW_COMFY, PICKED, APP_ONLY)
@click.option(
    "--all",
    "all_",
    is_flag=True,
    help="Also show what VC_BASIC and VC_ADV marks leave out.",
)
@click.option("--graph", is_flag=True, help="Print the graph as Mermaid.")
@click.option(
    "--call",
    type=click.Choice(list(LANGUAGES)),
    help="Print a call, ready to paste.",
)
def inspect_command(
    workflow: str,
    as_json: bool,
    graph: bool,
    call: str | None,
    all_: bool,
    reading: Reading,
) -> None:
    """Show the nodes and parameters of WORKFLOW and their origins.

    Nodes are listed in the order in which data flows, each with the nodes that feed it. Parameters
    are listed with what they accept, and where their names, types and descriptions come from.
    """
    if sum((as_json, graph, call is not None)) > 1:
        raise click.UsageError("--json, --graph and --call cannot be combined")
    with reporting_errors():
        made = reading.generated(
            read_file(workflow), workflow, name_of(workflow), likely=True, all=all_
        )
    report(made.diagnostics)
    asked = shown_place(reading.object_info) if reading.object_info else None
    catalogs = [*filter(None, (asked, users_catalog_if_any())), shipped().name]
    if call is not None:
        out_text(LANGUAGES[call](example(made.module)))
    elif graph:
        out_text(mermaid(made.module))
    elif as_json:
        _print_json(made, catalogs)
    else:
        _print(made, catalogs)


def _print_json(made: Generated, catalogs: list[str]) -> None:
    module = made.module
    hidden = [{"key": str(each.input), "reason": each.reason} for each in module.hidden]
    out_json(
        {
            "nodes": [_node(id, node) for id, node in made.graph.items()],
            "parameters": [_as_json(each) for each in module.parameters],
            "hidden": hidden,
            "catalogs": catalogs,
        }
    )


def _print(made: Generated, catalogs: list[str]) -> None:
    """Print the nodes, the parameters by group, and the inputs without a parameter."""
    width = shutil.get_terminal_size((100, 24)).columns
    for line in _flow(made):
        out(line)
    for group, parameters in groupby(made.module.parameters, lambda each: each.group):
        out("")
        out(f"{group}:", bold=True)
        for each in parameters:
            for line in _lines(each, width):
                out(line)
    if made.module.hidden:
        out("")
        out("without a parameter, unless --all or --include asks for one:", bold=True)
    for unseen in made.module.hidden:
        out(_cut(f"  {unseen.input}: {unseen.reason}", LONGEST))
    _tell_likely(made.module)
    out("")
    out(f"Node facts from {', then '.join(catalogs)}")


def _tell_likely(module: Module) -> None:
    """Print parameters with equal values, with the line of the table that would share them."""
    names = {each.inputs[0]: each.name for each in module.parameters}
    sets = [[key for key in keys if key in names] for keys in module.likely]
    if not any(len(keys) > 1 for keys in sets):
        return
    out("")
    out(
        "set to the same value; to set them together, add to the workflow's table:",
        bold=True,
    )
    for keys in sets:
        if len(keys) > 1:
            listed = ", ".join(f'"{key}"' for key in keys)
            out(_cut(f"  shared.{keys[0].name} = [{listed}]", LONGEST))


def _node(id: str, node: ApiNode) -> JsonObject:
    return {
        "id": id,
        "class_type": node.get("class_type"),
        "title": _title(node),
        "from": [*_feeding(node)],
    }


def _title(node: ApiNode) -> str | None:
    meta: object = node.get("_meta")
    title = meta.get("title") if isinstance(meta, dict) else None
    return title if isinstance(title, str) else None


def _feeding(node: ApiNode) -> list[str]:
    """The ids of the nodes that feed it, each once."""
    inputs = node.get("inputs") or {}
    return list(dict.fromkeys(str(v[0]) for v in inputs.values() if is_link(v)))


def _flow(made: Generated) -> Iterator[str]:
    """The nodes in order of data flow, each with the nodes it reads from."""
    widest = min(max(map(len, made.graph), default=0), _WIDEST)
    for id, node in made.graph.items():
        class_type, title, feeding = node["class_type"], _title(node), _feeding(node)
        quoted = f" “{title}”" if title and title != class_type else ""
        source = f"  ← {', '.join(feeding)}" if feeding else ""
        yield _cut(f"{id:>{widest}}  {class_type}{quoted}{source}", LONGEST)


def _lines(each: Parameter, width: int) -> Iterator[str]:
    """A parameter: what it accepts, and where that came from."""
    default = (
        ", required"
        if each.required
        else f" = {json.dumps(each.default, ensure_ascii=False)}"
    )
    yield _cut(f"  {each.name}: {type_phrase(each.type)}{default}", max(40, width))
    sentence = each.about.sentence
    details = (
        ("key", ", ".join(map(str, each.inputs))),
        ("doc", f"{sentence}  [{each.origins.doc}]"),
        ("name", f"from {each.origins.name}"),
        ("type", f"from {each.origins.type}"),
    )
    for label, text in details:
        wrapped = textwrap.wrap(_cut(text, LONGEST), max(30, width - 12)) or [""]
        yield f"      {label:<5}{wrapped[0]}"
        yield from (f"           {line}" for line in wrapped[1:])


def _as_json(each: Parameter) -> dict[str, object]:
    default = {} if each.default is REQUIRED else {"default": each.default}
    return {
        "name": each.name,
        "kind": kind_of(each.type),
        "type": type_phrase(each.type),
        "required": each.required,
        **default,
        "keys": list(map(str, each.inputs)),
        "group": each.group,
        "doc": each.field.doc,
        "origins": {
            "name": str(each.origins.name),
            "type": str(each.origins.type),
            "doc": str(each.origins.doc),
        },
    }


def _cut(text: str, longest: int) -> str:
    """The beginning of a workflow's text, on one line."""
    shown = text if len(text) <= longest else f"{text[: longest - 2]} …"
    return "".join(char if char.isprintable() else " " for char in shown)

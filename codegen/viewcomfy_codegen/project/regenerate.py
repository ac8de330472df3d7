"""One client from its source to its files, with the names of the earlier one kept and the changes since then told."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from viewcomfy_runtime.parameters.key import WireKey

from .. import pipeline
from ..errors import CodegenError, Diagnostic
from ..graph.matching import matched
from ..model import Module, Parameter
from ..pipeline import catalog_of, planned, rendered
from ..planning.options import Options
from ..planning.wishes import Wish, Wishes, merged
from ..targets.checksums import is_edited, is_generated
from ..targets.json_schema import schema_of
from ..targets.python.reading import read_module
from ..targets.target import Earlier
from ..words import RESERVED, usable
from .changes import Change, changes_between


@dataclass(frozen=True, slots=True)
class Task:
    """A client to be generated: where from, where to, and how.

    `module` or `schema` is None where that file is not wanted. `renames` are the names that the user wants, by key or by the
    name that the parameter has otherwise; `wanted` is what else was written down, by the same. `catalog` is the file of node
    facts that the user or the project keeps.
    """

    source: str
    name: str
    module: Path | None
    schema: Path | None
    options: Options = field(default_factory=Options)
    view_comfy: str | None = None
    workflow: str | None = None
    object_info: str | None = None
    catalog: str | None = None
    wanted: Mapping[str, Wish] = field(default_factory=dict)
    shared: tuple[tuple[str, ...], ...] = ()
    fresh: bool = False
    force: bool = False


@dataclass(frozen=True, slots=True)
class Product:
    """What a task makes: texts by path, the module's text first of all, what changed, and what its author should know."""

    task: Task
    texts: tuple[str, str]
    outputs: Mapping[Path, str]
    stale: tuple[Path, ...]
    changes: tuple[Change, ...]
    diagnostics: tuple[Diagnostic, ...]


def produce(
    task: Task,
    read: Callable[[str], bytes],
    beside: Callable[[Path], str | None],
    object_info: Mapping[str, Any] | None = None,
) -> Product:
    """The files of a client. `read` gives the content of a source, `beside` the text that is at an output's place.

    Raises CodegenError for a source that holds no workflow, and for outputs that somebody else wrote or edited.
    """
    label = "standard input" if task.source == "-" else Path(task.source).name
    described = (read(task.view_comfy), task.view_comfy) if task.view_comfy else None
    options = replace(task.options, object_info=object_info)
    found = pipeline.read(
        read(task.source),
        label,
        workflow_in=task.workflow,
        view_comfy=described,
        catalog=catalog_of(options),
    )
    module_text = beside(task.module) if task.module else None
    schema_text = beside(task.schema) if task.schema else None
    if not task.force:
        _refuse_others(task, module_text, schema_text)
    earlier = _earlier(module_text, task)
    renumbered = (
        _renumbered(earlier, found.workflow.graph) if earlier is not None else {}
    )
    kept: Wishes = {}
    if earlier is not None and not task.fresh:
        kept = _kept(earlier, renumbered)
        options = replace(options, outputs=_kept_outputs(earlier, renumbered))
    wanted: Wishes = {}
    if task.wanted or task.shared:
        now, _ = planned(found, _with(options, kept), task.name, label)
        wanted = _keys(task.wanted, now, label)
        taken = {wish.name for wish in wanted.values() if wish.name}
        kept = {at: each for at, each in kept.items() if each.name not in taken}
        together = tuple(_keys_of(each, now, label) for each in task.shared)
        options = replace(options, shared=together)
    plan, notes = planned(found, _with(options, merged(kept, wanted)), task.name, label)
    files = rendered(plan, task.name)
    texts = (files[f"{task.name}.py"], files[f"{task.name}.schema.json"])
    outputs = {
        path: text
        for path, text in zip((task.module, task.schema), texts, strict=True)
        if path is not None
    }
    present = {task.module: module_text, task.schema: schema_text}
    stale = tuple(
        path
        for path, text in outputs.items()
        if (present[path] or "").replace("\r\n", "\n") != text
    )
    before = earlier.schema if earlier else _schema(schema_text)
    changes = changes_between(before, schema_of(plan), renumbered) if before else []
    diagnostics = (*found.diagnostics, *notes)
    return Product(task, texts, outputs, stale, tuple(changes), diagnostics)


def _with(options: Options, wishes: Wishes) -> Options:
    return replace(options, wishes=merged(options.wishes, wishes))


def _refuse_others(task: Task, module: str | None, schema: str | None) -> None:
    """Raises CodegenError where an output's place holds what a generation did not put there."""
    faults = []
    edited = is_edited(module, schema) if module is not None else (False, False)
    for path, text, changed in (
        (task.module, module, edited[0]),
        (task.schema, schema, edited[1]),
    ):
        if text is None or not text.strip():
            continue
        if not is_generated(text):
            message = "is there already, and viewcomfy-codegen did not write it"
        elif changed:
            message = "was edited by hand since it was generated"
        else:
            continue
        faults.append(
            Diagnostic(
                str(path),
                message,
                "--force overwrites it; to keep an edit, make it in the workflow or in pyproject.toml",
            )
        )
    if faults:
        raise CodegenError(*faults)


def _earlier(text: str | None, task: Task) -> Earlier | None:
    """The module that is there, where it can still be read."""
    if text is None or not is_generated(text):
        return None
    try:
        return read_module(text, str(task.module))
    except CodegenError:
        if task.force or task.fresh:
            return None
        raise


def _renumbered(earlier: Earlier, graph: Mapping[str, Any]) -> dict[str, str]:
    """The present ids of the earlier module's nodes; those that it does not tell of are taken to be what they were."""
    if earlier.graph is None:
        nodes = {key.node for keys in earlier.names for key in keys}
        nodes |= earlier.outputs.keys()
        return {id: id for id in nodes if id in graph}
    return matched(earlier.graph, graph)


def _kept(earlier: Earlier, renumbered: Mapping[str, str]) -> dict[WireKey, Wish]:
    """The names of parameters whose node and input are still there."""
    return {
        WireKey(renumbered[key.node], key.name): Wish(
            origin="the earlier module", name=name
        )
        for keys, name in earlier.names.items()
        for key in keys[:1]
        if key.node in renumbered
    }


def _kept_outputs(earlier: Earlier, renumbered: Mapping[str, str]) -> dict[str, str]:
    """The names of outputs whose node is still there."""
    return {
        renumbered[node]: name
        for node, name in earlier.outputs.items()
        if node in renumbered
    }


def _keys(wanted: Mapping[str, Wish], now: Module, source: str) -> dict[WireKey, Wish]:
    """What the user wants, by input rather than by key or name. Raises CodegenError for what is not there, or clashes."""
    found: dict[WireKey, Wish] = {}
    faults: list[Diagnostic] = []
    names: dict[str, str] = {}
    others = {item.name for item in now.parameters}
    for place, wish in wanted.items():
        target = _find(place, now)
        if target is None:
            faults.append(_unknown(place, now, source))
            continue
        found[target] = wish
        own = next(
            (item.name for item in now.parameters if _first(item) == target), None
        )
        if own is not None:
            others.discard(own)
        if wish.name is None:
            continue
        if (
            not wish.name.isidentifier()
            or not usable(wish.name)
            or wish.name in RESERVED
        ):
            faults.append(
                Diagnostic(
                    wish.origin,
                    f"{wish.name!r} cannot be a parameter's name",
                    "take a word that is no keyword of Python and none of the module's own names",
                )
            )
        elif wish.name in names:
            faults.append(
                Diagnostic(
                    wish.origin,
                    f"{place} and {names[wish.name]} cannot both be called {wish.name}",
                    "give one of them another name",
                )
            )
        names[wish.name] = place
    for name in names.keys() & others:
        faults.append(
            Diagnostic(
                source,
                f"{names[name]} cannot be called {name}: another parameter is",
                f"take another name, or rename {name} too",
            )
        )
    if faults:
        raise CodegenError(*faults)
    return found


def _keys_of(places: tuple[str, ...], now: Module, source: str) -> tuple[WireKey, ...]:
    found = [_find(place, now) for place in places]
    missing = [place for place, each in zip(places, found, strict=True) if each is None]
    if missing:
        raise CodegenError(*(_unknown(place, now, source) for place in missing))
    return tuple(each for each in found if each is not None)


def _find(place: str, now: Module) -> WireKey | None:
    for item in now.parameters:
        target = _first(item)
        if place in (item.name, str(target)):
            return target
    return None


def _first(item: Parameter) -> WireKey:
    return item.inputs[0]


def _unknown(place: str, now: Module, source: str) -> Diagnostic:
    from difflib import get_close_matches

    known: list[str] = [item.name for item in now.parameters]
    known += [str(_first(item)) for item in now.parameters]
    near = get_close_matches(place, known, n=1)
    return Diagnostic(
        source,
        f"there is no parameter {place}"
        + (f"; did you mean {near[0]}?" if near else ""),
        "give a parameter's name or its key, such as 6-inputs-text",
    )


def _schema(text: str | None) -> dict[str, Any] | None:
    try:
        found = json.loads(text) if text else None
    except ValueError:
        return None
    return found if isinstance(found, dict) and "properties" in found else None

"""Generates one client from its source, keeping the names of the earlier one and reporting
changes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from viewcomfy_runtime.json_types import JsonValue

from .. import pipeline
from ..errors import CodegenError, Diagnostic
from ..model import Module
from ..pipeline import catalog_of, planned, rendered, surveyed
from ..planning.filters import filtered
from ..planning.options import Options
from ..planning.outputs import outputs_of
from ..planning.survey import Survey
from ..planning.wishes import merged
from ..targets.checksums import digest
from ..targets.json_schema import schema_of
from ..targets.target import Earlier, Target
from .changes import Change, changes_between
from .earlier import (
    Kept,
    earlier_in,
    kept_from,
    moved,
    refuse_others,
    renumbered_by,
)
from .paths import label_of
from .wanted import Wanted, found_in, outputs_in


class Task(NamedTuple):
    """A client to generate: its source, its outputs and its settings.

    `outputs` are the files to write, each with its target; names are remembered from the first one
    that exists. `wanted` is what the project's table says about single parameters and outputs,
    `catalog` the user's or the project's file of node facts. `vendor` is the folder with the copy
    of the runtime that the module imports, `runtime` the file from which a TypeScript module
    imports its runtime.
    """

    source: str
    name: str
    outputs: Mapping[Path, Target]
    options: Options = Options()
    view_comfy: str | None = None
    workflow: str | None = None
    object_info: str | None = None
    catalog: str | None = None
    vendor: Path | None = None
    runtime: Path | None = None
    wanted: Wanted = Wanted()
    fresh: bool = False
    force: bool = False


class Product(NamedTuple):
    """The result of a task: texts by path, which are out of date, what changed, and diagnostics."""

    task: Task
    outputs: Mapping[Path, str]
    stale: tuple[Path, ...]
    changes: tuple[Change, ...]
    diagnostics: tuple[Diagnostic, ...]


def produce(
    task: Task,
    read: Callable[[str], bytes],
    beside: Callable[[Path], str | None],
    object_info: Mapping[str, JsonValue] | None = None,
) -> Product:
    """The files of a client. `read` returns the content of a source, `beside` the text at an
    output's path.

    Raises CodegenError for a source without a workflow, and for outputs that were edited or not
    generated.
    """
    label = label_of(task.source)
    options = replace(task.options, object_info=object_info)
    found = _read(task, read, label, options)
    past, before = _existing(task, beside)
    renumbered = renumbered_by(past[0], found.workflow) if past else {}
    kept = kept_from(past[0], renumbered) if past and not task.fresh else None
    before_planning = (
        list(moved(past[0], renumbered, found.workflow, label)) if kept else []
    )
    schemas = [each.describe for each in past]
    before_planning += found.diagnostics
    module, notes = _planned(task, found, options, kept, label)
    del found, past, kept  # They take the most memory, which rendering needs.
    outputs = rendered(module, task.outputs)
    stale = [
        path for path, text in outputs.items() if before.get(path) != _digest(text)
    ]
    changed = any(path in before for path in stale)
    lenient = task.force or task.fresh
    now = schema_of(module) if changed else {}
    changes = _changes(schemas, renumbered, now, lenient=lenient) if changed else ()
    return Product(
        task, outputs, tuple(stale), tuple(changes), (*before_planning, *notes)
    )


def _read(
    task: Task, read: Callable[[str], bytes], label: str, options: Options
) -> pipeline.Read:
    """The workflow, and what a view_comfy.json beside it says."""
    described = (read(task.view_comfy), task.view_comfy) if task.view_comfy else None
    return pipeline.read(
        read(task.source),
        label,
        workflow_in=task.workflow,
        view_comfy=described,
        catalog=catalog_of(options),
    )


def _existing(
    task: Task, beside: Callable[[Path], str | None]
) -> tuple[list[Earlier], dict[Path, str]]:
    """The contents of the existing outputs, and the digest of each."""
    texts = {path: beside(path) for path in task.outputs}
    if not task.force:
        refuse_others(task.outputs, texts)
    past = earlier_in(task.outputs, texts, lenient=task.force or task.fresh)
    return past, {
        path: _digest(text) for path, text in texts.items() if text is not None
    }


def _planned(
    task: Task, found: pipeline.Read, options: Options, kept: Kept | None, label: str
) -> tuple[Module, list[Diagnostic]]:
    """The plan and its diagnostics, without keeping in memory what it was made from."""
    inputs, options = surveyed(found, options)
    options = _asked(task, inputs, options, kept, label)
    return planned(inputs, options, task.name, label)


def _asked(
    task: Task, inputs: Survey, options: Options, kept: Kept | None, label: str
) -> Options:
    """The options, with the table's wishes and, where it has none, the names of the earlier
    output.
    """
    wishes, shared = task.wanted.wishes, task.wanted.shared
    if wishes or shared:
        shown, _ = filtered(inputs.named, options, label)
        wanted, sets = found_in(task.wanted, inputs.named, shown)
        options = replace(options, wanted=wanted, shared=sets)
    if task.wanted.outputs:
        nodes = outputs_of(inputs.analysis, inputs.labels, {})
        names = outputs_in(task.wanted, {each.node: each.name for each in nodes})
        options = replace(options, outputs=names)
    if kept is None:
        return options
    taken = {wish.name for wish in options.wanted.values()}
    free = {at: each for at, each in kept.names.items() if each.name not in taken}
    used = set(options.outputs.values())
    outputs = {id: name for id, name in kept.outputs.items() if name not in used}
    return replace(
        options,
        wanted=merged(free, options.wanted),
        together=kept.together,
        apart=kept.known,
        outputs={**outputs, **options.outputs},
    )


def _changes(
    past: Iterable[Callable[[], Mapping[str, JsonValue]]],
    renumbered: Mapping[str, str],
    schema: Mapping[str, JsonValue],
    *,
    lenient: bool,
) -> dict[Change, None]:
    """What changed for callers of each existing file, each change once.

    Raises CodegenError for a file whose contents contradict one another, unless `lenient`.
    """
    changes: dict[Change, None] = {}
    for described in past:
        try:
            before = described()
        except CodegenError:
            if not lenient:
                raise
            continue
        changes |= dict.fromkeys(changes_between(before, schema, renumbered))
    return changes


def _digest(text: str) -> str:
    return digest(text.replace("\r\n", "\n"))

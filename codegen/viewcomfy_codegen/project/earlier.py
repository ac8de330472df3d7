"""Existing outputs: which files a generation may replace, and which names it keeps from them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from viewcomfy_runtime.parameters.key import WireKey

from ..errors import CodegenError, Diagnostic, place
from ..graph.matching import matched
from ..graph.workflow import Workflow
from ..naming.outputs import RESERVED_OUTPUTS
from ..planning.wishes import Wish
from ..targets.checksums import is_edited, is_generated, is_vouched_for
from ..targets.json_schema import JSON_SCHEMA
from ..targets.target import Earlier, Target
from ..words import usable

ORIGIN = "the earlier module"

Texts = Mapping[Path, str | None]
Outputs = Mapping[Path, Target]


def refuse_others(outputs: Outputs, texts: Texts) -> None:
    """Raises CodegenError if an output's path holds a file that was not generated."""
    faults = []
    for path, target in outputs.items():
        text = texts[path]
        if text is None or not text.strip():
            continue
        if not is_generated(text):
            message = "already exists, and viewcomfy-codegen did not write it"
        elif _is_edited(text, target, outputs, texts):
            message = "was edited by hand since it was generated"
        else:
            continue
        hint = (
            "--force overwrites it; to keep an edit, "
            "make it in the workflow or in pyproject.toml"
        )
        faults.append(Diagnostic(str(path), message, hint))
    if faults:
        raise CodegenError(*faults)


def refuse_edited(path: Path, text: str) -> None:
    """Raises CodegenError for a file that was edited by hand or not generated."""
    if text.strip() and (not is_generated(text) or is_edited(text)):
        fault = "was edited by hand, or viewcomfy-codegen did not write it"
        hint = "name another file, or overwrite it with --force"
        raise CodegenError(Diagnostic(str(path), fault, hint))


def _is_edited(text: str, target: Target, outputs: Outputs, texts: Texts) -> bool:
    if target.suffix != JSON_SCHEMA.suffix:
        return is_edited(text)
    beside = [
        other
        for path, each in outputs.items()
        if each.suffix != JSON_SCHEMA.suffix and (other := texts[path])
    ]
    ours = [each for each in beside if is_generated(each)]
    return bool(ours) and not any(is_vouched_for(text, each) for each in ours)


def earlier_in(outputs: Outputs, texts: Texts, *, lenient: bool) -> list[Earlier]:
    """The contents of existing files, in the order of the outputs, without repetition.

    A schema adds nothing to the module beside it that contains its checksum. Raises CodegenError
    for a generated file that can no longer be read, unless `lenient`.
    """
    found: list[Earlier] = []
    read: list[str] = []
    for path, target in outputs.items():
        text = texts[path]
        if text is None or not is_generated(text):
            continue
        if any(is_vouched_for(text, each) for each in read):
            continue
        try:
            said = target.read(text, str(path))
        except CodegenError:
            if not lenient:
                raise
            continue
        if said is not None:
            found.append(said)
        if not is_edited(text):
            read.append(text)
    return found


class Kept(NamedTuple):
    """What is kept from an earlier output: names by input, sets of inputs of one parameter, and
    names of outputs by node.
    """

    names: Mapping[WireKey, Wish]
    together: tuple[tuple[WireKey, ...], ...]
    known: frozenset[WireKey]
    outputs: Mapping[str, str]


def renumbered_by(earlier: Earlier, workflow: Workflow) -> dict[str, str]:
    """The current ids of an earlier output's nodes. Without its graph, ids are assumed to be
    unchanged.
    """
    graph = workflow.graph
    if earlier.graph is not None:
        return matched(earlier.graph, graph)
    nodes = {key.node for keys in earlier.names for key in keys}
    return {id: id for id in (nodes | earlier.outputs.keys()) if id in graph}


def kept_from(earlier: Earlier, renumbered: Mapping[str, str]) -> Kept:
    """The names that still apply and are valid in a module."""
    names: dict[WireKey, Wish] = {}
    together = []
    known: set[WireKey] = set()
    for keys, name in earlier.names.items():
        present = tuple(
            WireKey(renumbered[key.node], key.name)
            for key in keys
            if key.node in renumbered
        )
        known.update(present)
        if present and usable(name):
            names[present[0]] = Wish(ORIGIN, name=name)
        if len(present) > 1:
            together.append(present)
    outputs = {
        renumbered[node]: name
        for node, name in earlier.outputs.items()
        if node in renumbered and usable(name) and name not in RESERVED_OUTPUTS
    }
    return Kept(names, tuple(together), frozenset(known), outputs)


def moved(
    earlier: Earlier, renumbered: Mapping[str, str], workflow: Workflow, source: str
) -> Iterator[Diagnostic]:
    """A note for each node whose id now belongs to a different node, so that its parameters are
    named anew.
    """
    for id, node in workflow.nodes.items():
        if earlier.graph is not None and id in earlier.graph:
            if id not in renumbered and id not in renumbered.values():
                yield Diagnostic(
                    place(source, id, node.class_type),
                    "is not the node that had this id in the earlier module, so it is named anew",
                    None,
                    "note",
                )

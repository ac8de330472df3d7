"""The output nodes of a workflow: what each gives, how its
files are recognized and what it is called.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from viewcomfy_runtime.parameters.outputs import OutputNode

from ..catalog import NodeFacts
from ..graph.outputs import output_ids
from ..graph.workflow import Node
from ..naming.candidates import Labels
from ..naming.outputs import OutputSpot, assign_outputs, shown_as
from ..words import words
from .analysis import Analysis

_KINDS_OF_WORDS: Final = {
    "video": "video",
    "webm": "video",
    "mp4": "video",
    "audio": "audio",
    "sound": "audio",
    "glb": "model",
    "3d": "model",
    "mesh": "model",
    "preview3d": "model",
    "text": "text",
    "string": "text",
}
_KINDS_OF_LINKS: Final = {
    "VIDEO": "video",
    "AUDIO": "audio",
    "MESH": "model",
    "TRIMESH": "model",
    "IMAGE": "image",
    "MASK": "image",
    "STRING": "text",
    "*": "text",
}
_PREFIXES: Final = (
    "filename_prefix",
    "filename",
    "file_prefix",
    "prefix",
    "output_name",
)


def outputs_of(
    analysis: Analysis,
    labels: Labels,
    kept: Mapping[str, str],
    shown: Sequence[str] = (),
    only: bool = False,
) -> tuple[OutputNode, ...]:
    """The output nodes in the order of the flow, previews last; `kept` are the names that some have
    already, by id.

    Those that App mode shows come first, in its order, and are named before the others, which
    `only` leaves out.
    """
    ids = output_ids(analysis.workflow, analysis.facts)
    nodes = sorted(
        (node for node in analysis.workflow.nodes.values() if node.id in ids),
        key=lambda node: _is_preview(node, analysis.facts[node.class_type]),
    )
    found: list[OutputNode] = []
    spots: list[OutputSpot] = []
    for node in nodes:
        kind = _kind(node, analysis.facts[node.class_type])
        prefix_input, prefix = _prefix(node)
        spots.append(
            OutputSpot(
                node.id, labels.said(node.id), prefix, kind, words(node.class_type)
            )
        )
        found.append(
            OutputNode("", node.id, node.class_type, kind, prefix, prefix_input)
        )
    present = {node.id for node in nodes}
    known = {id: name for id, name in kept.items() if id in present}
    first = [each for each in spots if each.node in shown]
    names = assign_outputs(first, known)
    names = assign_outputs(spots, {**known, **names})
    place = {id: number for number, id in enumerate(shown)}
    if first:
        found.sort(key=lambda each: place.get(each.node, len(place)))
    if first and only:
        found = [each for each in found if each.node in place]
    return tuple(
        OutputNode(
            names[each.node],
            each.node,
            each.class_type,
            each.kind,
            each.prefix,
            each.prefix_input,
        )
        for each in found
    )


def _is_preview(node: Node, facts: NodeFacts | None) -> bool:
    """Whether a node only shows what others save."""
    said = facts is not None and facts.has_intermediate_output
    return said or bool(shown_as(words(node.class_type)))


def _kind(node: Node, facts: NodeFacts | None) -> str:
    """What the node gives: as its class's words say, else the links that it takes."""
    spoken = words(node.class_type)
    if "to" in spoken:
        spoken = spoken[spoken.index("to") + 1 :]
        if "model" in spoken:
            return "model"
    for word in spoken:
        if word in _KINDS_OF_WORDS:
            return _KINDS_OF_WORDS[word]
    linked = {
        facts.inputs[name].type for name in node.links if facts and name in facts.inputs
    }
    for kind, name in _KINDS_OF_LINKS.items():
        if kind in linked:
            return name
    said = {
        *words(node.class_type),
        *(word for name in node.links for word in words(name)),
    }
    return "image" if said & {"image", "images", "preview"} else "file"


def _prefix(node: Node) -> tuple[str, str]:
    """The input that holds the prefix of the files' names, and its value."""
    for name in _PREFIXES:
        value = node.values.get(name)
        if isinstance(value, str):
            return name, value
    return "", ""

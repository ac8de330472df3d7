"""The output nodes of a workflow: what each produces, how its files are recognized and what it is
called.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from viewcomfy_runtime.parameters.outputs import OutputNode

from ..catalog import NodeFacts
from ..graph.outputs import output_ids
from ..graph.workflow import Node
from ..model import Identifier
from ..naming.candidates import Labels
from ..naming.outputs import OutputSpot, assign_outputs, shown_as
from ..naming.titles import split_mark
from ..words import words
from .analysis import Analysis
from .wording import spoken

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
    """The output nodes in order of data flow, previews last. `kept` are existing names, by node id.

    The nodes that App mode shows (`shown`) come first, in its order, and are named before the
    others, which `only` leaves out.
    """
    found = _unnamed(analysis)
    names = _names(found, labels, kept, shown)
    places = {id: place for place, id in enumerate(shown)}
    on_app = [each for each in found if each.node in places]
    if on_app:
        found = on_app if only else found
        found = sorted(found, key=lambda each: places.get(each.node, len(places)))
    return tuple(each._replace(name=names[each.node]) for each in found)


def _unnamed(analysis: Analysis) -> list[OutputNode]:
    """The output nodes with everything but their names, previews last."""
    workflow, facts = analysis.workflow, analysis.facts
    ids = output_ids(workflow, facts)
    nodes = sorted(
        (node for node in workflow.nodes.values() if node.id in ids),
        key=lambda node: _is_preview(node, facts[node.class_type]),
    )
    found: list[OutputNode] = []
    for node in nodes:
        kind = _kind(node, facts[node.class_type])
        prefix_input, prefix = _prefix(node)
        title = spoken(split_mark(node.title)[1])
        found.append(
            OutputNode("", node.id, node.class_type, kind, prefix, prefix_input, title)
        )
    return found


def _names(
    found: Iterable[OutputNode],
    labels: Labels,
    kept: Mapping[str, str],
    shown: Sequence[str],
) -> dict[str, Identifier]:
    """The nodes' names by id: existing ones first, then those that App mode shows, then the
    rest.
    """
    spots = [
        OutputSpot(
            each.node,
            labels.said(each.node),
            each.prefix,
            each.kind,
            words(each.class_type),
        )
        for each in found
    ]
    present = {each.node for each in spots}
    known = {id: name for id, name in kept.items() if id in present}
    first = assign_outputs([each for each in spots if each.node in shown], known)
    return assign_outputs(spots, {**known, **first})


def _is_preview(node: Node, facts: NodeFacts | None) -> bool:
    """Whether a node only shows what others save."""
    said = facts is not None and facts.has_intermediate_output
    return said or bool(shown_as(words(node.class_type)))


def _kind(node: Node, facts: NodeFacts | None) -> str:
    """The kind of the node's output, from the words of its class or else from its links."""
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
    """The input that holds the file name prefix, and its value."""
    for name in _PREFIXES:
        value = node.values.get(name)
        if isinstance(value, str):
            return name, value
    return "", ""

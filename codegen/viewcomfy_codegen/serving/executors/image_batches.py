"""The batches of images in a workflow that runs without models: sizes, numbers, and backgrounds."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from viewcomfy_runtime.parameters.key import WireKey

from ...catalog import Catalog
from ...graph.outputs import output_ids
from ...graph.workflow import Node, Workflow
from ...words import words
from .decoding import BadMedia, size_of_medium
from .executor import Execution, Failed

MOST_IMAGES: Final = 4096
"""The largest batch, as in ComfyUI."""

_IMAGES: Final = frozenset({"IMAGE", "LATENT", "VIDEO", "MASK"})


@dataclass(frozen=True, slots=True)
class ImageBatch:
    """What a node produces: `count` images of a size in pixels, if known; `background` is what they
    show.
    """

    width: int | None = None
    height: int | None = None
    count: int = 1
    background: Path | None = None


def output_nodes(workflow: Workflow, catalog: Catalog) -> set[str]:
    """The ids of the output nodes, for which ComfyUI runs a workflow; empty if there are none."""
    classes = {node.class_type for node in workflow.nodes.values()}
    facts = {each: catalog.node(each) for each in classes}
    known = {name for name, each in facts.items() if each and not each.output_node}
    return {
        id
        for id in output_ids(workflow, facts)
        if workflow.nodes[id].class_type not in known
    }


def image_batches(
    execution: Execution, needed: Collection[str], catalog: Catalog
) -> dict[str, ImageBatch]:
    """What each required node produces. Raises Failed for a file of the call that its node cannot
    load.
    """
    workflow = execution.workflow
    found: dict[str, ImageBatch] = {}
    for node in workflow.nodes.values():
        if node.id in needed:
            found[node.id] = _image_batch(node, execution, found, catalog)
    return found


def _image_batch(
    node: Node, execution: Execution, found: Mapping[str, ImageBatch], catalog: Catalog
) -> ImageBatch:
    workflow = execution.workflow
    before = list(_sources(node, workflow, found, catalog))
    own = _loaded(node, execution, catalog)
    images = [each for kind, each in before if kind in _IMAGES]
    width, height = (_number(node, name, workflow) for name in ("width", "height"))
    sized = next((each for _, each in before if each.width), own)
    if width and height:
        sized = ImageBatch(width, height)
    elif own.width:
        sized = own
    background = own.background or next(
        (each.background for _, each in before if each.background), None
    )
    count = _count(node, workflow, [each.count for each in images])
    return ImageBatch(sized.width, sized.height, count, background)


def _sources(
    node: Node, workflow: Workflow, found: Mapping[str, ImageBatch], catalog: Catalog
) -> Iterator[tuple[str, ImageBatch]]:
    """A node's sources with their link types, images first."""
    linked = []
    for _, link in sorted(node.links.items()):
        source = workflow.nodes.get(link.node)
        if source is None or link.node not in found:
            continue
        facts = catalog.node(source.class_type)
        outputs = facts.outputs if facts is not None else ()
        # An unknown class may well produce images.
        kind = outputs[link.output] if 0 <= link.output < len(outputs) else "IMAGE"
        linked.append((kind not in _IMAGES, kind, found[link.node]))
    linked.sort(key=lambda each: each[0])
    yield from ((kind, batch) for _, kind, batch in linked)


def _count(node: Node, workflow: Workflow, before: list[int]) -> int:
    """How many images a node produces from batches of these sizes."""
    said = set(words(node.class_type))
    most = max(before, default=1)
    size = _number(node, "batch_size", workflow, least=1)
    amount = _number(node, "amount", workflow, least=1)
    length = _number(node, "length", workflow, least=1)
    if size is not None:
        count = size
    elif "batch" in said and "from" in said and length is not None:
        count = min(most, length)
    elif "batch" in said and "repeat" in said and amount is not None:
        count = most * amount
    elif "batch" in said and len(before) > 1:
        count = sum(before)
    else:
        count = most
    return min(count, MOST_IMAGES)


def _number(node: Node, name: str, workflow: Workflow, least: int = 16) -> int | None:
    value = node.values.get(name)
    if value is None and name in node.links:
        source = workflow.nodes.get(node.links[name].node)
        value = next(iter(source.values.values()), None) if source else None
    return value if type(value) is int and least <= value <= 16384 else None


def _loaded(node: Node, execution: Execution, catalog: Catalog) -> ImageBatch:
    """The image that a node loads from the call's files. Raises Failed if it cannot be loaded."""
    facts = catalog.node(node.class_type)
    loaded = ImageBatch()
    for name in node.values:
        key = WireKey(node.id, name)
        declared = facts.inputs.get(name) if facts is not None else None
        wanted = (declared.upload if declared is not None else None) or "*/*"
        for each, medium in ((key, wanted), (key.mask, "image/*")):
            path = execution.files.get(each)
            if path is None:
                continue
            try:
                size = size_of_medium(path, medium)
            except BadMedia as error:
                raise Failed(
                    f"cannot load {path.name}: {error}",
                    node=node.id,
                    class_type=node.class_type,
                    kind=error.kind,
                ) from None
            if size is not None and each is key:
                loaded = ImageBatch(*size, background=path)
    return loaded

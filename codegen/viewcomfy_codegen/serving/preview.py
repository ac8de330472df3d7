"""Runs a workflow without models: each output node gives a real file of its kind that shows what the call was."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from tqdm import tqdm

from ..catalog import NodeFacts, shipped
from ..graph.workflow import Node, Workflow
from ..words import words
from .executing import Execution, Failed, Output
from .making import Maker, Scene, animation, audio, mesh, picture, video

MOST_STEPS: Final = 20
"""Lines of a sampler's bar that are written to the log, however many steps it has."""

MOST_COUNTED: Final = 1_000_000
"""Steps: what a node of an unknown class calls so may be anything."""

_TEXT: Final = frozenset(
    {"text", "string", "show", "display", "json", "csv", "caption"}
)
_MESH: Final = frozenset({"mesh", "glb", "gltf", "3d", "splat", "pointcloud", "voxel"})
_SOUND: Final = frozenset({"audio", "sound", "music", "mp3", "opus", "flac", "wav"})
_MOVING: Final = frozenset({"video", "webm", "mp4", "combine", "movie"})
_ANIMATED: Final = frozenset({"animated", "gif", "apng"})


class Preview:
    """The executor that `viewcomfy-codegen serve` uses by itself. The same call gives the same bytes."""

    def stored(self, folder: Path | None) -> frozenset[str]:
        """The names of the files in the folder that the server was given."""
        if folder is None:
            return frozenset()
        found = (path for path in folder.rglob("*") if path.is_file())
        return frozenset(path.relative_to(folder).as_posix() for path in found)

    def execute(self, execution: Execution) -> list[Output]:
        """The files of the workflow's output nodes, or of its last nodes where none is known as one. Raises Failed."""
        start = time.monotonic()
        workflow = execution.workflow
        execution.tell("got prompt")
        ends = _ends(workflow)
        if not ends:
            raise Failed("Prompt has no outputs")
        needed = workflow.leading_to({node.id for node in ends})
        outputs: list[Output] = []
        for node in workflow.nodes.values():
            if node.id in needed:
                self._work(node, execution)
            if node in ends:
                outputs.append(_made(node, execution, len(outputs) + 1))
        seconds = time.monotonic() - start
        execution.tell(f"Prompt executed in {seconds:.2f} seconds")
        return outputs

    def _work(self, node: Node, execution: Execution) -> None:
        """The lines that a sampler would write."""
        steps = node.values.get("steps")
        if not isinstance(steps, int) or not 1 <= steps <= MOST_COUNTED:
            return
        every = max(1, steps // MOST_STEPS)
        for step in (*range(0, steps, every), steps):
            if execution.cancelled:
                raise Failed("interrupted", node=node.id, class_type=node.class_type)
            execution.tell(tqdm.format_meter(step, steps, step * 0.001, ncols=60))


def _ends(workflow: Workflow) -> list[Node]:
    facts = shipped()
    found = [
        node
        for node in workflow.nodes.values()
        if (known := facts.node(node.class_type)) is not None and known.output_node
    ]
    unknown = [
        node
        for node in workflow.nodes.values()
        if facts.node(node.class_type) is None and not workflow.uses[node.id]
    ]
    return [*found, *unknown] or [
        node for node in workflow.nodes.values() if not workflow.uses[node.id]
    ]


def _made(node: Node, execution: Execution, number: int) -> Output:
    workflow = execution.workflow
    width, height = _size(node, execution)
    scene = Scene(
        title=node.title or node.class_type,
        lines=tuple(_lines(execution.values)),
        width=width,
        height=height,
        seed=json.dumps(dict(execution.values), sort_keys=True, default=str),
        background=_background(node, execution),
    )
    extension, content_type, make = _kind(node, workflow)
    prefix = node.values.get("filename_prefix")
    stem = prefix if isinstance(prefix, str) and prefix else "ComfyUI"
    name = stem.replace("\\", "/").rpartition("/")[2] or "ComfyUI"
    filename = f"{name}_{number:05d}_{extension}"
    try:
        return Output(filename, content_type, make(scene), node.id)
    except OSError as error:
        # Pillow opens a picture that ends too early, and finds out when it draws.
        message = f"the picture cannot be read: {error}"
        raise Failed(message, node=node.id, class_type=node.class_type) from None


def _lines(values: Mapping[str, Any]) -> Iterator[str]:
    for key, value in values.items():
        yield f"{key.replace('-inputs-', ' ')}: {value}"


def _kind(node: Node, workflow: Workflow) -> tuple[str, str, Maker]:
    """The end of the file's name, its MIME type and what makes it, from the node's class and what is linked to it."""
    facts = shipped().node(node.class_type)
    types = _linked_types(node, facts, workflow)
    said = {*words(node.class_type), *words(node.title)}
    wanted = " ".join(
        str(value)
        for name, value in node.values.items()
        if "format" in name or "codec" in name or "container" in name
    ).lower()
    if (
        "AUDIO" in types
        and not said & _MOVING
        or said & _SOUND
        and not types & {"IMAGE"}
    ):
        for extension in ("mp3", "opus", "wav"):
            if extension in said or extension in wanted:
                return f".{extension}", _SOUNDS[extension], audio(extension)
        return ".flac", "audio/flac", audio("flac")
    if "VIDEO" in types or said & _MOVING:
        for extension, content_type in (("gif", "image/gif"), ("webp", "image/webp")):
            if extension in wanted:
                return f".{extension}", content_type, animation(extension)
        extension = "webm" if "webm" in said or "webm" in wanted else "mp4"
        return f".{extension}", f"video/{extension}", video(extension)
    if said & _ANIMATED:
        extension = next((e for e in ("webp", "gif") if e in said), "png")
        return f".{extension}", f"image/{extension}", animation(extension)
    if said & _MESH or types & {"MESH", "VOXEL", "FILE_3D", "MODEL_3D"}:
        return ".glb", "model/gltf-binary", mesh
    if said & _TEXT and "IMAGE" not in types or types == {"STRING"}:
        return ".txt", "text/plain", lambda scene: "\n".join(scene.lines).encode()
    extension = next((e for e in ("webp", "jpeg", "jpg") if e in wanted), "png")
    content_type = f"image/{'jpeg' if extension == 'jpg' else extension}"
    return f".{extension}", content_type, picture(extension)


_SOUNDS: Final = {"mp3": "audio/mpeg", "opus": "audio/ogg", "wav": "audio/wav"}


def _linked_types(node: Node, facts: NodeFacts | None, workflow: Workflow) -> set[str]:
    """The types of what is linked to a node, as its class or the other ends say."""
    found = set()
    for name, link in node.links.items():
        if facts is not None and name in facts.inputs:
            found.add(facts.inputs[name].type)
        elif link.node in workflow.nodes:
            source = shipped().node(workflow.nodes[link.node].class_type)
            if source is not None and 0 <= link.output < len(source.outputs):
                found.add(source.outputs[link.output])
    return {part for each in found for part in each.split(",")}


def _upstream(node: Node, workflow: Workflow) -> Iterator[Node]:
    """The node and all that leads to it, the nearest first."""
    seen, waiting = {node.id}, [node]
    while waiting:
        current = waiting.pop(0)
        yield current
        for _, link in sorted(current.links.items()):
            if link.node in workflow.nodes and link.node not in seen:
                seen.add(link.node)
                waiting.append(workflow.nodes[link.node])


def _size(node: Node, execution: Execution) -> tuple[int, int]:
    """The width and height that the nearest node gives, else those of the picture that came with the call."""
    for each in _upstream(node, execution.workflow):
        sizes = [
            _number(each, name, execution.workflow) for name in ("width", "height")
        ]
        if sizes[0] and sizes[1]:
            return sizes[0], sizes[1]
    background = _background(node, execution)
    if background is not None:
        from PIL import Image

        with Image.open(background) as image:
            return image.size
    return 512, 512


def _number(node: Node, name: str, workflow: Workflow) -> int | None:
    value = node.values.get(name)
    if value is None and name in node.links:
        source = workflow.nodes.get(node.links[name].node)
        value = next(iter(source.values.values()), None) if source else None
    return value if isinstance(value, int) and 16 <= value <= 16384 else None


def _background(node: Node, execution: Execution) -> Path | None:
    """The nearest picture that came with the call."""
    from PIL import Image, UnidentifiedImageError

    for each in _upstream(node, execution.workflow):
        for name in each.values:
            path = execution.files.get(f"{each.id}-inputs-{name}")
            if path is not None:
                try:
                    Image.open(path).close()
                except (UnidentifiedImageError, OSError):
                    continue
                return path
    return None

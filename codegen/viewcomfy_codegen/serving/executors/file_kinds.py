"""The kind of file that an output node produces, from its class and its inputs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from ...catalog import Catalog
from ...graph.workflow import Node, Workflow
from ...words import words
from .drawing import Maker, animation, audio, image, mesh, plain_text, video

_TEXT: Final = frozenset(
    {"text", "string", "show", "display", "json", "csv", "caption"}
)
_MESH: Final = frozenset({"mesh", "glb", "gltf", "3d", "splat", "pointcloud", "voxel"})
_SOUND: Final = frozenset({"audio", "sound", "music", "mp3", "opus", "flac", "wav"})
_MOVING: Final = frozenset({"video", "webm", "mp4", "combine", "movie"})
_ANIMATED: Final = frozenset({"animated", "gif", "apng"})
_PLAIN: Final = frozenset({"STRING", "INT", "FLOAT", "BOOLEAN", "*"})
_SOUNDS: Final = {"mp3": "audio/mpeg", "opus": "audio/ogg", "wav": "audio/wav"}


@dataclass(frozen=True, slots=True)
class FileKind:
    """A kind of file: its extension, its MIME type, the function that makes it, and whether each
    image of a batch is a file.
    """

    suffix: str
    content_type: str
    make: Maker
    single: bool = False


def kind_of_output(node: Node, workflow: Workflow, catalog: Catalog) -> FileKind:
    """The kind of file that an output node produces."""
    types = set(_linked_types(node, workflow, catalog))
    said = {*words(node.class_type), *words(node.title)}
    wanted = " ".join(
        str(value)[:100]
        for name, value in node.values.items()
        if "format" in name or "codec" in name or "container" in name
    ).lower()
    if _is_sound(types, said):
        return _sound(said, wanted)
    if "VIDEO" in types or said & _MOVING:
        return _video(said, wanted)
    if said & _ANIMATED:
        extension = next((each for each in ("webp", "gif") if each in said), "png")
        return FileKind(f".{extension}", f"image/{extension}", animation(extension))
    if said & _MESH or types & {"MESH", "VOXEL", "FILE_3D", "MODEL_3D"}:
        return FileKind(".glb", "model/gltf-binary", mesh)
    if said & _TEXT and "IMAGE" not in types or types and types <= _PLAIN:
        return FileKind(".txt", "text/plain", plain_text)
    extension = next(
        (each for each in ("webp", "jpeg", "jpg") if each in wanted), "png"
    )
    content_type = f"image/{'jpeg' if extension == 'jpg' else extension}"
    return FileKind(f".{extension}", content_type, image(extension), single=True)


def _is_sound(types: set[str], said: set[str]) -> bool:
    if "AUDIO" in types and not said & _MOVING:
        return True
    return bool(said & _SOUND) and "IMAGE" not in types


def _sound(said: set[str], wanted: str) -> FileKind:
    for extension, content_type in _SOUNDS.items():
        if extension in said or extension in wanted:
            return FileKind(f".{extension}", content_type, audio(extension))
    return FileKind(".flac", "audio/flac", audio("flac"))


def _video(said: set[str], wanted: str) -> FileKind:
    for extension in ("gif", "webp"):
        if extension in wanted:
            return FileKind(f".{extension}", f"image/{extension}", animation(extension))
    extension = "webm" if "webm" in said or "webm" in wanted else "mp4"
    return FileKind(f".{extension}", f"video/{extension}", video(extension))


def _linked_types(node: Node, workflow: Workflow, catalog: Catalog) -> Iterator[str]:
    """The types of a node's links, from its class or from their sources."""
    facts = catalog.node(node.class_type)
    for name, link in node.links.items():
        declared = facts.inputs.get(name) if facts is not None else None
        source = workflow.nodes.get(link.node)
        given = catalog.node(source.class_type) if source is not None else None
        if declared is not None and declared.type != "*":
            yield from declared.type.split(",")
        elif given is not None and 0 <= link.output < len(given.outputs):
            yield from given.outputs[link.output].split(",")
        elif declared is not None:
            yield declared.type

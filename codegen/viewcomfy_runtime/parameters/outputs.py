"""The output nodes of a workflow: what each produces, and how its files are named."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

from .key import WireKey

if TYPE_CHECKING:
    from ..json_types import JsonObject, JsonValue


class OutputNode(NamedTuple):
    """An output node, and the name of its property in a module's `Result`.

    `kind` is the top-level MIME type of its files ("image", "video", "audio", "text", "model"), or
    "file" if it isn't known. `prefix` is the start of its file names, and `prefix_input` the input
    that sets it, if there is one. `title` is the node's title, ready to be shown.
    """

    name: str
    node: str
    class_type: str = ""
    kind: str = "file"
    prefix: str = ""
    prefix_input: str = ""
    title: str = ""

    def as_json(self) -> JsonObject:
        """The parts that aren't empty, except the name."""
        parts: JsonObject = {
            "node": self.node,
            "class": self.class_type,
            "kind": self.kind,
            "prefix": self.prefix,
            "prefix_input": self.prefix_input,
            "title": self.title,
        }
        return {name: part for name, part in parts.items() if part}

    @classmethod
    def from_json(cls, name: str, parts: Mapping[str, JsonValue]) -> OutputNode:
        """The inverse of `as_json`; unknown fields of later versions are ignored."""
        return cls(
            name,
            node=str(parts.get("node", "")),
            class_type=str(parts.get("class", "")),
            kind=str(parts.get("kind", "file")),
            prefix=str(parts.get("prefix", "")),
            prefix_input=str(parts.get("prefix_input", "")),
            title=str(parts.get("title", "")),
        )

    def prefix_in(self, params: Mapping[str, object]) -> str:
        """The start of its file names in a run with these `params`, without folders and up to the
        first placeholder that ComfyUI replaces, such as `%date%`.
        """
        sent = params.get(str(WireKey(self.node, self.prefix_input)), self.prefix)
        text = sent if isinstance(sent, str) else self.prefix
        return text.replace("\\", "/").rpartition("/")[2].partition("%")[0]

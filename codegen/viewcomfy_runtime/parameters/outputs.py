"""The output nodes of a workflow: what each gives, and which of a run's files are its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .key import WireKey


@dataclass(frozen=True, slots=True)
class OutputNode:
    """A node that a workflow runs for, under the name that a module's `Result` gives it.

    `kind` is the first half of its files' MIME type ("image", "video", "audio", "text", "model"),
    or "file" where its class doesn't tell. `prefix` is how the names of its files begin, and
    `prefix_input` the input of the node that a call sets it with, where there is one.
    """

    name: str
    node: str
    class_type: str = ""
    kind: str = "file"
    prefix: str = ""
    prefix_input: str = ""

    def as_json(self) -> dict[str, Any]:
        """The parts that say something, the name apart."""
        parts = {
            "node": self.node,
            "class": self.class_type,
            "kind": self.kind,
            "prefix": self.prefix,
            "prefix_input": self.prefix_input,
        }
        return {name: part for name, part in parts.items() if part}

    @classmethod
    def from_json(cls, name: str, parts: Mapping[str, Any]) -> OutputNode:
        """The reverse of `as_json`; parts of a later version are passed over."""
        return cls(
            name,
            node=str(parts.get("node", "")),
            class_type=str(parts.get("class", "")),
            kind=str(parts.get("kind", "file")),
            prefix=str(parts.get("prefix", "")),
            prefix_input=str(parts.get("prefix_input", "")),
        )

    def prefix_in(self, params: Mapping[str, Any]) -> str:
        """How the names of its files begin in a run to which `params` were sent.

        Folders are no part of a file's name, and what ComfyUI fills in (`%date%`) isn't known.
        """
        sent = params.get(str(WireKey(self.node, self.prefix_input)), self.prefix)
        text = sent if isinstance(sent, str) else self.prefix
        return text.replace("\\", "/").rpartition("/")[2].partition("%")[0]

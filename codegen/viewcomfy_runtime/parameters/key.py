"""Wire keys, which identify a node's input in a call. Only this module composes and splits them."""

from __future__ import annotations

from typing import Final, NamedTuple

MASK_SUFFIX: Final = "-viewcomfymask"
"""The suffix that turns an image's key into the key of its mask."""

_BETWEEN: Final = "-inputs-"


class WireKey(NamedTuple):
    """An input of a node, such as `6-inputs-text`: node `6`, input `text`.

    Node ids of subgraphs contain colons (`57:8`); an input's name may contain any character,
    including hyphens and dots.
    """

    node: str
    name: str

    def __str__(self) -> str:
        return f"{self.node}{_BETWEEN}{self.name}"

    @classmethod
    def parse(cls, key: str) -> WireKey | None:
        """The parts of a key; None if the text isn't a key."""
        node, between, name = key.partition(_BETWEEN)
        return cls(node, name) if node and between and name else None

    @property
    def mask(self) -> WireKey:
        """The key of this image's mask."""
        return WireKey(self.node, f"{self.name}{MASK_SUFFIX}")

    @property
    def image(self) -> WireKey | None:
        """The key of the image that this mask belongs to; None if it isn't a mask."""
        if not self.name.endswith(MASK_SUFFIX):
            return None
        return WireKey(self.node, self.name.removesuffix(MASK_SUFFIX))

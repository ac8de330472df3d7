"""The documentation of a parameter, for each target language."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from ..json_types import JsonObject, JsonValue


_MOST_NAMED: Final = 4
"""The most other nodes whose ids are listed."""


class About(NamedTuple):
    """The documentation of a parameter in a generated module.

    `sentence` describes its purpose. `class_type` and `title` are those of the node that it sets,
    `deployed` is the file that is used if none is given, `step` a widget's increment, and `label`
    the name that the workflow's author gave it, if any.
    """

    sentence: str = ""
    class_type: str = ""
    title: str = ""
    deployed: str = ""
    step: int | float | None = None
    label: str = ""

    def as_json(self) -> JsonObject:
        """The parts that aren't empty, by their names in a module."""
        parts: JsonObject = {
            "doc": self.sentence,
            "label": self.label,
            "class": self.class_type,
            "title": self.title,
            "deployed": self.deployed,
            "step": self.step,
        }
        return {name: part for name, part in parts.items() if part not in ("", None)}

    @classmethod
    def from_json(cls, parts: Mapping[str, JsonValue]) -> About:
        """The inverse of `as_json`; unknown fields of later versions are ignored."""
        step = parts.get("step")
        return cls(
            sentence=str(parts.get("doc", "")),
            class_type=str(parts.get("class", "")),
            title=str(parts.get("title", "")),
            deployed=str(parts.get("deployed", "")),
            step=step if isinstance(step, int | float) else None,
            label=str(parts.get("label", "")),
        )

    def paragraphs(
        self, nodes: Sequence[str], *, nothing: str, draws: bool, unused: bool
    ) -> Iterator[str]:
        """The parameter's purpose, and the nodes that it sets, each on one line.

        `nodes` are the ids of the nodes that it sets, that of the class first. `nothing` is the
        language's word for None, which draws a seed if `draws` is true.
        """
        purpose = [self.sentence]
        if self.deployed:
            purpose.append(f"Deployed with {self.deployed}.")
        if draws:
            purpose.append(f"{nothing} draws a new one for each run.")
        if unused:
            purpose.append("Reaches no output: changing it has no effect.")
        text = " ".join(filter(None, purpose))
        if text:
            yield text
        named = named_node(self.title, self.class_type)
        place = f"Node {nodes[0]}, {named}" if named else f"Node {nodes[0]}"
        yield f"{place}{_more(nodes[1:], ', and' if named else ' and')}."


def named_node(title: str, class_type: str) -> str:
    """A node's title, with its class where the title doesn't say it."""
    if not title or _letters(title).startswith(_letters(class_type)):
        return title or class_type
    return f"{title} ({class_type})"


def _more(nodes: Sequence[str], joint: str) -> str:
    """The other nodes that a parameter sets, by their ids if they are few."""
    if not nodes:
        return ""
    if len(nodes) == 1:
        return f"{joint} node {nodes[0]}"
    if len(nodes) > _MOST_NAMED:
        return f"{joint} {len(nodes)} other nodes"
    return f"{joint} nodes {', '.join(nodes[:-1])} and {nodes[-1]}"


def _letters(text: str) -> str:
    """The letters and digits of a name, to compare it regardless of spaces and case."""
    return "".join(filter(str.isalnum, text.casefold()))

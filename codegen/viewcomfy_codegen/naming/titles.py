"""What authors say in the titles of their nodes: their own words, trimmed as a person would."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from typing import Final

from ..catalog import DefaultTitles, NodeFacts
from ..catalog.vocabulary import vocabulary
from ..graph.workflow import Node, Workflow
from ..words import words
from .rules import MOST_WORDS, Words

MARKS: Final = {"VC_BASIC": "basic", "VC_ADV": "advanced"}
"""ViewComfy's marks at the start of a title, and the group that each stands for."""

_TEMPLATE: Final = re.compile(r"^\$([\w-]+)\.[\w-]+!?$")
_ADDED: Final = re.compile(r"\s[-–—|:]+\s")
"""What stands between a pack's own title and what an author adds to it."""

_RANGE: Final = r"[(\[][^)\]]*\d\s*(?:-|–|~|to|\.\.)\s*\d[^)\]]*[)\]]"
_PLACE: Final = r"[(\[][^)\]]*[/\\\\][^)\]]*[)\]]"
"""A folder in brackets."""

_REMARK: Final = (
    r"(?i:[(\[][^)\]]*\b(?:optional|required|recommend\w*|default|e\.?g|deprecated|max|min)\b"
    r"[^)\]]*[)\]])"
)
_VERBS: Final = frozenset(
    "enter type write choose select pick put place upload load insert adjust drop paste click edit"
    " please change set provide specify give your here this".split()
)
_LINKED: Final = frozenset(
    "model clip vae latent conditioning positive negative control net basic only advanced".split()
)
"""Words for what is linked to nodes: a title of these alone tells nothing of one."""

_FILLERS: Final = frozenset(
    "the a an of for and to your with here comfyui node load loader apply simple this".split()
)


def split_mark(title: str) -> tuple[str | None, str]:
    """The group that a mark at a title's start stands for, and the title without it."""
    for mark, group in MARKS.items():
        if title.startswith(mark):
            return group, title.removeprefix(mark).strip(" -_:")
    return None, title


def is_optional(title: str) -> bool:
    """Whether the author says that what stands here may be left out."""
    return re.search(r"\boptional\b", title, re.IGNORECASE) is not None


class Titles:
    """The telling words of the titles of one workflow."""

    def __init__(
        self, workflow: Workflow, facts: Mapping[str, NodeFacts | None]
    ) -> None:
        self._facts = facts
        self._defaults = DefaultTitles(
            (
                (node.class_type, split_mark(node.title)[1])
                for node in workflow.nodes.values()
            ),
            facts,
        )
        self.said: dict[str, Words] = {
            id: self._telling(node) for id, node in workflow.nodes.items()
        }
        """What each node's title says beyond its class; nothing where ComfyUI or a pack wrote it.
        """

    def whole(self, node: Node) -> bool:
        """Whether the title has no word of the class: it is a name, not a description."""
        facts = self._facts[node.class_type]
        known = {*words(node.class_type), *(words(facts.name) if facts else ())}
        return known.isdisjoint(_trimmed(node.title))

    def _telling(self, node: Node) -> Words:
        title = _trimmed(node.title)
        if not title or "deprecated" in words(node.title):
            return ()
        facts = self._facts[node.class_type]
        known = words(node.class_type)
        spelled, written = "".join(known), "".join(title)
        if self._defaults.knows(node.class_type, split_mark(node.title)[1]):
            return ()
        said = {*known, *(words(facts.name) if facts else ()), *_FILLERS}
        rest = tuple(word for word in title if word not in said)
        adorned = any(unicodedata.category(each) == "So" for each in node.title)
        if facts is None and rest and (adorned or not written.startswith(spelled)):
            # Most titles of unknown classes are a pack's own: they spell the class in another way.
            before, *behind = _ADDED.split(split_mark(node.title)[1])
            added = words(behind[0]) if behind else ()
            if "".join(words(before)) in spelled and said.isdisjoint(added):
                if added:
                    return added[:MOST_WORDS]
            shared = sum(
                any(word in each or each in word for each in known) for word in title
            )
            if shared * 3 >= len(title):
                return ()
        if (vocabulary().packs | _LINKED).issuperset(rest):
            return ()
        return rest[:MOST_WORDS]


def _trimmed(title: str) -> Words:
    """The title's words without marks, ranges, remarks and imperatives."""
    _, text = split_mark(title)
    template = _TEMPLATE.match(text)
    if template:
        text = template.group(1)
    if "(" in text or "[" in text:
        for aside in (_RANGE, _PLACE, _REMARK):
            text = re.sub(aside, " ", text)
    found = list(words(text))
    while found[1:] and found[0] in _VERBS:
        del found[0]
    return tuple(word for word in found if word not in ("optional", "here", "please"))

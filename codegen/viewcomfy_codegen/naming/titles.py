"""What authors say in the titles of their nodes: their own words, trimmed as a person would."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Mapping
from functools import lru_cache
from typing import Final

from ..catalog import DefaultTitles, NodeFacts
from ..catalog.vocabulary import vocabulary
from ..graph.workflow import Node, Workflow
from ..words import words
from .rules import MOST_WORDS, Words, unnumbered

MARKS: Final = {"VC_BASIC": "basic", "VC_ADV": "advanced"}
"""ViewComfy's marks at the start of a title, and the group that each stands for."""

_TEMPLATE: Final = r"^\$([\w-]+)\.~?[\w-]+!?(?s::.*)?$"
"""A mark that names an input for a tool that fills the workflow in, and may describe it."""

_BRACES: Final = r"\{[^{}]*\}"
"""A placeholder that stands beside the author's words."""

_SLOT: Final = r"\[\w*[_?][\w?]*\]"
"""The name of a slot in brackets that a tool fills: `[in_prev]`."""

_ADDED: Final = re.compile(r"\s[-–—|:]+\s")
"""What stands between a pack's own title and what an author adds to it."""

_BRACKETS: Final = r"[(\[][^)\]]*[)\]]"
_ASIDE: Final = (
    r"(?i:\d\s*(?:-|–|~|to|\.\.)\s*\d"  # a range
    r"|[/\\]"  # a folder
    r"|=|\b(?:in|seconds|secs|pixels|px|optional|required|recommend\w*|default"
    r"|e\.?g|deprecated|max|min)\b)"
)
"""What in brackets says nothing of what a thing is."""

_ON_OFF: Final = r"(?i:[(\[]?\b(?:on|yes)\s*/\s*(?:off|no)\b[)\]]?)"
"""What only says that a value turns something on."""

_VALUE: Final = r"[#=:(\[]\s*(-?\d+(?:\.\d+)?)\s*[)\]]?\s*$"
"""A value at a title's end."""

_LONGEST: Final = 400
"""How much of a title is read, in characters."""

_VERBS: Final = frozenset(
    "enter type write choose select pick put place upload load insert adjust drop paste click edit"
    " please change set provide specify give your here this".split()
)
_LINKED: Final = frozenset(
    "model clip vae latent conditioning positive negative control net basic only advanced".split()
)
"""Words for what is linked to nodes: a title of these alone tells nothing of one."""

_FILLERS: Final = frozenset(
    "the a an of for and to your with here comfyui node load loader save apply simple this".split()
)


@lru_cache(maxsize=4096)
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
        self._bare = Counter(
            (node.class_type, _unbraced(node.title)) for node in workflow.nodes.values()
        )
        self.said: dict[str, Words] = {
            id: self._telling(node) for id, node in workflow.nodes.items()
        }
        """What each node's title says beyond its class; nothing where ComfyUI or a pack wrote it.
        """
        self.stems: Counter[Words] = Counter(
            unnumbered(said) for said in self.said.values()
        )
        """How many titles say the same but for numbers."""

    def whole(self, node: Node) -> bool:
        """Whether the title has no word of the class: it is a name, not a description."""
        facts = self._facts[node.class_type]
        known = {*words(node.class_type), *(words(facts.name) if facts else ())}
        return known.isdisjoint(_trimmed(node, braces=False))

    def ends_in(self, node: Node, name: Words) -> bool:
        """Whether the title is too long for a name and ends in one: what stands before tells the
        node from others.
        """
        whole = _trimmed(node, braces=False)
        return len(whole) > MOST_WORDS and bool(name) and whole[-len(name) :] == name

    def _telling(self, node: Node) -> Words:
        if node.title.startswith("$") and re.match(_TEMPLATE, node.title):
            return _trimmed(node, braces=False)[:MOST_WORDS]
        shared = self._bare[node.class_type, _unbraced(node.title)] > 1
        return self._beyond_class(node, braces=shared) or self._beyond_class(node, True)

    def _beyond_class(self, node: Node, braces: bool) -> Words:
        """What the title says beyond the class; of placeholders only where `braces`."""
        title = _trimmed(node, braces)
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


def _trimmed(node: Node, braces: bool) -> Words:
    """The title's words without marks, ranges, remarks, values and imperatives; a number that they
    begin with comes last, as in a name.
    """
    _, text = split_mark(node.title[:_LONGEST])
    if text.startswith("$") and (template := re.match(_TEMPLATE, text)):
        text = template.group(1)
    found = list(dict.fromkeys(words(_plain(text, node, braces))))
    while found[1:] and found[0] in _VERBS:
        del found[0]
    number, rest = _number_before(found[0]) if found else ("", "")
    if number and (rest or found[1:]):
        found = [*filter(None, (rest,)), *found[1:], number]
    return tuple(word for word in found if word not in ("optional", "here", "please"))


def _plain(text: str, node: Node, braces: bool) -> str:
    """The title's text without what stands beside its words; most have nothing of that kind."""
    if not braces:
        text = _unbraced(text)
    if "/" in text:
        text = re.sub(_ON_OFF, " ", text)
    if "(" in text or "[" in text:
        text = re.sub(_BRACKETS, _without_asides, re.sub(_SLOT, " ", text))
    if text.rstrip(" )]")[-1:].isdecimal():
        value = re.search(_VALUE, text)
        if value and any(_is_number(each, value[1]) for each in node.values.values()):
            text = text[: value.start()]  # What it is set to; a call sets another.
    return text


def _without_asides(brackets: re.Match[str]) -> str:
    return " " if re.search(_ASIDE, brackets[0]) else brackets[0]


def _unbraced(text: str) -> str:
    return re.sub(_BRACES, " ", text) if "{" in text else text


def _number_before(word: str) -> tuple[str, str]:
    """A number alone, or before letters that need no space behind one, and what follows it."""
    rest = word.lstrip("0123456789")
    return (
        ("", word) if rest.isascii() and rest else (word[: len(word) - len(rest)], rest)
    )


def _is_number(value: object, text: str) -> bool:
    """Whether a value is the number that a text writes."""
    try:
        return not isinstance(value, bool) and float(str(value)) == float(text)
    except ValueError:
        return False

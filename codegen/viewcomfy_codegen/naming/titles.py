"""What authors say in node titles: their own words, without the usual additions."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Mapping, Set
from functools import lru_cache
from typing import Final

from ..catalog import DefaultTitles, NodeFacts
from ..catalog.titles import script_of
from ..catalog.vocabulary import family_of, vocabulary
from ..graph.roles import declared_name
from ..graph.workflow import Node, Workflow
from ..words import words
from .rules import MOST_WORDS, Words, unnumbered
from .title_values import without_values

MARKS: Final = {"VC_BASIC": "basic", "VC_ADV": "advanced"}
"""ViewComfy's marks at the start of a title, and the groups that they stand for."""

_BROKEN_EMOJI: Final = "ðŸ"
"""How emojis begin whose UTF-8 was read as Windows-1252."""

_TEMPLATE: Final = r"^\$([\w-]+)\.~?[\w-]+!?(?s::.*)?$"
"""A mark that names, and may describe, an input for a tool that fills in the workflow."""

_BRACES: Final = r"\{[^{}]*\}"
"""A placeholder beside the author's words."""

_SLOT: Final = r"\[\w*[_?][\w?]*\]"
"""The bracketed name of a slot that a tool fills: `[in_prev]`."""

_ADDED: Final = re.compile(r"\s[-–—|:]+\s")
"""The separator between a pack's own title and an author's addition."""

_BRACKETS: Final = r"[(\[【][^)\]】]*[)\]】]"
_EXPLAINED: Final = r"[-–—:,][^-–—:,=]{1,40}=.*$"
"""What the values of a node mean, at the end of its title."""

_ASIDE: Final = (
    r"(?i:\d\s*(?:-|–|~|to|\.\.|x|×)\s*\d"  # a range or a size
    r"|[/\\]"  # a folder
    r"|\w \b(?:by|for|when|unless|instead)\b"  # a remark
    r"|=|^.(?:no|not|from)\b|^.\d+(?:\.\d+)?\s*(?:p|k|s|fps|px|mp|%)?.$|^.in\w*put ?\d*.$"
    r"|\b(?:in|seconds|secs|pixels|px|optional|required|recommend\w*|default"
    r"|leave|keep|e\.?g|deprecated|max|min|uses?|using)\b)"
)
"""Bracketed text that says nothing about what a thing is."""

_STEP: Final = r"^\s*[\u2460-\u24ff\u2776-\u2793]\s*"
"""A circled number, which only says in what order to set things."""

_LISTED: Final = r"^\s*\d{1,2}[.)]\s+(?=\D)"
"""A number in a list of steps."""

_ON_OFF: Final = r"(?i:[(\[]?\b(?:on|yes)\s*/\s*(?:off|no)\b[)\]]?)"
"""Text that only says that a value turns something on."""

_FEWEST_MARKED: Final = 3
"""How many titles have to begin with one word for it to be a mark."""

_LONGEST: Final = 400
"""How many characters of a title are read."""

_VERBS: Final = frozenset(
    "enter type write choose select pick put place upload load insert adjust drop paste click edit"
    " please change set provide specify give extract your here this".split()
)
_CHINESE_VERBS: Final = r"^(?:请|上传|导入|加载|载入|输入|选择|填写|设置)+(?=..)"
"""The same at the beginning of a title in Chinese, which has no spaces."""

_ADDRESSING: Final = frozenset(
    "here please goes just your optional generates creates param params parameter config".split()
)
"""Words that speak to whoever uses the workflow, or only say that something is made or set."""

_MORE_TO_DO: Final = r"(?i:\s(?:and|then)\s+\w+\s+(?:the|your|it|its)\b.*$)"
"""What else somebody is told to do with the thing that a title names."""

_FOR_YOUR: Final = r"(?i:^.*\bfor your\s)"
"""A remark before the name of what somebody is asked for."""

_LINKED: Final = frozenset(
    "model clip vae latent conditioning positive negative control net basic only advanced"
    " by".split()
)
"""Words for links and the like: a title that consists of these says nothing about its node."""

_TURNED: Final = frozenset("image text video audio".split())
"""The media that one node turns into another."""

_WORK: Final = frozenset("upscale resize crop pad sharpen".split())
"""What nodes do to such media."""

_MEASURE: Final = r"\d+(?:p|fps|s)"
"""A resolution, rate or duration, which a call may change."""

_ORDINALS: Final = {"1st": "first", "2nd": "second", "3rd": "third", "4th": "fourth"}

_SWITCHED_TO: Final = r"(?i:^\s*switch to\b)"

_QUESTION: Final = r"(?i:\s*(?:what|which|how|who)\b.*(?:\?|\byou\b))"
"""A question to whoever uses the workflow, which is no name."""

_FILLERS: Final = frozenset(
    "the a an of for and or to your with here this comfyui node load loader save apply"
    " simple slot".split()
)


@lru_cache(maxsize=4096)
def split_mark(title: str) -> tuple[str | None, str]:
    """The group that a mark at the start of a title stands for, and the title without it."""
    if _BROKEN_EMOJI in title:
        title = re.sub(rf"\s*{_BROKEN_EMOJI}\S*", "", title)
    for mark, group in MARKS.items():
        if title.startswith(mark):
            return group, title.removeprefix(mark).strip(" -_:")
    return None, title


def is_optional(title: str) -> bool:
    """Whether the title says that the node's value may be omitted."""
    return re.search(r"\boptional\b", title, re.IGNORECASE) is not None


class Titles:
    """The meaningful words of a workflow's titles."""

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
        self._common: dict[str, set[str]] = {}
        """The words that all titles of a class have, if its nodes have several titles."""
        first: dict[str, str] = {}
        for node in workflow.nodes.values():
            if first.setdefault(node.class_type, node.title) != node.title:
                title = first[node.class_type]
                common = self._common.setdefault(node.class_type, set(words(title)))
                common.intersection_update(words(node.title))
        self._bare = Counter(
            (node.class_type, _unbraced(node.title)) for node in workflow.nodes.values()
        )
        self.said: dict[str, Words] = {
            id: self._telling(node) for id, node in workflow.nodes.items()
        }
        """What each node's title says beyond its class; nothing if ComfyUI or a pack wrote it."""
        self._drop_marks(workflow)
        alike = Counter(
            (workflow.nodes[id].class_type, unnumbered(said))
            for id, said in self.said.items()
        )
        for id, said in self.said.items():
            class_type = workflow.nodes[id].class_type
            sets = workflow.nodes[id].values
            alone = alike[class_type, unnumbered(said)] == 1
            if len(said) == 1 < len(sets) and alone:
                if any(each.endswith(said[0]) for each in words(class_type)):
                    self.said[id] = ()  # A KSampler is a sampler.
        self.stems: Counter[Words] = Counter(
            unnumbered(said) for said in self.said.values()
        )
        """How many titles are the same except for numbers."""

    def _drop_marks(self, workflow: Workflow) -> None:
        """Leave out the words with which a program begins its titles, after an underscore, and the
        word with which an author begins those of all values to be set, if the rest of each says
        something.
        """
        nodes = workflow.nodes
        written = {
            id: words(node.title)
            for id, node in nodes.items()
            if node.title.startswith("_")
        }
        if len(written) >= _FEWEST_MARKED:
            columns = zip(*written.values(), strict=False)
            marks = {each[0] for each in columns if len(set(each)) == 1}
            for id in written:
                rest = (word for word in self.said[id] if word not in marks)
                self.said[id] = tuple(rest)
        held = [
            id
            for id, node in nodes.items()
            if self.said[id] and not node.links and len(node.values) == 1
        ]
        firsts = {self.said[id][0] for id in held}
        if len(held) < _FEWEST_MARKED or len(firsts) > 1:
            return
        rests = [self.said[id][1:] for id in held]
        if all(rests) and len(set(rests)) == len(rests):
            self.said.update(zip(held, rests, strict=True))

    def whole(self, node: Node) -> bool:
        """Whether the title has no word of the class, so that it is a name rather than a
        description.
        """
        facts = self._facts[node.class_type]
        known = {*words(node.class_type), *(words(facts.name) if facts else ())}
        title = _trimmed(node, braces=False)
        # In two scripts, one of them is the class's name in the page's language.
        scripts = {each.isascii() for each in title if not each.isdecimal()}
        return known.isdisjoint(title) and len(scripts) < 2

    def ends_in(self, node: Node, name: Words) -> bool:
        """Whether the title is too long for a name but ends in one, so that the words before it
        distinguish the node from others.
        """
        whole = _trimmed(node, braces=False)
        return len(whole) > MOST_WORDS and bool(name) and whole[-len(name) :] == name

    def _telling(self, node: Node) -> Words:
        if declared := declared_name(node):
            return declared[:MOST_WORDS]
        if node.title.startswith("$") and re.match(_TEMPLATE, node.title):
            return _trimmed(node, braces=False)[:MOST_WORDS]
        shared = self._bare[node.class_type, _unbraced(node.title)] > 1
        return self._beyond_class(node, braces=shared) or self._beyond_class(node, True)

    def _beyond_class(self, node: Node, braces: bool) -> Words:
        """What the title says beyond the class, with placeholders only if `braces`."""
        title = _trimmed(node, braces, self._read(node))
        if not title or "deprecated" in words(node.title):
            return ()
        facts = self._facts[node.class_type]
        known = words(node.class_type)
        spelled, written = "".join(known), "".join(title)
        if self._defaults.knows(node.class_type, split_mark(node.title)[1]):
            return ()
        said = {*known, *(words(facts.name) if facts else ()), *_FILLERS}
        rest = tuple(
            word
            for index, word in enumerate(title)
            if word not in said or _turns_into(title, index, said)
        )
        if _repeats_class(node, title, rest):
            return ()
        if rest[1:] and rest[0] in _VERBS:
            rest = rest[1:]
        if len(rest) >= MOST_WORDS and "(" in node.title and node.title.isascii():
            outside = _trimmed(node, braces, re.sub(_BRACKETS, " ", node.title))
            rest = tuple(word for word in rest if word in outside) or rest
        adorned = any(unicodedata.category(each) == "So" for each in node.title)
        if facts is None and rest and (adorned or not written.startswith(spelled)):
            # Most titles of unknown classes are a pack's own, a variant of the class's name.
            before, *behind = _ADDED.split(split_mark(node.title)[1])
            added = words(behind[0]) if behind else ()
            if "".join(words(before)) in spelled and said.isdisjoint(added):
                if added:
                    return added[:MOST_WORDS]
            shared = sum(
                any(word in each or each in word for each in known) for word in title
            )
            if shared * 3 >= len(title):
                return self._differing(node, rest)
        if (vocabulary().packs | _LINKED).issuperset(rest):
            return ()
        return rest[:MOST_WORDS]

    def _read(self, node: Node) -> str:
        """The text of a title; one in another script without the remarks in its brackets and after
        its bars, unless the rest is the class's own title.
        """
        text = split_mark(node.title[:_LONGEST])[1]
        if script_of(text) is None:
            return text
        normal = unicodedata.normalize("NFKC", re.sub(_STEP, "", text))
        bare = re.sub(_BRACKETS, " ", normal).partition("|")[0]
        bare = re.sub(_EXPLAINED, "", bare).strip()
        known = self._defaults.knows(node.class_type, bare)
        return normal if known or not words(bare) else bare

    def _differing(self, node: Node, rest: Words) -> Words:
        """The words in which a title differs from all others of its class: a pack writes only one
        title, so its author wrote these.
        """
        common = self._common.get(node.class_type, set())
        if common.issuperset(rest) or not common:
            return ()
        return tuple(word for word in rest if word not in common)[:MOST_WORDS]


def _turns_into(title: Words, index: int, dropped: Set[str]) -> bool:
    """Whether a "to" stands between what is turned into what: `text_to_video`."""
    return (
        title[index] == "to"
        and 0 < index < len(title) - 1
        and (_TURNED - dropped).issuperset((title[index - 1], title[index + 1]))
    )


def _repeats_class(node: Node, title: Words, rest: Words) -> bool:
    """Whether the title only says on what its class works: an "Image upscale" that upscales."""
    return (
        len(rest) < len(title)
        and _TURNED.issuperset(rest)
        and not _WORK.isdisjoint(title)
        and not set(title).isdisjoint(family_of(node.class_type))
    )


def _trimmed(node: Node, braces: bool, text: str | None = None) -> Words:
    """The title's words without marks, ranges, remarks, values and imperatives. A number at the
    beginning moves to the end, as in a name.
    """
    text = split_mark(node.title[:_LONGEST])[1] if text is None else text
    if text.startswith("$") and (template := re.match(_TEMPLATE, text)):
        text = str(template.group(1))
    spoken = words(_plain(text, node, braces))
    found = list(dict.fromkeys(_ORDINALS.get(word, word) for word in spoken))
    while found[1:] and found[0] in _VERBS:
        del found[0]
    if found and not found[0].isascii():
        found[0] = re.sub(_CHINESE_VERBS, "", found[0]) or found[0]
    number, rest = _number_before(found[0]) if found else ("", "")
    if number and found[2:] and found[1] in ("step", "steps"):
        found = found[2:]  # In how many steps a LoRA works is no part of its name.
    elif number and (rest or found[1:]):
        found = [*filter(None, (rest,)), *found[1:], number]
    elif rest and rest[0].isdecimal() and found[1:]:
        found = found[1:] if re.fullmatch(_MEASURE, rest) else [*found[1:], rest]
    return tuple(word for word in found if word not in _ADDRESSING) or tuple(found)


def _plain(text: str, node: Node, braces: bool) -> str:
    """The title's text without additions; most titles have none."""
    if not braces:
        text = _unbraced(text)
    text = re.sub(_LISTED, "", text)
    if text.endswith("?"):
        if re.match(_QUESTION, text):
            return ""
        text = re.sub(_SWITCHED_TO, "", text)
    if "/" in text:
        text = re.sub(_ON_OFF, " ", text)
    if " " in text:
        text = re.sub(_MORE_TO_DO, "", re.sub(_FOR_YOUR, "", text))
    if "(" in text or "[" in text:
        text = re.sub(_BRACKETS, _without_asides, re.sub(_SLOT, " ", text))
    return without_values(text, node)


def _without_asides(brackets: re.Match[str]) -> str:
    return " " if re.search(_ASIDE, brackets[0]) else brackets[0]


def _unbraced(text: str) -> str:
    return re.sub(_BRACES, " ", text) if "{" in text else text


def _number_before(word: str) -> tuple[str, str]:
    """A number, alone or directly before letters that need no space, and what follows it."""
    rest = word.lstrip("0123456789")
    return (
        ("", word) if rest.isascii() and rest else (word[: len(word) - len(rest)], rest)
    )

"""Recognizes titles written by ComfyUI or a pack, in any language, which say nothing about a node's
purpose.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Final

from ..words import words
from .node_facts import NodeFacts

_LONGEST: Final = 400
_OPENING: Final = "([（【"
_REMARK: Final = r"[(\[（【][^()\[\]（）【】]*[)\]）】]?\s*$"
_PREFIX: Final = re.compile(r"^\s*([^:：]{1,40}[:：])")
_MARKS: Final = frozenset(
    "deprecated experimental legacy obsolete recommend recommended".split()
)
"""Words that mark a remark as being about a class, not about one of its nodes."""

_WEAK_MARKS: Final = frozenset(
    "advance advanced api beta new node of old optimized simple the this v1 v2 v3 version".split()
)
"""Words that such a remark may also contain, though they don't prove it."""

_SCRIPTS: Final = (
    ("\u0400", "\u04ff", "cyrillic"),
    ("\u0590", "\u05ff", "hebrew"),
    ("\u0600", "\u06ff", "arabic or persian"),
    ("\u1100", "\u11ff", "korean"),
    ("\u3040", "\u30ff", "chinese or japanese"),
    ("\u3400", "\u4dbf", "chinese or japanese"),
    ("\u4e00", "\u9fff", "chinese or japanese"),
    ("\uac00", "\ud7af", "korean"),
)
"""The first and last letter of each Unicode range, and its script."""

_ALIKE: Final = 0.4
"""The minimum fraction of a title's letter pairs that a known title must contain for it to be a
translation of the same.
"""


@lru_cache(maxsize=4096)
def plain_title(title: str) -> str:
    """A title normalized for comparison: its letters and digits only, in lower case."""
    normal = unicodedata.normalize("NFKC", title[:_LONGEST])
    folded = unicodedata.normalize("NFKC", normal.casefold())
    return "".join(filter(str.isalnum, folded))


def default_titles(class_type: str, name: str, *translations: str) -> frozenset[str]:
    """The default titles of a class: its names, and translations that are already normalized."""
    return frozenset((plain_title(class_type), plain_title(name), *translations))


class DefaultTitles:
    """Distinguishes the titles that ComfyUI and its packs wrote from an author's own, within one
    workflow.

    `nodes` are the class and title of every node; `facts` returns the facts about a class.
    """

    def __init__(
        self, nodes: Iterable[tuple[str, str]], facts: Mapping[str, NodeFacts | None]
    ) -> None:
        self._facts = facts
        self._known: dict[str, frozenset[str]] = {}
        self._counts = Counter(nodes)
        self._titles: dict[str, set[str]] = defaultdict(set)
        self._classes_in: dict[str, set[str]] = defaultdict(set)
        for class_type, title in self._counts:
            self._titles[class_type].add(title)
            script = script_of(title)
            if script is not None and plain_title(title) in self._defaults(class_type):
                self._classes_in[script].add(class_type)

    def knows(self, class_type: str, title: str) -> bool:
        """Whether a node's title is a default, either a known one or one recognized from the
        workflow.
        """
        plain = plain_title(title)
        if not plain or plain in self._defaults(class_type):
            return True
        return (
            self._is_remarked(class_type, title)
            or self._has_prefix(class_type, title)
            or self._is_shared(class_type, title)
            or self._is_translated(class_type, title, plain)
        )

    def _defaults(self, class_type: str) -> frozenset[str]:
        if class_type not in self._known:
            facts = self._facts.get(class_type)
            self._known[class_type] = (
                facts.titles if facts is not None else default_titles(class_type, "")
            )
        return self._known[class_type]

    def _is_remarked(self, class_type: str, title: str) -> bool:
        """Whether the class's words are followed by a remark in brackets that is about the
        class.
        """
        if not any(mark in title for mark in _OPENING):
            return False
        remark = re.search(_REMARK, title[:_LONGEST])
        if remark is None:
            return False
        facts = self._facts.get(class_type)
        known = {class_type, facts.name} if facts is not None else {class_type}
        bare = plain_title(title[: remark.start()])
        if bare not in {plain_title(re.sub(_REMARK, "", each)) for each in known}:
            return False
        if facts is None:
            # An author who adds remarks to several nodes does so to tell them apart.
            return len(self._titles[class_type]) == 1
        said = set(re.findall(r"\w+", remark.group().casefold()))
        return not _MARKS.isdisjoint(said) or said <= _WEAK_MARKS

    def _has_prefix(self, class_type: str, title: str) -> bool:
        """Whether the title starts with the class's own prefix: `LayerMask: …`."""
        own, written = _PREFIX.match(class_type), _PREFIX.match(title[:_LONGEST])
        return (
            own is not None
            and written is not None
            and plain_title(own[1]) == plain_title(written[1])
        )

    def _is_shared(self, class_type: str, title: str) -> bool:
        """Whether several nodes of a class share the title, so that its pack or a translation wrote
        it: an author's own in English has no word of the class.
        """
        if self._counts[class_type, title] < 2:
            return False
        if title.isascii():
            same = not set(words(title)).isdisjoint(words(class_type))
            return same and not self._is_listed(class_type)
        return script_of(title) is not None or not self._is_listed(class_type)

    def _is_translated(self, class_type: str, title: str, plain: str) -> bool:
        """Whether other classes have default titles in the same script, which is then the page's
        language.
        """
        script = script_of(title)
        if script is None or not self._classes_in[script] - {class_type}:
            return False
        if not self._is_listed(class_type):
            return True
        pairs = _pairs(plain)
        return any(
            len(pairs & _pairs(each)) >= _ALIKE * len(pairs)
            for each in self._defaults(class_type)
        )

    def _is_listed(self, class_type: str) -> bool:
        return any(script_of(each) for each in self._defaults(class_type))


def script_of(title: str) -> str | None:
    """The script of a title that isn't in Latin letters; None for a Latin one."""
    if title.isascii():
        return None
    found = (
        script
        for letter in title[:_LONGEST]
        for first, last, script in _SCRIPTS
        if first <= letter <= last
    )
    return next(found, None)


def _pairs(plain: str) -> set[str]:
    return {plain[at : at + 2] for at in range(max(1, len(plain) - 1))}

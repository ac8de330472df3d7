"""Finds what the texts of a workflow become: a side of the prompt, or something else."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from itertools import islice
from typing import Final

from ..words import words
from .kinds import (
    MOST_USES,
    PLAIN_TYPES,
    REROUTES,
    SHOWS,
    SWITCHES,
    TEXT_TYPES,
    Kinds,
    has_word,
    zeroes,
)
from .workflow import Node, Use

POSITIVE: Final = "positive"
NEGATIVE: Final = "negative"
NEUTRAL: Final = "neutral"
"""A prompt without an opposite side, as guiders take it."""

_IN_LANGUAGES: Final = {
    POSITIVE: """
        正向提示词 正面提示词 正提示词 正向 正面 正向词 正面词 ポジティブ ポジティブプロンプト
        긍정 긍정프롬프트 позитивный положительный positiv positif positivo
        """.split(),
    NEGATIVE: """
        负向提示词 负面提示词 反向提示词 负提示词 负向 负面 反向 负向词 负面词 反向词
        ネガティブ ネガティブプロンプト 부정 부정프롬프트 негативный отрицательный negativ négatif
        négative negativo
        """.split(),
}
"""What authors of other languages call the sides of the prompt in titles."""

_SIDES: Final = {
    **dict.fromkeys(("positive", "pos", *_IN_LANGUAGES[POSITIVE]), POSITIVE),
    **dict.fromkeys(("negative", "neg", *_IN_LANGUAGES[NEGATIVE]), NEGATIVE),
}


SIDE_WORDS: Final = frozenset(_SIDES)

_FILE_NAMES: Final = frozenset("filename foldername subfolder".split())
"""Words in the names of inputs that say where a result is saved."""


class TextRoles(Kinds):
    """The roles of texts, computed in one pass against the data flow."""

    def side(self, node: Node) -> str | None:
        """POSITIVE or NEGATIVE if the node's text becomes only that, NEUTRAL if its prompt has no
        sides, None if it isn't clear.
        """
        sides = self._sides[node.id]
        if len(sides) == 1:
            return next(iter(sides))
        return NEUTRAL if NEUTRAL in sides and NEGATIVE not in sides else None

    def is_instruction(self, node: Node) -> bool:
        """Whether a language model answers the node's text: that of the node itself, or those that
        it is passed on to.
        """
        return self.writes(node) or self._asked[node.id]

    def text_end(self, node: Node) -> Use | None:
        """The input that consumes a text that doesn't become a prompt, or None unless all such
        inputs share one name.
        """
        ends = self._text_ends[node.id]
        names = {words(use.input) for use in ends}
        return ends[0] if len(names) == 1 else None

    def names_files(self, node: Node) -> bool:
        """Whether a node's value, or what is made of it, only names the files that are saved."""
        return self._naming[node.id]

    @cached_property
    def _naming(self) -> dict[str, bool]:
        found: dict[str, bool] = {}
        for node in reversed(self._workflow.nodes.values()):
            uses = [
                use
                for use in self._workflow.uses[node.id]
                for target in (self._workflow.nodes[use.node],)
                if not has_word(target, SHOWS) or self._workflow.uses[target.id]
            ]
            found[node.id] = bool(uses) and all(
                self.link_type(node, use) in PLAIN_TYPES
                and (
                    found.get(use.node, False)
                    or not _FILE_NAMES.isdisjoint(words(use.input))
                )
                for use in uses
            )
        return found

    def _flows(self, node: Node) -> Iterator[tuple[Use, Node]]:
        """The uses of the node's text, or of what was made of it; outputs of unknown type count as
        text.
        """
        for use in self._workflow.uses[node.id]:
            kind = self.link_type(node, use)
            if kind == "*" or (
                "IMAGE" not in kind and any(each in kind for each in TEXT_TYPES)
            ):
                yield use, self._workflow.nodes[use.node]

    @cached_property
    def _sides(self) -> dict[str, frozenset[str]]:
        found: dict[str, frozenset[str]] = {}
        for node in reversed(self._workflow.nodes.values()):
            direct: set[str] = set()
            passed: set[str] = set()
            for use, target in self._flows(node):
                named = side_in(words(use.input))
                if named is not None:
                    direct.add(named)
                elif not zeroes(target):
                    passed |= self._passed_on(target, found)
            found[node.id] = frozenset(direct or passed)
        return found

    def _passed_on(
        self, target: Node, found: dict[str, frozenset[str]]
    ) -> frozenset[str]:
        """What a text becomes after this node: whatever the node's outputs become or, at the end of
        the chain, a prompt without sides.
        """
        if target.id not in found:  # part of a cycle
            return frozenset()
        if not self._workflow.uses[target.id]:
            return frozenset()
        if any(True for _ in self._flows(target)):
            return found[target.id]
        twin = any(side_in(words(name)) == NEGATIVE for name in target.links)
        return frozenset({POSITIVE if twin else NEUTRAL})

    @cached_property
    def _asked(self) -> dict[str, bool]:
        """Whether the text of each node goes to language models only."""
        found: dict[str, bool] = {}
        for node in reversed(self._workflow.nodes.values()):
            targets = [
                target
                for _, target in self._flows(node)
                if not has_word(target, SHOWS) or self._workflow.uses[target.id]
            ]
            found[node.id] = bool(targets) and all(
                self.writes(target) or found.get(target.id, False) for target in targets
            )
        return found

    @cached_property
    def _text_ends(self) -> dict[str, tuple[Use, ...]]:
        found: dict[str, tuple[Use, ...]] = {}
        for node in reversed(self._workflow.nodes.values()):
            ends: dict[Use, None] = {}
            for use in self._workflow.uses[node.id]:
                if self.link_type(node, use) not in ("STRING", "*", "COMBO"):
                    continue
                target = self._workflow.nodes[use.node]
                facts = self._facts(target.class_type)
                passes = facts is not None and "STRING" in facts.outputs
                if passes or has_word(target, REROUTES | SWITCHES | SHOWS):
                    ends |= dict.fromkeys(found.get(target.id, ()))
                else:
                    ends[use] = None
            found[node.id] = tuple(islice(ends, MOST_USES))
        return found


def side_in(parts: tuple[str, ...]) -> str | None:
    """The side of the prompt that an input's name mentions; None unless there is exactly one."""
    sides = {_SIDES[part] for part in parts if part in _SIDES}
    return sides.pop() if len(sides) == 1 else None

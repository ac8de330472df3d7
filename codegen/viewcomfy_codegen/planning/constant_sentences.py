"""The sentences of constants: what is known of the inputs that they set."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from ..catalog import glossary
from ..catalog.glossary import SentenceOrigin, SourcedSentence
from ..catalog.vocabulary import class_words
from ..graph.roles import PRIMITIVE, held_words
from ..graph.workflow import Node
from ..naming.rules import Rule
from ..naming.titles import split_mark
from ..words import plain_name, words
from .analysis import Analysis
from .drafts import Draft
from .wording import spoken

_ORDINALS: Final = frozenset("First Second Third Fourth".split())
_JOINED: Final = "to join."
"""How sentences about the parts of what is joined, compared or calculated begin, or end."""

_MADE: Final = frozenset(
    "AUDIO CLIP CONDITIONING IMAGE LATENT MASK MODEL VAE VIDEO".split()
)
"""The types of what no text or number is."""

_VAGUE: Final = PRIMITIVE | {"any", "anything", "input"}
"""Words in the names of inputs that say nothing of what they take."""

_MOST_SET: Final = 2
"""The most inputs of other nodes that a sentence lists by name."""


class Constants:
    """What is said of the constants of a workflow."""

    def __init__(self, analysis: Analysis) -> None:
        self._nodes = analysis.workflow.nodes
        self._uses = analysis.workflow.uses
        self._roles = analysis.roles

    def sentence_of_held(
        self, name: str, draft: Draft, kind: str
    ) -> SourcedSentence | None:
        """What is known of a value that a node holds for others; None if it doesn't only hold
        it.
        """
        node = draft.node
        if self._makes(node):
            return None
        if hands_over(use.input for use in self._roles.users(node)):
            return glossary().role("handover"), SentenceOrigin.ROLE
        fed, operand = self._roles.fed(node), self._roles.operand(node)
        named = glossary().on_name(name, kind)
        own = glossary().of_class(node.class_type, plain_name(draft.input))
        if fed is not None:
            taken = fed.input.rpartition(".")[2]
            found = glossary().sentence(fed.class_type, taken, kind)
            # What a flag enables and an author's own name for it say more than what it feeds, and a
            # place among the parts of something says nothing about a value with such a name.
            own_name = draft.name_origin is not Rule.FED
            enabling = named[1] is SentenceOrigin.PATTERN or (own_name and named[0])
            if (
                not found[0]
                or (kind == "flag" and enabling)
                or (_is_part(found[0]) and (own_name or named[0]))
            ):
                found = named
        elif (
            operand is not None
            and draft.name_origin is Rule.FED
            and len("".join(operand.what)) > 1
        ):
            what, letter = " ".join(operand.what), " ".join(operand.letter)
            formula = glossary().role("operand").format(what=what, letter=letter)
            return formula, SentenceOrigin.ROLE
        elif node.links:
            return None
        elif agreed := self._agreed(node, kind):
            found = agreed, SentenceOrigin.ROLE
        elif own and not (named[0] and is_generic(draft)):
            return own, SentenceOrigin.CLASS
        else:
            found = named
        if own and not found[0]:
            return own, SentenceOrigin.CLASS
        if found[0] or not (said := self._set(node)):
            return found
        return said, SentenceOrigin.ROLE

    def _makes(self, node: Node) -> bool:
        """Whether a node loads what its values name, or makes images, models and the like from
        them, rather than hands the values on.
        """
        if "load" in class_words(node.class_type):
            return True
        kinds = {self._roles.link_type(node, use) for use in self._uses[node.id]}
        return bool(kinds) and kinds <= _MADE

    def _agreed(self, node: Node, kind: str) -> str:
        """What is known of all the inputs that a constant sets; empty if it isn't the same."""
        known = {
            glossary().sentence(
                self._nodes[use.node].class_type,
                use.input.rpartition(".")[2],
                kind,
            )[0]
            for use in self._roles.users(node)
        }
        said = known.pop() if len(known) == 1 else ""
        return "" if _is_part(said) else said

    def _set(self, node: Node) -> str:
        """Which inputs a constant sets, or that it is only calculated with; empty if it sets none,
        or some whose names say nothing.
        """
        found: dict[str, None] = {}
        for use in self._roles.users(node):
            target = self._nodes[use.node]
            what = words(use.input.rpartition(".")[2])
            if _VAGUE.issuperset(what) or any(len(word) < 2 for word in what):
                return ""
            where = spoken(split_mark(target.title)[1] or target.class_type)
            found[f"{glossary().spelled(what)} of “{where}”"] = None
        if not found:
            return glossary().role("calculated") if self._is_calculated(node) else ""
        listed = [*found][:_MOST_SET]
        if len(found) > _MOST_SET:
            more = len(found) - _MOST_SET
            listed.append(f"{more} other {'input' if more == 1 else 'inputs'}")
        inputs = " and ".join(filter(None, (", ".join(listed[:-1]), listed[-1])))
        return glossary().role("set").format(inputs=inputs)

    def _is_calculated(self, node: Node) -> bool:
        """Whether all that uses a constant calculates with it."""
        uses = self._uses[node.id]
        return bool(uses) and all(
            self._roles.is_math(self._nodes[use.node]) for use in uses
        )


def is_generic(draft: Draft) -> bool:
    """Whether a class only says how it holds a value: as a choice, or as one side of a slider."""
    node, input = draft.node, draft.input
    return input == "choice" or held_words(node, input) != words(input)


def _is_part(sentence: str) -> bool:
    """Whether a sentence only tells a place among the parts of something."""
    return sentence.partition(" ")[0] in _ORDINALS or sentence.endswith(_JOINED)


def hands_over(names: Iterable[str]) -> bool:
    """Whether inputs are the last step of one sampler and the first one of another."""
    said = [words(name.rpartition(".")[2]) for name in names]
    ends = {each[0] for each in said if "step" in each}
    return {"start", "end"} <= ends

"""What each input could be called by itself: its label, its role, or its own name with a noun."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from viewcomfy_runtime.parameters.types import Flag, Media, Text

from ..catalog import NodeFacts
from ..catalog.vocabulary import (
    class_words,
    family_of,
    held_by,
    noun_of,
    what_it_does,
)
from ..graph.roles import (
    NEGATIVE,
    POSITIVE,
    PRIMITIVE,
    Roles,
    declared_name,
    held_words,
)
from ..graph.workflow import Node, Workflow
from ..words import RESERVED, words
from .files import Files
from .model_files import tuned_for
from .rules import MOST_WORDS, Rule, Words, brandless, fitting, merge
from .spots import (
    GENERIC,
    MEDIA_NOUNS,
    Base,
    Spot,
    is_weak,
    only_numbers,
    own_words,
)
from .surroundings import Surroundings
from .texts import Texts
from .titles import Titles

_MILD: Final = frozenset(
    "device dtype precision quantization quality preset size".split()
)
"""Words that take the noun of a well-known family and stand alone elsewhere."""

_SPEAKING: Final = frozenset("tts speech voice speaker speakers voices".split())

_OF_A_SIZE: Final = frozenset({"INT", "FLOAT", "STRING", "LATENT"})

ENHANCER: Final = ("prompt", "enhancer")
"""The noun of a node that generates the image's prompt from the user's."""

_DEEPEST: Final = 3
"""How many consecutive switches are followed."""

_WHOLE: Final = (("clip",), ("vae",), ("text", "encoder"), ("sampler",))
"""Families whose inputs' names are followed by a number: `sampler_name_1`."""


class Labels:
    """The names of a workflow's inputs by themselves."""

    def __init__(
        self,
        workflow: Workflow,
        roles: Roles,
        facts: dict[str, NodeFacts | None],
        around: Mapping[str, Surroundings] | None = None,
    ) -> None:
        self.around: Mapping[str, Surroundings] = around or {}
        self.workflow = workflow
        self.roles = roles
        self.facts = facts
        self.titles: Titles = Titles(workflow, facts)
        self.files: Files = Files(workflow, roles, facts, self.titles)
        self._texts = Texts(workflow, roles, facts, self.titles, self.files)

    def said(self, id: str) -> Words:
        """What the node's title says beyond its class."""
        return self.titles.said[id]

    def base(self, spot: Spot) -> Base:
        """The spot's name unless another has the same one."""
        if spot.label:
            return self._labelled(spot)
        if isinstance(spot.type, Media):
            return self.files.base(spot.node, spot.type, spot)
        own = held_words(spot.node, spot.input)
        if own == words(spot.input):
            own = self._sided(spot, own_words(spot.input))
        elif own == ("value",) and (declared := declared_name(spot.node)):
            return Base(declared, Rule.TITLE, role=True)
        if isinstance(spot.type, Text):
            text = self._texts.base(spot, own)
            if text is not None:
                return text
        return (
            self._side_of_size(spot, own)
            or self._constant(spot, own)
            or self._own(spot, own)
        )

    def _side_of_size(self, spot: Spot, own: Words) -> Base | None:
        """The width or the height, if a node holds them as x and y: its title names both, or it
        only sets such.
        """
        if own not in (("x",), ("y",)) or spot.node.links:
            return None
        side, other = ("width", "height") if own == ("x",) else ("height", "width")
        said = self.titles.said[spot.node.id]
        if held_by(spot.node.class_type, spot.input) and said[-1:] == ("size",):
            return Base((*said[:-1], side), Rule.TITLE, role=True)
        if {side, other} <= set(said):
            named = tuple(word for word in said if word not in (other, "x", "by"))
            return Base(named, Rule.TITLE, role=True)
        uses = self.workflow.uses[spot.node.id]
        if {use.input for use in uses} != {"width", "height"}:
            return None
        bare = tuple(word for word in said if word not in ("size", "resolution"))
        return Base((*bare, side), Rule.TITLE if said else Rule.FED, role=True)

    def _sided(self, spot: Spot, own: Words) -> Words:
        """An input's words with its side spelled out, even if only its twin states one:
        `coordinates` beside `neg_coordinates`.
        """
        spelled = tuple(
            {"neg": NEGATIVE, "pos": POSITIVE}.get(word, word) for word in own
        )
        node = spot.node
        twins = (f"neg_{spot.input}", f"negative_{spot.input}")
        paired = any(twin in node.values or twin in node.links for twin in twins)
        if spelled == own and paired and own != ("prompt",):
            return (POSITIVE, *own)
        return spelled

    def noun(self, node: Node) -> Words:
        """A short noun for the node: from its title, else from its class."""
        return self.titles.said[node.id] or self.class_noun(node)

    def class_noun(self, node: Node) -> Words:
        """A short noun for nodes of its class. A node that finds a part of an image makes a
        mask.
        """
        family = family_of(node.class_type)
        if not family and self.roles.makes_masks(node) and not self._draws(node):
            return ("mask",)
        if family == ("llm",) and self._enhances(node):
            return ENHANCER
        return family or noun_of(node.class_type)

    def _draws(self, node: Node) -> bool:
        """Whether the node's result is an image, and a mask only accompanies it."""
        facts = self.facts[node.class_type]
        return facts is not None and facts.outputs[:1] == ("IMAGE",)

    def _enhances(self, node: Node) -> bool:
        """Whether the text that a node generates becomes the prompt. A node that takes only an
        image describes it.
        """
        if "prompt" not in node.links and not {"image", "video"}.isdisjoint(node.links):
            return False
        return self.roles.side(node) is not None or self._texts.becomes_prompt(node)

    def _labelled(self, spot: Spot) -> Base:
        if spot.label == words(spot.input):
            return Base(spot.label, Rule.LABEL)
        return Base(spot.label, Rule.LABEL, role=True)

    def _constant(self, spot: Spot, own: Words) -> Base | None:
        """The name of a value that only other nodes use: from its title, else from its consumer."""
        node = spot.node
        plain = GENERIC - MEDIA_NOUNS
        held = PRIMITIVE.issuperset(own) or (spot.alone and plain.issuperset(own))
        if not held or node.links:
            return None
        said = self.titles.said[node.id]
        fed = self.roles.fed(node)
        used = own_words(fed.input) if fed is not None else ()
        if said and not only_numbers(said) and not self.titles.ends_in(node, used):
            return Base(said, Rule.TITLE, role=True)
        if fed is None:
            operand = self.roles.operand(node)
            return operand and Base((*operand.what, *operand.letter), Rule.FED)
        if GENERIC.issuperset(word for word in used if len(word) > 1):
            return None
        noun: Words = ()
        if is_weak(used) and fed.class_type:
            noun = noun_of(fed.class_type)
        if isinstance(spot.type, Flag) and used == ("switch",):
            noun = ()
            steps = {self._turns_on(switch) for switch in self._switches(node)} - {()}
            if len(steps) == 1:
                return Base(steps.pop(), Rule.FED, role=True)
        return Base(used, Rule.FED, noun)

    def _own(self, spot: Spot, own: Words) -> Base:
        """The input's own name, with a noun if it needs one."""
        node = spot.node
        said = self.titles.said[node.id]
        if only_numbers(said):
            said = ()
        if said and spot.alone and self._names_it(spot, own):
            return Base(_titled(said, own), Rule.TITLE, role=True)
        if self.roles.is_math(node) and isinstance(spot.type, Text):
            own = ("expression",) if GENERIC.issuperset(own) else own
        if own[:1] == ("strength",) and own[1:] == ("model",):
            if not any(words(name) == ("strength", "clip") for name in node.values):
                own = ("strength",)
        if isinstance(spot.type, Flag) and own in (("switch",), ("boolean",)):
            if chosen := self._turns_on(node):
                return Base(chosen, Rule.ROLE, role=True)
        if not own:
            return Base(self.class_noun(node), Rule.NOUN)
        return self._with_noun(node, own, said)

    def _with_noun(self, node: Node, own: Words, said: Words) -> Base:
        """The words of an input's name, with a noun if they need one: the words of its node's title
        (`said`) or those of its class.
        """
        family = family_of(node.class_type)
        if family[1:] and own[0] == family[0] and "name" in own:
            return Base(own, Rule.NOUN, family)
        lettered = {word for word in own if len(word) > 1}
        if said and lettered and GENERIC.issuperset(lettered):
            return Base(_titled(said, own), Rule.TITLE, role=True)
        if own == ("length",) and not said and self._draws(node):
            return Base(own, Rule.NOUN, fitting(self.class_noun(node), own))
        if own == ("strength",) and "encode" in class_words(node.class_type):
            if not said and self.roles.side(node) is not None:
                return Base(own, Rule.NOUN, ("prompt",))
        if own[0].rstrip("0123456789") == "text" and self._speaks(node):
            return Base(own, Rule.INPUT)
        if own == ("resolution",) and self._chooses_size(node):
            return Base(own, Rule.INPUT)
        if is_weak(own) and not self.roles.generates_alone(node):
            noun = said if said and merge(said, own) != own else self.class_noun(node)
            rule = Rule.TITLED if noun == said else Rule.NOUN
            told = {word.rstrip("s0123456789") for word in said}
            if noun == said and told.isdisjoint((*family, *own, "encoder")):
                noun = _with_family(said, family, MOST_WORDS - len(own))
            return (
                Base(own, rule, fitting(noun, own)) if noun else Base(own, Rule.INPUT)
            )
        if "_".join(own) in RESERVED:
            noun = said or self.class_noun(node)
            return Base(own, Rule.NOUN, fitting(noun, own), reserved=True)
        if family and len(own) == 1 and own[0] in _MILD:
            return Base(own, Rule.NOUN, family)
        if family and own[: len(family)] == family and family not in _WHOLE:
            return Base(own, Rule.INPUT, family)
        if said and self._is_output(node) and {"prefix", "filename"} & set(own):
            return Base(own, Rule.TITLED, fitting(said, own))
        return Base(own, Rule.INPUT)

    def _names_it(self, spot: Spot, own: Words) -> bool:
        """Whether a title names its node's only input rather than describing the node."""
        return GENERIC.issuperset(own) or (
            self.titles.whole(spot.node) and not self._is_output(spot.node)
        )

    def _chooses_size(self, node: Node) -> bool:
        """Whether the node's purpose is a size: it outputs numbers or an empty latent."""
        facts = self.facts[node.class_type]
        if facts is None:
            return not {"size", "resolution"}.isdisjoint(class_words(node.class_type))
        return bool(facts.outputs) and _OF_A_SIZE.issuperset(facts.outputs)

    def _speaks(self, node: Node) -> bool:
        """Whether the node turns its text into sound."""
        facts = self.facts[node.class_type]
        if facts is not None:
            return "AUDIO" in facts.outputs
        return not _SPEAKING.isdisjoint(class_words(node.class_type))

    def _is_output(self, node: Node) -> bool:
        facts = self.facts[node.class_type]
        return facts.output_node if facts else not self.workflow.uses[node.id]

    def _turns_on(self, switch: Node) -> Words:
        """What a switch does when it is on: it enables a step that is otherwise skipped, or uses
        one of two things.
        """
        source = self._taken_when_on(switch)
        if source is None:
            return ()
        verb = "enable" if self.roles.may_skip(switch, source) else "use"
        said = self.titles.said[source.id][:3] or self._does(source)
        return (verb, *said)

    def _switches(self, node: Node) -> Iterator[Node]:
        """The switches that a value turns on, except those that select between values, which only
        follow the others.
        """
        for use in self.workflow.uses[node.id]:
            switch = self.workflow.nodes[use.node]
            source = self._taken_when_on(switch)
            if source is not None and source.links:
                yield switch

    def _taken_when_on(self, switch: Node) -> Node | None:
        """What a switch passes on when it is on, through others that are on, too."""
        for _ in range(_DEEPEST):
            link = next(
                (
                    link
                    for name, link in sorted(switch.links.items())
                    if {"true", "on"}.intersection(words(name))
                    and "false" not in words(name)
                ),
                None,
            )
            source = self.workflow.nodes.get(link.node) if link is not None else None
            if source is None or not self.roles.is_switch(source):
                return source
            switch = source
        return None

    def _does(self, node: Node) -> Words:
        noun = self.class_noun(node)
        if noun == ("lora",):
            return (*tuned_for(node), *noun)
        if noun == ENHANCER:
            return noun
        does = what_it_does(node.class_type)
        return does[:-1] if does[-1:] in (("by",), ("to",), ("from",)) else does


def _with_family(said: Words, family: Words, most: int) -> Words:
    """A title with its family's noun, if they have at most so many words: a "distilled" LoRA's
    strength is a LoRA's. What a LoRA's title says is shortened for it.
    """
    room = most - len(family)
    telling = said if len(said) <= room else brandless(said)
    if family == ("lora",) and not any(word.isdecimal() for word in telling):
        telling = telling[:room]
    return (*telling, *family) if len(telling) <= room else said


def _titled(said: Words, own: Words) -> Words:
    """A title as the name of an input, which keeps its medium: a source is a `source_video`."""
    media = tuple(word for word in own if word in MEDIA_NOUNS)
    return said if not MEDIA_NOUNS.isdisjoint(said) else (*said, *media)

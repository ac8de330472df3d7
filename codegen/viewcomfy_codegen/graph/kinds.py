"""Classifies nodes by their class: calculating, displaying, switching, detecting, encoding."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from ..catalog import NodeFacts
from ..catalog.vocabulary import class_words, family_of, kind_words
from ..words import words
from .workflow import Node, Use, Workflow

PLAIN_TYPES: Final = frozenset(
    {"INT", "FLOAT", "STRING", "BOOLEAN", "NUMBER", "COMBO", "*"}
)
TEXT_TYPES: Final = ("STRING", "COND", "EMBED", "PROMPT", "TEXT")

MATHS: Final = frozenset(
    "math simplemath calculate calculator compare eval evaluate formula arithmetic binary"
    " unary".split()
)
SHOWS: Final = frozenset("preview comparer show display debug print log".split())
_SAVES: Final = frozenset("save saver".split())
_LANGUAGE_MODELS: Final = frozenset("""
    llm vlm chatgpt claude deepseek florence2 gemini gpt grok groq joycaption llama llava lmstudio
    mistral moondream ollama openai openrouter qwenvl
    """.split())
_LOOKING: Final = _LANGUAGE_MODELS | {"chat", "qwen2", "qwen3"}
"""Words in the names of classes that pass texts to a language model, and of those that pass images
as well.
"""

_RAISES: Final = frozenset("error message".split())
SWITCHES: Final = frozenset("switch if ifelse else select selector any combo".split())
REROUTES: Final = frozenset("reroute".split())
UNPACKS: Final = frozenset("components".split())
_WRITING: Final = frozenset(
    "max_length max_tokens max_new_tokens temperature top_p sampling_mode".split()
)
"""Inputs of nodes in which a language model generates text."""
_DRAWS: Final = frozenset("image images img video".split())

MOST_USES: Final = 32
"""Maximum number of uses examined per value: enough to classify it, and a bound on the cost of long
chains.
"""

_MODEL_PARTS: Final = frozenset({"MODEL", "CLIP", "VAE", "LATENT"})
_MAKES_MASKS: Final = frozenset({"MASK", "SEGS", "BBOX", "BBOXES", "SAM3_TRACK_DATA"})


class Kinds:
    """The nodes of one workflow, classified by what their classes do."""

    def __init__(
        self, workflow: Workflow, facts: Callable[[str], NodeFacts | None]
    ) -> None:
        self._workflow = workflow
        self._facts = facts

    def makes_masks(self, node: Node) -> bool:
        """Whether the node detects parts of an image: it takes an image and outputs a mask, boxes
        or segments.
        """
        facts = self._facts(node.class_type)
        if facts is None:
            return family_of(node.class_type) == ("mask",)
        outputs = set(facts.outputs)
        types = {each.type for each in facts.inputs.values()}
        # Nodes that also output text describe images, and those that take a VAE redraw them;
        # detection is only one of their tasks.
        return (
            bool(_MAKES_MASKS & outputs)
            and "STRING" not in outputs
            and "IMAGE" in types
            and "VAE" not in types
        )

    def describes_images(self, node: Node) -> bool:
        """Whether the node is a language model that looks at an image: it takes one and outputs
        text.
        """
        if {"image", "images", "video"}.isdisjoint(node.links):
            return False
        facts = self._facts(node.class_type)
        if facts is None:
            return has_word(node, _LOOKING)
        return facts.outputs[:1] == ("STRING",) or (
            "STRING" in facts.outputs and has_word(node, _LOOKING)
        )

    def finds(self, node: Node) -> bool:
        """Whether every consumer of what the node made of its text looks for it in an image."""
        uses = self._workflow.uses[node.id]
        return bool(uses) and all(
            self.makes_masks(self._workflow.nodes[use.node]) for use in uses
        )

    def generates_alone(self, node: Node) -> bool:
        """Whether the node generates its result from a prompt and files alone, as an API service
        does, without a model linked to it.
        """
        facts = self._facts(node.class_type)
        if facts is None or _MODEL_PARTS.intersection(facts.outputs):
            return False
        if facts.api_node:
            return True
        types = {each.type for each in facts.inputs.values()}
        names = set(facts.inputs)
        return not types & (_MODEL_PARTS | {"CONDITIONING", "GUIDER"}) and (
            "auth_token_comfy_org" in names
            or ("seed" in names and any("prompt" in each for each in names))
            or ("model" in names and bool(facts.inputs["model"].branches))
        )

    def encodes(self, node: Node) -> bool:
        """Whether the node turns its texts into a prompt: it outputs conditioning, whatever its
        name.
        """
        facts = self._facts(node.class_type)
        if facts is None:
            return "encode" in words(node.class_type)
        return any(
            kind != "STRING" and any(each in kind for each in TEXT_TYPES)
            for kind in facts.outputs
        )

    def is_work(self, node: Node) -> bool:
        """Whether a node calculates, displays or switches, so that its inputs aren't simply passed
        on.
        """
        return has_word(node, MATHS | SHOWS | SWITCHES)

    def is_switch(self, node: Node) -> bool:
        """Whether a node passes on one of the values linked to it."""
        return has_word(node, SWITCHES)

    def is_show(self, node: Node) -> bool:
        """Whether a node only displays the values linked to it."""
        return (
            bool(node.links) and has_word(node, SHOWS) and not has_word(node, _RAISES)
        )

    def only_shows(self, node: Node) -> bool:
        """Whether a node displays the values linked to it and passes nothing on."""
        return not self._workflow.uses[node.id] and self.is_show(node)

    def choices(self, node: Node) -> tuple[Node, Node] | None:
        """The nodes that a switch selects when on and when off; None if it isn't a Boolean
        switch.
        """
        found: dict[bool, Node] = {}
        for name, link in node.links.items():
            source = self._workflow.nodes.get(link.node)
            parts = set(words(name))
            if source is not None and parts & {"true", "false"}:
                found["true" in parts] = source
        return (found[True], found[False]) if len(found) == 2 else None

    def may_skip(self, switch: Node, step: Node) -> bool:
        """Whether a switch, when off, bypasses `step`: it passes on the step's own input or a
        value set on the switch.
        """
        off = next((n for n in switch.links if "false" in words(n)), None)
        if off is None:
            return any("false" in words(name) for name in switch.values)
        skipped = switch.links[off].node
        return any(skipped == link.node for link in step.links.values())

    def joins(self, node: Node, name: str) -> str:
        """Whether a text is only added before ("prefix") or after ("suffix") another that somebody
        writes, or between two ("middle"); empty for all other texts.
        """
        if family_of(node.class_type) != ("concat",):
            return ""
        written = [
            link
            for link, source in node.links.items()
            if (text := self._workflow.nodes.get(source.node)) is not None
            and not text.links
            and any(isinstance(value, str) for value in text.values.values())
        ]
        if not written:
            return ""
        if name < min(written):
            return "prefix"
        return "suffix" if name > max(written) else "middle"

    def saves(self, node: Node) -> bool:
        """Whether a node only saves what it is given, and what it is told about that."""
        return has_word(node, _SAVES) and all(
            self.is_show(self._workflow.nodes[use.node])
            for use in self._workflow.uses[node.id]
        )

    def writes(self, node: Node) -> bool:
        """Whether a language model takes the node's text and generates another."""
        facts = self._facts(node.class_type)
        said = kind_words(node.class_type)
        named = not _LANGUAGE_MODELS.isdisjoint(said)
        if facts is None:
            return named and _DRAWS.isdisjoint(said)
        tuned = not _WRITING.isdisjoint(facts.inputs)
        return facts.outputs[:1] == ("STRING",) and (named or tuned)

    def is_math(self, node: Node) -> bool:
        """Whether a node calculates or compares."""
        return has_word(node, MATHS)

    def link_type(self, node: Node, use: Use) -> str:
        """The type of the value passed by this use of the node's output; `*` if unknown."""
        source = self._facts(node.class_type)
        if source is not None and 0 <= use.output < len(source.outputs):
            if source.outputs[use.output] != "*":
                return source.outputs[use.output]
        target = self._facts(self._workflow.nodes[use.node].class_type)
        if target is not None and use.input in target.inputs:
            return target.inputs[use.input].type
        return "*"


def zeroes(node: Node) -> bool:
    """Whether the node discards the text's meaning and keeps only its shape."""
    return {"zero", "out"} <= set(words(node.class_type))


def has_word(node: Node, kind: frozenset[str]) -> bool:
    return not kind.isdisjoint(class_words(node.class_type))

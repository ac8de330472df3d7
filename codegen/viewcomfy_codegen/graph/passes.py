"""Finds the samplers of a workflow that run in sequence, and what each pass is: base, refiner."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final

from ..catalog import NodeFacts
from ..catalog.vocabulary import class_words, vocabulary
from ..words import words
from .kinds import SWITCHES, has_word
from .workflow import Link, Node, Workflow

Stage = tuple[str, ...]

_FARTHEST: Final = 200
"""Maximum number of nodes examined between two samplers, or on the way to a model."""

BASE: Final = "base"
REFINER: Final = "refiner"
UPSCALE: Final = "upscale"
INPAINT: Final = "inpaint"

ASIDE: Final = ("aside",)
"""The stage of a sampler beside a sequence of others, which is none of its parts."""

_UPSCALING: Final = frozenset(
    "upscale upscaler upscaling hires hiresfix upsample upsampler".split()
)
_CONTINUING: Final = frozenset("extend continue continuation extension".split())
_EARLIER: Final = frozenset("continue previous prev".split())
_LATENT_SOCKETS: Final = ("latent", "samples")
_CARRIERS: Final = frozenset("""
    vae decode encode scale upscale resize latent upsample upsampler upscaler crop pad composite
    tiled concat separate cropguides guide inpaint inplace sharpen blur enhance color adjust filter
    detailer noise
    """.split())
"""Words in the names of classes that can lie between one sampler's result and the next
one's input.
"""


class Passes:
    """The samplers of a workflow, and which of them start from another's result."""

    def __init__(
        self, workflow: Workflow, facts: Mapping[str, NodeFacts | None]
    ) -> None:
        self._workflow = workflow
        self._facts = facts
        self._samplers = [
            node for node in workflow.nodes.values() if self._is_sampler(node)
        ]
        self.aside: set[str] = set()
        """The samplers beside a sequence of others, which are none of its parts."""

    def named(self) -> dict[str, Stage]:
        """The stage of each sampler."""
        if len(self._samplers) < 2:
            return {}
        ids = {node.id for node in self._samplers}
        found: dict[str, Stage] = {}
        linked: set[str] = set()
        extending = 0
        grown: set[str] = set()
        for node in self._samplers:
            earlier, way = self._start(node, ids)
            if earlier is not None:
                linked |= {node.id, earlier.id}
            if self._continues(node):
                linked.add(node.id)
                extending += 1
                found[node.id] = ("extend", str(extending))
            elif earlier is None:
                found[node.id] = (BASE,)
            elif _halves(noise := self._noise(node), other := self._noise(earlier)):
                found[node.id] = noise
                found[earlier.id] = other
            elif earlier.id in grown or not _UPSCALING.isdisjoint(way):
                grown.add(node.id)
                found[node.id] = (UPSCALE,)
            elif _masks(way):
                found[node.id] = (INPAINT,)
            else:
                found[node.id] = (REFINER,)
        if extending == 1:
            found = {
                id: ("extend",) if stage[0] == "extend" else stage
                for id, stage in found.items()
            }
        if set(found.values()) == {(BASE,)}:
            return self._by_medium()
        self.aside = ids - linked
        for node in self._samplers:
            if node.id in self.aside:
                found[node.id] = self._aside(node)
        return found

    def _is_sampler(self, node: Node) -> bool:
        """Whether the node is a sampler by name and outputs latents or, if its class is unknown,
        accepts them.
        """
        facts = self._facts[node.class_type]
        if facts is not None and "LATENT" not in facts.outputs:
            return False
        samples = any(
            "sampler" in word and "upsampler" not in word
            for word in words(node.class_type)
        )
        return samples and (facts is not None or bool(_latents(node)))

    def _start(self, node: Node, samplers: set[str]) -> tuple[Node | None, set[str]]:
        """The sampler whose result this one starts from, and the words of the classes in
        between.
        """

        def carrying(between: Node) -> list[Link]:
            passed = between.id not in samplers and _carries(between)
            return _carried(between) if passed else []

        way: set[str] = set()
        earlier: Node | None = None
        for between in self._upstream(_latents(node), carrying):
            if between.id in samplers:
                earlier = between
            elif _carries(between):
                way.update(class_words(between.class_type))
        return earlier, way

    def _upstream(
        self, links: Iterable[Link], following: Callable[[Node], Iterable[Link]]
    ) -> Iterator[Node]:
        """The nodes that the links come from, and those behind the links to follow from each."""
        pending = [link.node for link in links]
        seen: set[str] = set()
        while pending and len(seen) < _FARTHEST:
            id = pending.pop()
            node = self._workflow.nodes.get(id)
            if node is None or id in seen:
                continue
            seen.add(id)
            yield node
            pending += [link.node for link in following(node)]

    def _continues(self, node: Node) -> bool:
        """Whether the sampler's initial latent comes from a node that continues an earlier
        sampler's result.
        """
        for link in _latents(node):
            maker = self._workflow.nodes.get(link.node)
            if maker is None:
                continue
            if not _CONTINUING.isdisjoint(class_words(maker.class_type)):
                return True
            if any(not _EARLIER.isdisjoint(words(socket)) for socket in maker.links):
                return True
        return False

    def _noise(self, node: Node) -> Stage:
        """The half of the noise schedule (high or low) that the sampler's model is made for,
        according to its file name.
        """
        found: set[Stage] = {
            (half, "noise")
            for parts in self._models(node)
            for half in ("high", "low")
            if half in parts or f"{half}noise" in parts
        }
        return found.pop() if len(found) == 1 else ()

    def _aside(self, node: Node) -> Stage:
        """The stage of a sampler that is no part of a sequence: what its model makes, such as
        depth, or else `ASIDE`.
        """
        for parts in self._models(node):
            for part in parts:
                if part in vocabulary().plain:
                    return (part,)
        return ASIDE

    def _models(self, node: Node) -> Iterator[Stage]:
        """The words of the names of the model files that a sampler uses."""
        links = [
            link for name, link in node.links.items() if name in ("model", "guider")
        ]
        for loader in self._upstream(links, _models_behind):
            for name, value in loader.values.items():
                if "unet" in name or "model" in name or "ckpt" in name:
                    yield words(value) if isinstance(value, str) else ()

    def _by_medium(self) -> dict[str, Stage]:
        """The medium that each sampler makes, if all are different; otherwise empty."""
        found = {node.id: self._medium(node) for node in self._samplers}
        distinct = len(set(found.values())) == len(found) and all(found.values())
        return found if distinct else {}

    def _medium(self, node: Node) -> Stage:
        """Image, video or audio, judged by the node that makes the initial latent."""
        for link in _latents(node):
            maker = self._workflow.nodes.get(link.node)
            if maker is None:
                continue
            spoken = {*class_words(maker.class_type), *maker.values, *maker.links}
            if "audio" in spoken:
                return ("audio",)
            if any("3d" in word for word in class_words(maker.class_type)):
                return ("mesh",)
            if not spoken.isdisjoint(
                {"video", "length", "video_frames", "num_frames", "img2vid"}
            ):
                return ("video",)
            return ("image",)
        return ()


def _latents(node: Node) -> list[Link]:
    """The links through which a sampler takes latents, by the names of its inputs."""
    return [link for name, link in sorted(node.links.items()) if _is_latent(name)]


def _is_latent(name: str) -> bool:
    return any(each in name for each in _LATENT_SOCKETS)


def _models_behind(loader: Node) -> Iterator[Link]:
    """The links through which a node takes a model, or anything that it switches between."""
    passes = has_word(loader, SWITCHES)
    for name, link in loader.links.items():
        if "model" in name or (passes and "switch" not in words(name)):
            yield link


def _carries(node: Node) -> bool:
    """Whether a node can lie between one sampler's result and the next one's input."""
    spoken = class_words(node.class_type)
    return not _CARRIERS.isdisjoint(spoken) or any(map(_is_any, node.links))


def _is_any(name: str) -> bool:
    """Whether a node passes on whatever is linked to an input of this name."""
    return not {"any", "anything"}.isdisjoint(words(name))


def _carried(node: Node) -> list[Link]:
    """The links through which a node takes an earlier result: where it takes latents, an image
    only guides it or begins it anew.
    """
    found = [
        (name, link)
        for name, link in sorted(node.links.items(), reverse=True)
        if not {"mask", "vae", "model", "clip"}.intersection(words(name))
    ]
    latents = [link for name, link in found if _is_latent(name)]
    return latents or [link for _, link in found]


def _halves(one: Stage, other: Stage) -> bool:
    """Whether these are two halves of the noise schedule; with the same model for both, they
    aren't.
    """
    return bool(one and other) and one != other


def _masks(way: set[str]) -> bool:
    return "inpaint" in way or {"noise", "mask"} <= way

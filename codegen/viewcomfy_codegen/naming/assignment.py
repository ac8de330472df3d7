"""Which name each parameter gets: its own if no other input has the same one, else with a prefix
that distinguishes its node from similar ones.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from viewcomfy_runtime.parameters.types import Media

from ..catalog.vocabulary import class_words, vocabulary
from ..graph.workflow import Node
from ..model import Identifier
from ..words import snake, unique, usable, words
from .candidates import Labels
from .model_files import tuned_for
from .prefixes import Prefix, Prefixes, alike
from .rules import Rule, Words, brandless, merge, shortened
from .siblings import Siblings
from .spots import Base, Spot


def assign(
    labels: Labels, spots: list[Spot], kept: Mapping[int, str] | None = None
) -> list[tuple[Identifier, Rule]]:
    """A name for each spot, in order, and the rule that produced it. `kept` are existing names by
    spot index, which no other spot gets.

    Spots with the same name are distinguished together: all inputs of a node have the same prefix,
    and each of the nodes has its own.
    """
    kept = kept or {}
    bases = _tuned(spots, _bases(labels, spots))
    prefixes = _prefixes(labels, spots, bases)
    for index, prefix in prefixes.items():
        if prefix.words and bases[index].words == ("unet", "name"):
            # With a prefix, the plain "diffusion model" also covers models that aren't a UNet.
            bases[index] = bases[index]._replace(words=("diffusion", "model"), noun=())
    composed = [
        _composed(base, prefixes.get(index)) for index, base in enumerate(bases)
    ]
    wholes = [
        _whole(base, prefixes.get(index, Prefix())) for index, base in enumerate(bases)
    ]
    taken = set(kept.values())
    found: dict[int, tuple[Identifier, Rule]] = {}
    for index in sorted(range(len(spots)), key=lambda index: spots[index].hidden):
        name, rule = composed[index]
        if index in kept:
            found[index] = (Identifier(kept[index]), rule)
            continue
        spot = spots[index]
        free = next(
            (
                each
                for each in _fallbacks(labels, spot, name, wholes[index])
                if each not in taken and usable(each)
            ),
            None,
        )
        chosen = unique(free or snake(name) or "value", taken)
        found[index] = (chosen, rule)
    return [found[index] for index in range(len(spots))]


def _bases(labels: Labels, spots: list[Spot]) -> list[Base]:
    """Each spot's own name. If two on one node would be equal, each consists of its input's own
    words.
    """
    found = [labels.base(spot) for spot in spots]
    seen: dict[tuple[str, Words, bool], list[int]] = {}
    for index, (spot, base) in enumerate(zip(spots, found, strict=True)):
        seen.setdefault((spot.node.id, base.name, spot.hidden), []).append(index)
    for indexes in seen.values():
        if len(indexes) > 1:
            paths = _apart([spots[index].input for index in indexes])
            for index, own in zip(indexes, paths, strict=True):
                base = found[index]
                longer = merge(base.words, own) if base.role else own
                found[index] = Base(longer, base.rule, base.noun, base.role)
    return found


def _apart(inputs: list[str]) -> list[Words]:
    """The words of the names of inputs on one node. Of dotted names, the first part in which they
    differ and the last part.
    """
    paths = [input.split(".") for input in inputs]
    for parts in zip(*paths, strict=False):
        if len(set(parts)) == len(inputs):
            return [
                merge(words(part), words(path[-1]))
                for part, path in zip(parts, paths, strict=True)
            ]
    return [words(input) for input in inputs]


def _wanting(spots: list[Spot], bases: list[Base]) -> dict[str, list[int]]:
    """The spots by the name that they would have, without hidden ones."""
    found: dict[str, list[int]] = {}
    for index, base in enumerate(bases):
        if not spots[index].hidden:
            found.setdefault(snake(base.name), []).append(index)
    return found


def _tuned(spots: list[Spot], bases: list[Base]) -> list[Base]:
    """The bases, with what a LoRA is for if that is the same in all spots with its name: a file for
    another purpose would not fit the settings around it.
    """
    found = list(bases)
    for indexes in _wanting(spots, bases).values():
        purposes = {tuned_for(spots[index].node) for index in indexes}
        purpose = purposes.pop()
        if purposes or not purpose:
            continue
        for index in indexes:
            base = bases[index]
            if base.rule not in _AUTHORS:
                noun = merge(purpose, base.noun or ("lora",))
                found[index] = base._replace(noun=noun, rule=Rule.NOUN)
    return found


def _prefixes(
    labels: Labels, spots: list[Spot], bases: list[Base]
) -> dict[int, Prefix]:
    """The prefixes of the spots whose names others have, too."""
    wanting = _wanting(spots, bases)
    contested = {name: found for name, found in wanting.items() if len(found) > 1}
    if not contested:
        return {}
    siblings = Siblings(labels)
    compared: dict[tuple[frozenset[str], frozenset[str]], Prefixes] = {}
    found: dict[int, Prefix] = {}
    for indexes in contested.values():
        nodes = {spots[index].node.id: spots[index].node for index in indexes}
        owners = _owners(labels, [(spots[index], bases[index]) for index in indexes])
        key = (frozenset(nodes), owners)
        if key not in compared:
            compared[key] = siblings.prefixes(_in_place(nodes, siblings), owners)
        prefixes = compared[key]  # once: equal keys are compared node by node
        for index in indexes:
            found[index] = prefixes[spots[index].node.id]
    return alike(found, spots, bases)


_AUTHORS: Final = (Rule.TITLE, Rule.TITLED, Rule.LABEL, Rule.FED)
"""Rules whose names are the words of an author or a user."""


def _in_place(nodes: Mapping[str, Node], siblings: Siblings) -> list[Node]:
    return sorted(nodes.values(), key=lambda node: siblings.place[node.id])


def _owners(labels: Labels, wanting: list[tuple[Spot, Base]]) -> frozenset[str]:
    """The nodes that keep the bare name: those with a title of their own, else those whose class is
    meant for it.
    """
    found = {spot.node.id for spot, base in wanting if base.rule in _AUTHORS}
    files = {spot.node.id for spot, _ in wanting if isinstance(spot.type, Media)}
    if files and len(files) < len(wanting):
        return frozenset(files)
    sided = {
        spot.node.id
        for spot, base in wanting
        if base.name[-1:] == ("prompt",) and labels.roles.side(spot.node) is not None
    }
    if not found and len(sided) < len(wanting):
        found = sided  # What becomes a prompt, rather than a record of one.
    for rank in range(vocabulary().ranks):
        if not found:
            found = {
                spot.node.id
                for spot, _ in wanting
                if vocabulary().owns(
                    class_words(spot.node.class_type), spot.input, rank
                )
            }
    return frozenset(found)


def _whole(base: Base, prefix: Prefix) -> Words:
    """The name with its whole prefix, however long."""
    return merge(prefix.words, merge(prefix.noun, base.words))


_HANGING: Final = (("by",), ("to",), ("at",))
"""Words that a number follows rather than precedes: `upscale_by_1`."""


def _composed(base: Base, prefix: Prefix | None) -> tuple[Words, Rule]:
    if prefix is None:
        return base.name, base.rule
    rule = prefix.rule or base.rule
    distinguished = bool(prefix.words or prefix.number)
    own = () if base.reserved and distinguished else base.noun
    kind = () if distinguished and set(base.words) < set(prefix.noun) else prefix.noun
    if (
        len(kind) > 1
        and kind[0] in vocabulary().plain
        and prefix.words[-1:] != kind[:1]
    ):
        if not vocabulary().plain.isdisjoint(prefix.words):
            kind = kind[1:]  # A face detailer that redraws hands is a hand's.
    noun = own or kind
    if not prefix.number:
        return shortened(prefix.words, merge(kind, own), base.words), rule
    if noun and not base.role:
        rest = merge(noun, base.words)[len(noun) :]
        if rest in _HANGING:
            return shortened(prefix.words, (), (*noun, *rest, prefix.number)), rule
        return shortened(prefix.words, (), (*noun, prefix.number, *rest)), rule
    return (*shortened(prefix.words, noun, base.words), prefix.number), rule


def _fallbacks(labels: Labels, spot: Spot, name: Words, whole: Words) -> Iterator[str]:
    """The name and, for one that is taken or unusable, longer ones with what its node is."""
    yield snake(name)
    if name and name[0][0].isdigit():
        first, rest = name[0], name[1:]
        yield snake(rest if first.lstrip("0123456789") in rest else (*rest, first))
    yield snake(whole)
    yield snake(merge(labels.class_noun(spot.node), name))
    spoken = class_words(spot.node.class_type)
    yield snake(merge(brandless(spoken), name))
    yield snake(merge(spoken, name))

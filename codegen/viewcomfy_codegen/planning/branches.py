"""Inputs that exist only under some choices (COMFY_DYNAMICCOMBO_V3): what each accepts in which
branch, and those that the workflow doesn't contain.

Until parameters have names, a branch refers to its selectors by wire name: `branches_of` does so,
`resolved` substitutes the names.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple, TypeAlias

from viewcomfy_runtime.parameters.branches import Branch, in_words
from viewcomfy_runtime.parameters.types import (
    Choice,
    Integer,
    Json,
    Number,
    Option,
    ParameterType,
    Text,
)

from ..catalog import InputFacts, NodeFacts, Variant
from ..graph.workflow import Node

Typed: TypeAlias = Callable[[InputFacts], ParameterType | None]


def branches_of(
    variants: Iterable[Variant], typed: Typed, *, seed: bool
) -> tuple[Branch, ...]:
    """The branches in which an input holds a value; `typed` returns its type from its facts."""
    found: list[Branch] = []
    for variant in variants:
        kind = typed(variant.facts)
        if kind is None or not variant.when:
            continue
        draws = seed and isinstance(kind, Integer) and variant.facts.required
        when = {path: (choice,) for path, choice in variant.when.items()}
        found.append(Branch(when, with_draws(kind, draws), draws))
    return _merged(found)


def with_draws(kind: ParameterType, draws: bool) -> ParameterType:
    """The type, with or without None for a seed that is drawn."""
    return replace(kind, random=draws) if isinstance(kind, Integer) else kind


def _merged(branches: Sequence[Branch]) -> tuple[Branch, ...]:
    """The same branches, with those that differ only in the choices of one selector merged."""
    for path in dict.fromkeys(path for branch in branches for path in branch.when):
        joined: dict[str, Branch] = {}
        for branch in branches:
            rest = [pair for pair in branch.when.items() if pair[0] != path]
            alike = repr((path in branch.when, rest, branch.type, branch.draws))
            known = joined.get(alike)
            if known is not None and path in branch.when:
                keys = dict.fromkeys((*known.when[path], *branch.when[path]))
                branch = known._replace(when={**known.when, path: tuple(keys)})
            joined[alike] = branch
        branches = tuple(joined.values())
    return tuple(branches)


def joined_type(kinds: Sequence[ParameterType]) -> ParameterType:
    """The type that accepts every value that any of `kinds` accepts: the widest bounds, all choices
    in order, JSON if the kinds differ.
    """
    first = kinds[0]
    if all(kind == first for kind in kinds):
        return first
    numbers = [kind for kind in kinds if isinstance(kind, Integer | Number)]
    if len(numbers) == len(kinds):
        return _joined_numbers(numbers)
    if all(isinstance(kind, Text) for kind in kinds):
        return Text(multiline=True)
    choices = [kind for kind in kinds if isinstance(kind, Choice)]
    options = tuple(dict.fromkeys(each for kind in choices for each in kind.options))
    if len(choices) == len(kinds) and len(set(map(type, options))) == 1:
        return Choice(options, any(kind.open for kind in choices))
    texts = isinstance(options[0], str) if options else True
    if texts and all(isinstance(kind, Text | Choice) for kind in kinds):
        return Text()
    return Json()


def _joined_numbers(kinds: Sequence[Integer | Number]) -> Integer | Number:
    lows = [kind.lo for kind in kinds if kind.lo is not None]
    highs = [kind.hi for kind in kinds if kind.hi is not None]
    low = min(lows) if len(lows) == len(kinds) else None
    high = max(highs) if len(highs) == len(kinds) else None
    whole = [kind for kind in kinds if isinstance(kind, Integer)]
    if len(whole) == len(kinds):
        return Integer(low, high, any(kind.random for kind in whole))
    return Number(low, high)


class Selector(NamedTuple):
    """The input whose value determines the branch: its deployed value and, if it has a parameter,
    the name, choices and branches of that.
    """

    value: object
    name: str = ""
    options: tuple[Option, ...] = ()
    branches: tuple[Branch, ...] = ()


def resolved(
    branches: Iterable[Branch], selectors: Mapping[str, Selector | None]
) -> tuple[Branch, ...]:
    """The branches that a call can choose, by parameter name; the value of a selector that is None
    may be anything.
    """
    found: list[Branch] = []
    for branch in branches:
        known = {path: selectors[path] for path in branch.when}
        if any(
            each is not None and not each.name and each.value not in branch.when[path]
            for path, each in known.items()
        ):
            continue
        when = {
            each.name: branch.when[path]
            for path, each in known.items()
            if each is not None and each.name
        }
        found.append(branch._replace(when=when))
    return _merged(found)


def narrowed(
    branches: Sequence[Branch], kind: ParameterType
) -> tuple[ParameterType, tuple[Branch, ...]]:
    """The type of a parameter that accepts `kind` across its branches, and the branches: those that
    accept everything it does get its type.
    """
    kind = with_draws(kind, any(branch.draws for branch in branches))
    draws = isinstance(kind, Integer) and kind.random
    exact = (
        kind if _takes_as_much(branch.type, kind) else with_draws(branch.type, draws)
        for branch in branches
    )
    found = [
        branch._replace(type=each) for branch, each in zip(branches, exact, strict=True)
    ]
    return kind, _merged(found)


def _takes_as_much(one: ParameterType, other: ParameterType) -> bool:
    if isinstance(one, Choice) and isinstance(other, Choice):
        return one.open or (set(one.options) == set(other.options) and not other.open)
    if isinstance(one, Integer) and isinstance(other, Integer):
        return (one.lo, one.hi) == (other.lo, other.hi)
    return isinstance(one, Text) and isinstance(other, Text)


def applicability(
    branches: Sequence[Branch], selectors: Mapping[str, Selector | None]
) -> str:
    """A sentence about the choices under which the input applies; empty if it applies under all
    choices of its only selector.
    """
    names = {name for branch in branches for name in branch.when}
    keys = {key for branch in branches for each in branch.when.values() for key in each}
    options = [set(each.options) for each in selectors.values() if each and each.name]
    if len(names) == 1 and options[0] <= keys:
        return ""
    return f"Applies when {in_words(_nearest(branches, selectors), 'when')}."


def _nearest(
    branches: Sequence[Branch], selectors: Mapping[str, Selector | None]
) -> Sequence[Branch]:
    """The branches by their nearest selector alone, if the conditions on the others are only those
    on which that selector has such choices.
    """
    nearest = list(branches[0].when)[-1]
    selector = next(
        (each for each in selectors.values() if each and each.name == nearest), None
    )
    if selector is None or any(nearest not in branch.when for branch in branches):
        return branches
    keys = dict.fromkeys(key for branch in branches for key in branch.when[nearest])
    for key in keys:
        rest = (
            {name: each for name, each in branch.when.items() if name != nearest}
            for branch in branches
            if key in branch.when[nearest]
        )
        outer = [branch.when for branch in selector.branches if _offers(branch, key)]
        if _conditions(rest) != _conditions(outer or [{}]):
            return branches
    return [Branch({nearest: tuple(keys)}, branches[0].type)]


def _offers(branch: Branch, key: str) -> bool:
    """Whether a selector has this choice in one of its own branches."""
    return not isinstance(branch.type, Choice) or key in branch.type.options


def _conditions(whens: Iterable[Mapping[str, tuple[str, ...]]]) -> set[str]:
    """The choices without regard to what they bring, in a form that can be compared."""
    return {
        repr(each.when) for each in _merged([Branch(when, Json()) for when in whens])
    }


def wire_names(inputs: Mapping[str, InputFacts], before: str = "") -> Iterator[str]:
    """The wire names of a class's inputs in order, each selector followed by the inputs that its
    choices add.
    """
    for name, facts in inputs.items():
        yield f"{before}{name}"
        for members in facts.branches.values():
            yield from wire_names(members, f"{before}{name}.")


def lacking(node: Node, known: NodeFacts) -> Iterator[str]:
    """The inputs that other choices than the deployed ones would add, and that the node doesn't
    have.

    A node without an input that its deployed choices require was made with an older version of its
    class, whose choices add none.
    """
    if not any(facts.branches for facts in known.inputs.values()):
        return
    found: list[str] = []
    for name in dict.fromkeys(wire_names(known.inputs)):
        if "." not in name or name in node.values or name in node.links:
            continue
        variants = known.variants(name)
        if any(_is_deployed(each, node) and each.facts.required for each in variants):
            return
        if any(_can_be_chosen(each, node) for each in variants):
            found.append(name)
    yield from found


def _is_deployed(variant: Variant, node: Node) -> bool:
    """Whether the deployed choices add an input of this meaning, and it holds a value."""
    return variant.facts.is_widget and all(
        node.values.get(path) == choice for path, choice in variant.when.items()
    )


def _can_be_chosen(variant: Variant, node: Node) -> bool:
    """Whether these choices differ from the deployed ones and a call can make them."""
    deployed = [node.values.get(path) for path in variant.when]
    return (
        not variant.when.keys() & node.links.keys()
        and isinstance(deployed[0], str)
        and deployed != list(variant.when.values())
    )


def in_class_order(node: Node, known: NodeFacts | None) -> list[str]:
    """The names of the node's values in the order of its class, followed by those it doesn't
    list.
    """
    names = wire_names(known.inputs) if known is not None else ()
    places = {name: place for place, name in enumerate(dict.fromkeys(names))}

    parts = max((name.count(".") for name in places), default=0) + 1

    def place(name: str) -> int:
        name = ".".join(name.split(".", parts)[:parts])
        while name not in places and "." in name:
            name = name.rpartition(".")[0]
        return places.get(name, len(places))

    return sorted(node.values, key=place)

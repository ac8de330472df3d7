"""Which candidate each parameter gets: the first that no other one wants, so that none differ only by luck."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping

from ..model import Identifier
from ..words import RESERVED, snake, unique, usable
from .candidates import Labels, Spot, Words


def assign(
    labels: Labels, spots: list[Spot], kept: Mapping[int, str] | None = None
) -> list[tuple[Identifier, str]]:
    """A name for each spot, in their order, and where it comes from; `kept` are names that spots have already, by index, and nobody else gets.

    All who want one name go down to their next candidate together, and nobody gets that name any more; who has no
    candidate left is numbered along the flow of data.
    """
    kept = kept or {}
    ladders = [_ladder(labels, spot) for spot in spots]
    chosen = [next(ladder) for ladder in ladders]
    names = [kept.get(index) or name for index, (name, _) in enumerate(chosen)]
    origins = [origin for _, origin in chosen]
    burnt: set[str] = set(kept.values())
    holders: dict[str, list[int]] = {}
    for index, name in enumerate(names):
        if index not in kept:
            holders.setdefault(name, []).append(index)
    pending = deque(
        name for name in holders if name in burnt or _contested(name, holders[name])
    )
    exhausted: list[int] = []
    while pending:
        name = pending.popleft()
        burnt.add(name)
        moving, holders[name] = holders[name], []
        for index in moving:
            following = next(ladders[index], None)
            if following is None:
                exhausted.append(index)
                continue
            names[index], origins[index] = following
            wanting = holders.setdefault(following[0], [])
            wanting.append(index)
            if following[0] in burnt or _contested(following[0], wanting):
                pending.append(following[0])
    last = dict.fromkeys(sorted(exhausted), True)
    taken = {name for index, name in enumerate(names) if index not in last}
    found = [Identifier(name) for name in names]
    for index, name in zip(last, _numbered(labels, spots, list(last)), strict=True):
        found[index] = unique(name, taken)
        origins[index] = "its class and a number: nothing tells it apart"
    return list(zip(found, origins, strict=True))


def _ladder(labels: Labels, spot: Spot) -> Iterator[tuple[str, str]]:
    """The spot's candidates as names with their origins, none twice; there is always a first."""
    seen: set[str] = set()
    for candidate, origin in labels.candidates(spot):
        name = snake(candidate)
        if name and name not in seen:
            seen.add(name)
            yield name, origin
    if not seen:
        yield "value", "nothing that could be a name"


def _contested(name: str, holders: list[int]) -> bool:
    return len(holders) > 1 or name in RESERVED or not usable(name)


def _numbered(labels: Labels, spots: list[Spot], last: list[int]) -> Iterator[str]:
    """Names with the number of the node among those that nothing else tells apart."""
    parts = [labels.numbered(spots[index]) for index in last]
    nodes: dict[Words, dict[str, int]] = {}
    for index, (prefix, _) in zip(last, parts, strict=True):
        numbers = nodes.setdefault(prefix, {})
        numbers.setdefault(spots[index].node.id, len(numbers) + 1)
    for index, (prefix, suffix) in zip(last, parts, strict=True):
        numbers = nodes[prefix]
        number = (str(numbers[spots[index].node.id]),) if len(numbers) > 1 else ()
        yield snake(prefix + number + suffix) or "value"

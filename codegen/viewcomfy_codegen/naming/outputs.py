"""The names of a workflow's outputs: title, file name prefix, kind, and a number as a last
resort.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

from ..model import Identifier
from ..words import RESERVED, snake, unique, usable, words
from .rules import Words

RESERVED_OUTPUTS: Final = frozenset("""
    attempt from_wire output_names saved wall_seconds
    parameters params prompt prompt_id events event files file_names texts url urls data json status
    completed outputs output images videos audios models logs log extra error errors result results
    name names node nodes by_node of texts_of save asave save_as copy_to chunks achunks read aread
    text_of progress previews job client execution_time_seconds workflow metadata timeout seed seeds
    run arun cancel acancel close
    """.split())
"""Names that no output gets: attributes that every result has or that a later runtime may add."""

_SHOWS: Final = {
    **dict.fromkeys(("compare", "comparer", "comparison"), "comparison"),
    **dict.fromkeys(
        ("preview", "preview3d", "show", "display", "console", "debug"), "preview"
    ),
}
"""Words in the names of classes that only show what others save, and the name of such an output."""

_DOING: Final = frozenset(
    "save saved preview show display export output result final the".split()
)
_SHOWN: Final = frozenset("show display any anything".split())
"""Words for showing something, whatever it is."""

_PROGRAM: Final = frozenset({"comfyui", "comfy", "ui"})
_SAYS_NOTHING: Final = frozenset("""
    comfyui comfy ui output outputs out img image images video videos audio result results temp tmp
    test file files save animatediff default untitled inputs filename prefix
    """.split())


class OutputSpot(NamedTuple):
    """An output node to be named, and what its name may consist of."""

    node: str
    title: Words
    prefix: str
    kind: str
    class_words: Words


def assign_outputs(
    spots: list[OutputSpot], kept: Mapping[str, str]
) -> dict[str, Identifier]:
    """A name for each output node, by its id. `kept` are existing names.

    All outputs with the same candidate move on to their next one together; those without candidates
    are numbered.
    """
    taken: set[str] = {*RESERVED_OUTPUTS, *kept.values()}
    found = {node: Identifier(name) for node, name in kept.items()}
    waiting = {
        each.node: list(_candidates(each)) for each in spots if each.node not in kept
    }
    while True:
        wanted = Counter(ladder[0] for ladder in waiting.values() if ladder)
        clashing = {
            name for name, count in wanted.items() if count > 1 or name in taken
        }
        if not clashing:
            break
        for ladder in waiting.values():
            if ladder and ladder[0] in clashing:
                del ladder[0]
        taken |= clashing
    for node, ladder in waiting.items():
        if ladder:
            taken.add(ladder[0])
            found[node] = Identifier(ladder[0])
    rest = [each for each in spots if each.node not in found]
    stems = {each.node: _stem(each, found) for each in rest}
    counts, numbers = Counter(stems.values()), Counter[str]()
    for each in rest:
        stem = stems[each.node]
        numbers[stem] += 1
        alone = counts[stem] == 1 and stem not in taken
        found[each.node] = unique(stem if alone else f"{stem}_{numbers[stem]}", taken)
    return found


def _stem(spot: OutputSpot, found: Mapping[str, Identifier]) -> str:
    """The name that is numbered if several outputs have the same one: their first candidate, or
    else their kind.
    """
    first = next(_candidates(spot), spot.kind)
    return spot.kind if first in found.values() else first


def _candidates(spot: OutputSpot) -> Iterator[str]:
    """Usable names from the most specific to the most general, without duplicates."""
    seen: set[str] = set()
    for parts in _ladder(spot):
        name = snake(parts)
        if name and name not in seen and name not in RESERVED and usable(name):
            seen.add(name)
            yield name


def _ladder(spot: OutputSpot) -> Iterator[Words]:
    title = tuple(each for each in spot.title if each not in _DOING) or spot.title
    title = () if _SHOWN.issuperset(title) else title
    prefix = _prefix_words(spot.prefix)
    for said in (title, prefix):
        if said and not said[0][0].isdecimal():
            yield said
            if spot.kind not in said:
                yield (*said, spot.kind)
    if prefix and prefix[0][0].isdecimal():
        yield (spot.kind, *prefix)
    if title and prefix and title != prefix:
        yield (*title, *(each for each in prefix if each not in title))
    shown = shown_as(spot.class_words)
    if not shown:
        yield (spot.kind,)
    else:
        yield (shown,)
        yield (shown, spot.kind)


def shown_as(class_words: Words) -> str:
    """The name of an output that only shows what others save; empty for one that saves."""
    return next((_SHOWS[word] for word in class_words if word in _SHOWS), "")


def _prefix_words(prefix: str) -> Words:
    """The words of a file name prefix; none if it is ComfyUI's own or a date."""
    said = words(prefix.replace("\\", "/").rpartition("/")[2].partition("%")[0])
    while said and said[0].rstrip("0123456789") in _PROGRAM:
        said = said[1:]
    telling = tuple(each for each in said if not each.isdecimal())
    if _SAYS_NOTHING.issuperset(telling):
        return ()
    return (said if said[0][0].isdecimal() else telling)[:4]

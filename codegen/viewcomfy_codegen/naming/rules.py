"""The rules that produce names, in order, and how words are combined into a name."""

from __future__ import annotations

from typing import Final

from ..catalog.vocabulary import vocabulary
from ..model import Origin

Words = tuple[str, ...]

MOST_WORDS: Final = 4
"""The maximum number of words in a name that a rule makes. ComfyUI's own names of inputs may be
longer.
"""

_PREPOSITIONS: Final = frozenset("at by for from in of on to with".split())


class Rule(Origin):
    """Where a name comes from."""

    LABEL = "its label"
    ROLE = "its role in the graph"
    TITLE = "its node's title"
    TITLED = "its input and its node's title"
    FED = "the input that it feeds"
    INPUT = "its input"
    NOUN = "its input and the kind of its node"
    APART = "its input, distinguished by its node's title"
    SUBGRAPH = "its input, distinguished by the subgraph that contains it"
    GROUP = "its input, distinguished by its group on the canvas"
    STAGE = "its input, distinguished by its stage"
    SOCKET = "its input, distinguished by what it is linked to"
    BRANCH = "its input, distinguished by the output that it leads to"
    FILE = "its input, distinguished by its model file"
    PARTNER = "its input, distinguished by the node that it belongs to"
    NUMBER = "its input and a number, since nothing else distinguishes it"
    TOGETHER = "what the names of its inputs have in common"


def merge(qualifier: Words, base: Words) -> Words:
    """The two as one name without repetitions, not even two forms of a word such as pad and
    padding.
    """
    if set(qualifier) <= set(base):
        return base
    if qualifier[1:] and qualifier[-1:] == base[-1:] == ("noise",):
        qualifier = qualifier[:-1]  # The high noise's `add_noise` is `high_add_noise`.
    rest = tuple(
        word for word in base if not any(_alike(word, each) for each in qualifier)
    )
    if not rest:
        before = tuple(word for word in qualifier if word not in base)
        numbered = not set(base).isdisjoint(unnumbered(before))
        return (
            qualifier
            if before[:1] and (before[0].isdecimal() or numbered)
            else before + base
        )
    return qualifier + rest


def shortened(qualifier: Words, noun: Words, base: Words) -> Words:
    """Qualifier, noun and base as one name of at most `MOST_WORDS` words: first the noun is
    shortened or dropped, then the qualifier is shortened.
    """
    if base[-1:] == ("prompt",):
        qualifier = tuple(
            word for word in qualifier if word not in ("prompt", "prompts")
        )
    if base[-1:] in (("width",), ("height",)):
        qualifier = tuple(word for word in qualifier if word != "size") or qualifier
    whole = merge(qualifier, merge(noun, base))
    if len(whole) <= MOST_WORDS:
        return whole
    for part in (noun[-1:], noun[:1]):
        whole = merge(qualifier, merge(part, base))
        if noun[1:] and len(whole) <= MOST_WORDS:
            return whole
    without = merge(qualifier, base)
    counted = [at for at, word in enumerate(qualifier) if not word.isdecimal()]
    numbers = len(qualifier) - len(counted)  # They take little room.
    if len(without) - numbers <= max(MOST_WORDS, len(base) + 1):
        return without
    room = max(1, MOST_WORDS - len(base))
    return merge(qualifier[: counted[room]] if counted[room:] else qualifier, base)


def fitting(noun: Words, base: Words) -> Words:
    """The noun, shortened so that the name has at most `MOST_WORDS` words: first without brands,
    then without its last words. What is left doesn't end in a number or preposition.
    """
    if len(merge(noun, base)) > MOST_WORDS:
        noun = brandless(noun)
    whole = noun
    while noun and len(merge(noun, base)) > MOST_WORDS:
        noun = noun[:-1]
    while noun != whole and noun[1:] and _dangles(noun[-1]):
        noun = noun[:-1]
    return noun


def _dangles(word: str) -> bool:
    return word.isdecimal() or word in _PREPOSITIONS


def brandless(said: Words) -> Words:
    """The words without the names of packs and models, unless these are all."""
    return tuple(word for word in said if word not in vocabulary().packs) or said


def unnumbered(said: Words) -> Words:
    """The words without trailing digits."""
    return tuple(word.rstrip("0123456789") for word in said)


def _alike(word: str, other: str) -> bool:
    if word == other or f"{word}s" == other:
        return True
    if len(word) >= 4 and other[-1:].isdecimal() and word == other.rstrip("0123456789"):
        return True  # "image2" is an image.
    return len(other) >= 4 and word in (f"{other}s", f"{other}ed")

"""The rules that give names, in their order, and how words are put together to one."""

from __future__ import annotations

from typing import Final

from ..catalog.vocabulary import vocabulary
from ..model import Origin

Words = tuple[str, ...]

MOST_WORDS: Final = 4
"""The longest name that a rule makes; what ComfyUI itself calls an input may be longer."""


class Rule(Origin):
    """What a name comes from; the value says it to people."""

    LABEL = "the label that its user gave it"
    ROLE = "its role in the graph"
    TITLE = "its node's title"
    TITLED = "its input, with its node's title"
    FED = "what it feeds"
    INPUT = "its input"
    NOUN = "its input, with what its node is"
    APART = "its input, told apart by its node's title"
    SUBGRAPH = "its input, told apart by the subgraph that it is in"
    GROUP = "its input, told apart by the group that it lies in on the canvas"
    STAGE = "its input, told apart by its stage"
    SOCKET = "its input, told apart by where it is linked"
    BRANCH = "its input, told apart by the output that it leads to"
    FILE = "its input, told apart by the file of its model"
    PARTNER = "its input, told apart by the node that it belongs to"
    NUMBER = "its input and a number along the flow: nothing tells it apart"
    TOGETHER = "what the inputs that it sets are all called"
    NOTHING = "nothing that could be a name"


def merge(qualifier: Words, base: Words) -> Words:
    """The two as one name that says nothing twice: not even in two forms of a word, as pad and
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
        return qualifier if before[:1] and before[0].isdecimal() else before + base
    return qualifier + rest


def shortened(qualifier: Words, noun: Words, base: Words) -> Words:
    """Qualifier, noun and base as one name of at most `MOST_WORDS`: first the noun is cut and goes,
    then what the qualifier has too many.
    """
    if base[-1:] == ("prompt",):
        qualifier = tuple(word for word in qualifier if word != "prompt")
    whole = merge(qualifier, merge(noun, base))
    if len(whole) <= MOST_WORDS:
        return whole
    for part in (noun[-1:], noun[:1]):
        whole = merge(qualifier, merge(part, base))
        if noun[1:] and len(whole) <= MOST_WORDS:
            return whole
    without = merge(qualifier, base)
    if len(without) <= max(MOST_WORDS, len(base) + 1):
        return without
    room = max(1, MOST_WORDS - len(base))
    return merge(qualifier[:room], base)


def fitting(noun: Words, base: Words) -> Words:
    """As much of the noun as leaves a name of at most `MOST_WORDS`: first brands go, then its end,
    and a number there.
    """
    if len(merge(noun, base)) > MOST_WORDS:
        noun = brandless(noun)
    whole = noun
    while noun and len(merge(noun, base)) > MOST_WORDS:
        noun = noun[:-1]
    while noun != whole and noun[1:] and noun[-1].isdecimal():
        noun = noun[:-1]
    return noun


def brandless(said: Words) -> Words:
    """The words but for packs and models, where others remain."""
    return tuple(word for word in said if word not in vocabulary().packs) or said


def unnumbered(said: Words) -> Words:
    """The words without the digits that they end in."""
    return tuple(word.rstrip("0123456789") for word in said)


def _alike(word: str, other: str) -> bool:
    if word == other or f"{word}s" == other:
        return True
    return len(other) >= 4 and word in (f"{other}s", f"{other}ed")

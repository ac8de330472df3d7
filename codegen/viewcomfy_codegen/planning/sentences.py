"""The sentences under the parameters: what each is for, and where in the workflow it is."""

from __future__ import annotations

from typing import Final

from viewcomfy_runtime.parameters.docs import About
from viewcomfy_runtime.parameters.types import Integer, Media, Number, Text

from ..catalog import glossary
from ..graph.roles import PRIMITIVE, Roles
from ..naming.candidates import split_mark
from ..words import plain_name, words
from .drafts import Draft


def _sentence(draft: Draft, roles: Roles) -> tuple[str, str]:
    """What the parameter is for, and who says so: its role where its input's own name says none, else what is known of it."""
    if draft.mask_of is not None and not (draft.wish and draft.wish.doc):
        return (
            f"Mask for {draft.mask_of}: a picture of its size that is transparent where the mask is."
            " Without one, the transparency of the picture itself is used."
        ), "the picture whose mask it is"
    if draft.wish is not None and draft.wish.doc:
        return sentence_of(draft.wish.doc), draft.wish.origin
    own = set(words(draft.input))
    if isinstance(draft.type, Text) and own <= {"text", "prompt", "string", "value"}:
        side = roles.side(draft.node)
        if side is not None:
            return glossary().role(side), "its role in the graph"
    kind = type(draft.type).__name__.lower()
    fed = roles.fed(draft.node)
    if fed is not None and own <= PRIMITIVE:
        return glossary().sentence(fed[0], plain_name(fed[1]), kind)
    return glossary().sentence(
        draft.node.class_type, plain_name(draft.input), kind, sentence_of(draft.told)
    )


def sentence_of(text: str) -> str:
    """What somebody wrote, as a sentence on one line."""
    plain = " ".join(
        "".join(char if char.isprintable() else " " for char in text).split()
    )
    return plain if not plain or plain[-1] in ".!?…:;)" else f"{plain}."


def about(draft: Draft, roles: Roles) -> tuple[About, str]:
    """What people read about the parameter, and who says what it is for."""
    node = draft.node
    sentence, origin = _sentence(draft, roles)
    is_file = isinstance(draft.type, Media) and isinstance(draft.value, str)
    return (
        About(
            sentence=sentence,
            class_type=spoken(node.class_type),
            title=spoken(split_mark(node.title)[1]),
            deployed=spoken(draft.value) if is_file else "",
            step=draft.step if isinstance(draft.type, Integer | Number) else None,
            label=spoken(draft.wish.label or "") if draft.wish is not None else "",
        ),
        origin,
    )


_LONGEST_QUOTE: Final = 80


def spoken(text: str) -> str:
    """A text of the workflow within a sentence: on one line, without what does not print, cut when long."""
    plain = " ".join(
        "".join(char if char.isprintable() else " " for char in text).split()
    )
    return (
        plain
        if len(plain) <= _LONGEST_QUOTE
        else plain[: _LONGEST_QUOTE - 1].rstrip() + "…"
    )

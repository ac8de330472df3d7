"""The sentences under the parameters: what each is for, and where in the workflow it is."""

from __future__ import annotations

from typing import Final

from viewcomfy_runtime.parameters.docs import About
from viewcomfy_runtime.parameters.types import (
    Flag,
    Integer,
    Json,
    Media,
    Number,
    Text,
)

from ..catalog import glossary
from ..catalog.glossary import SentenceOrigin
from ..graph.roles import PRIMITIVE, Roles
from ..model import Origin
from ..naming.titles import split_mark
from ..words import one_line, plain_name, words
from .drafts import Draft


def _sentence(
    name: str, draft: Draft, roles: Roles, shared: bool
) -> tuple[str, Origin | str]:
    """What the parameter is for, and who says so: its role where its input's own name says none,
    else what is known of it.
    """
    if draft.mask_of is not None and not (draft.wish and draft.wish.doc):
        return (
            f"Mask for {draft.mask_of}: an image of its size that is transparent where the mask is."
            " Without one, the transparency of the image itself is used."
        ), SentenceOrigin.IMAGE
    if draft.wish is not None and draft.wish.doc:
        return sentence_of(draft.wish.doc), draft.wish.origin
    kind = type(draft.type).__name__.lower()
    used = _used(name, draft, roles, shared)
    if used:
        return used, SentenceOrigin.ROLE
    plain, own = plain_name(draft.input), set(words(draft.input))
    fed = roles.fed(draft.node)
    if fed is not None and own <= PRIMITIVE:
        taken = plain_name(fed.input.rpartition(".")[2])
        said = glossary().sentence(fed.class_type, taken, kind)
        return said if said[0] else glossary().on_name(plain_name(name), kind)
    if own <= PRIMITIVE and not draft.node.links:
        return glossary().on_name(plain_name(name), kind)
    told = sentence_of(draft.told)
    if "." in draft.input:
        last = plain_name(draft.input.rpartition(".")[2])
        return glossary().sentence(draft.node.class_type, last, kind, told)
    return glossary().sentence(draft.node.class_type, plain, kind, told)


def _used(name: str, draft: Draft, roles: Roles, shared: bool) -> str:
    """What a text or a file is used as, where its input's
    own name says nothing of it, or not of all that it sets.
    """
    own, spoken_name = set(words(draft.input)), words(name)
    if isinstance(draft.type, Media):
        noun = draft.type.media.partition("/")[0]
        return glossary().use(roles.label(draft.node), noun)
    if isinstance(draft.type, Flag) and (ways := roles.choices(draft.node)):
        on, off = (spoken(each.title or each.class_type) for each in ways)
        return glossary().role("choice").format(on=on, off=off)
    if not isinstance(draft.type, Text):
        return ""
    if spoken_name[-1:] == ("url",) and "url" not in own:
        noun = " ".join(spoken_name[:-1]) or "file"
        return glossary().role("url").format(noun=noun)
    if "mask" in spoken_name and spoken_name[-1] == "prompt":
        return glossary().role("mask_prompt")
    if (shared or own <= _TEXTS) and "prompt" in spoken_name:
        side = roles.side(draft.node)
        return glossary().role(side) if side is not None else ""
    return ""


_TEXTS: Final = frozenset("text prompt string value positive negative a b c".split())


def sentence_of(text: str) -> str:
    """What somebody wrote, as a sentence on one line."""
    plain = one_line(text)
    return plain if not plain or plain[-1] in ".!?…:;)" else f"{plain}."


def about(
    name: str, draft: Draft, roles: Roles, shared: bool = False
) -> tuple[About, Origin | str]:
    """What people read about the parameter, which sets several
    inputs where it is `shared`, and who says what it is for.
    """
    node = draft.node
    sentence, origin = _sentence(name, draft, roles, shared)
    if isinstance(draft.type, Json) and isinstance(draft.value, dict) and draft.value:
        keys = spoken(", ".join(map(str, draft.value)))
        sentence = f"{sentence} {glossary().role('keys').format(keys=keys)}".strip()
    is_file = isinstance(draft.type, Media) and isinstance(draft.value, str)
    return (
        About(
            sentence=sentence,
            class_type=spoken(node.class_type),
            title=spoken(split_mark(node.title)[1]),
            deployed=spoken(str(draft.value)) if is_file else "",
            step=draft.step if isinstance(draft.type, Integer | Number) else None,
            label=spoken(draft.wish.label or "") if draft.wish is not None else "",
        ),
        origin,
    )


_LONGEST_QUOTE: Final = 80


def spoken(text: str) -> str:
    """A text of the workflow within a sentence: on one line, without what does not print, cut when
    long.
    """
    plain = one_line(text)
    return (
        plain
        if len(plain) <= _LONGEST_QUOTE
        else plain[: _LONGEST_QUOTE - 1].rstrip() + "…"
    )

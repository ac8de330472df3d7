"""Identifiers made from a workflow's texts: words, snake_case, CamelCase, and forbidden names."""

from __future__ import annotations

import builtins
import keyword
import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

from .model import Identifier

LONGEST: Final = 60
"""Characters after which a name is cut, at the end of a word."""

_SEPARATORS: Final = re.compile(r"[\W_]+")
_HUMP: Final = r"(?<=[a-z])(?=[A-Z])|(?<=[0-9])(?=[A-Z][a-z])|(?<=[A-Z])(?=[A-Z][a-z])"
_HUMP_OF_ANY_SCRIPT: Final = (
    _HUMP + r"|(?<=[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af])(?=[A-Za-z0-9])"
    r"|(?<=[A-Za-z0-9])(?=[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af])"
)
"""Slow to compile, so only for texts that may need it."""

_COMPOUNDS: Final = frozenset("""
    ksampler ksamplers lora loras ipadapter ipadapters controlnet controlnets animatediff unet unets
    midas dit gligen kjv2 lightx2v pulid instantid brushnet powerpaint dwpose openpose seedvr2
    flashvsr clipseg reactor lineart softedge teacache sageattention esrgan realesrgan gguf comfyui
    rembg supir mmaudio facefusion codeformer gfpgan ttn openai lllite moge hunyuan3dv2 elevenlabs
    youtube tiktok freeu dype pidinet bytedance minimax tripo3d hunyuan3d qwenvl tts llm vlm llava
    birefnet wav2vec multitalk smz
    """.split())
"""Names that are one word in this field, however they are spelled."""

_UNNUMBERED: Final = frozenset(
    form for each in _COMPOUNDS for form in (each, each.rstrip("0123456789"))
)

_MOST_HUMPS: Final = 4
"""The largest number of humps in the spelling of such a name: Mi-Da-S, Light-X-2-V."""

RESERVED: Final = frozenset(
    {
        *keyword.kwlist,
        *keyword.softkwlist,
        *dir(builtins),
        *dir(type),
        *("self", "cls", "run", "arun", "field", "dataclass", "annotations"),
        *("parameters", "client", "timeout"),
    }
)
"""Names that no parameter may have: they would break the module, or shadow a name that readers
know.
"""


@lru_cache(maxsize=8192)
def words(text: str) -> tuple[str, ...]:
    """The words of a title, a class or an input's name, in
    lower case: letters and digits of any script.
    """
    text = text[:400]
    if (
        text.isascii() and text.islower()
    ):  # Without capitals nothing else tells words apart.
        return tuple(filter(None, _SEPARATORS.split(text)))
    normal = unicodedata.normalize("NFKC", text)
    parts = (
        hump for chunk in _SEPARATORS.split(normal) for hump in _humps(chunk) if hump
    )
    found: list[str] = []
    for part in parts:
        # Lower-casing may decompose (İ), and an identifier is compared in its normal form.
        word = unicodedata.normalize("NFKC", part.casefold())
        word = "".join(char for char in word if f"a{char}".isidentifier())
        if word:
            found.append(word)
    return tuple(found)


def _humps(chunk: str) -> list[str]:
    """The words within one that capitals separate, without splitting names that only look like
    several.
    """
    humps = re.split(_HUMP if chunk.isascii() else _HUMP_OF_ANY_SCRIPT, chunk)
    found: list[str] = []
    at = 0
    while at < len(humps):
        taken = next(
            (
                many
                for many in range(min(_MOST_HUMPS, len(humps) - at), 1, -1)
                if "".join(humps[at : at + many]).casefold().rstrip("0123456789")
                in _UNNUMBERED
            ),
            1,
        )
        found.append("".join(humps[at : at + taken]))
        at += taken
    return found


def one_line(text: str) -> str:
    """The text on one line, without unprintable characters."""
    if not text.isprintable():
        text = "".join(char if char.isprintable() else " " for char in text)
    return " ".join(text.split())


def snake(parts: Iterable[str]) -> str:
    """The words in snake_case, cut at `LONGEST`; empty if there are none. Not necessarily a valid
    identifier.
    """
    name = ""
    for part in parts:
        longer = f"{name}_{part}" if name else part
        if name and len(longer) > LONGEST:
            break
        name = longer[:LONGEST]
    return name


def camel(parts: Iterable[str]) -> str:
    """The words in CamelCase, for a type."""
    return "".join(part[:1].upper() + part[1:] for part in parts)[:LONGEST]


def slugs(names: Iterable[str]) -> list[str]:
    """A name of ASCII letters, digits and underscores for each, at most 60 characters; duplicates
    are numbered.
    """
    found: list[str] = []
    taken: set[str] = set()
    for name in names:
        plain = (each.encode("ascii", "ignore").decode() for each in words(name))
        found.append(numbered(snake(filter(None, plain)) or "workflow", taken))
    return found


def numbered(name: str, taken: set[str]) -> str:
    """The name with a number if it is in `taken`, to which the result is added."""
    free, number = name, 2
    while free in taken:
        free, number = f"{name}_{number}", number + 1
    taken.add(free)
    return free


def usable(name: str) -> bool:
    """Whether `name` is usable in a module as it is."""
    return name.isidentifier() and name not in RESERVED and not name.startswith("_")


def identifier(name: str) -> Identifier:
    """The nearest usable identifier, for names without a better source."""
    if not name.isidentifier() or name.startswith("_"):
        name = f"value_{name}".rstrip("_")
    return Identifier(name if usable(name) else f"{name}_")


def unique(name: str, taken: set[str]) -> Identifier:
    """`name` as an identifier that isn't in `taken`, to which it is added."""
    base = identifier(name)
    stem = base.rstrip("_")

    def numbered(number: int) -> str:
        return f"{stem}_{number}" if number > 1 else base

    # Numbers are given from below: where one is free, a smaller one may be, and is soon found.
    low, high = 0, 1
    while numbered(high) in taken:
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if numbered(middle) in taken else (low, middle)
    found = Identifier(numbered(high))
    taken.add(found)
    return found


_TRAILING_DIGITS: Final = re.compile(r"(?<=[^\W\d_])\d+$")


def plain_name(name: str) -> str:
    """An input's name without numbers, as the glossary and the catalog list it: lora_name_3 becomes
    lora_name.
    """
    parts = (_TRAILING_DIGITS.sub("", part) for part in words(name))
    plain = "_".join(part for part in parts if not part.isdecimal())
    return plain.replace("control_net", "controlnet")

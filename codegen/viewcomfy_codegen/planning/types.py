"""Which type an input has: what its class says, else what
its name usually is, else what its value looks like.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any, Final, NamedTuple

from viewcomfy_runtime.parameters.fields import REQUIRED
from viewcomfy_runtime.parameters.types import (
    Choice,
    Flag,
    Integer,
    Json,
    Media,
    Number,
    Option,
    ParameterType,
    Refused,
    Text,
    accept,
    short,
)

from ..catalog import Catalog, InputFacts
from ..catalog.facts import DYNAMIC_COMBO
from ..model import Origin
from ..words import plain_name, words

_MEDIA_BY_EXTENSION: Final = {
    **dict.fromkeys(("png", "jpg", "jpeg", "webp", "gif", "bmp", "tiff"), "image/*"),
    **dict.fromkeys(("mp4", "webm", "mov", "mkv", "avi"), "video/*"),
    **dict.fromkeys(("wav", "mp3", "flac", "ogg", "m4a", "opus"), "audio/*"),
}
_MEDIA_WORDS: Final = frozenset({"image", "mask", "video", "audio", "picture", "photo"})

_MODEL_FILE: Final = re.compile(
    r".\.(safetensors|sft|ckpt|pth?|bin|onnx|gguf|engine)$", re.IGNORECASE
)
_PLACEHOLDER: Final = re.compile(r"%[^%]+%|\{\{.*\}\}|\$\{.*\}")
"""What chat front ends write where they put a value in: `%sampler%`, `{{width}}`, `${seed}`."""

_WIDEST: Final = 1e18
"""Floats beyond it are a widget's way to say that there is no bound."""

_SWITCHES: Final = frozenset("""
    enable disable enabled disabled on off yes no true false none always never before after left
    right top bottom center up down horizontal vertical width height x y z red green blue alpha
    fixed randomize increment decrement
    """.split())
"""Choices that complete a whole (switches, sides, axes, channels); any other list may grow."""

_PAIRS: Final = (
    ("enable", "disable"),
    ("enabled", "disabled"),
    ("yes", "no"),
    ("on", "off"),
    ("true", "false"),
)
"""Switches that are written out: either word stands for one of two."""

_SHOUTED: Final = re.compile(r"[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+")
"""How programs that fill workflows in spell their placeholders: `PARAM_WIDTH`, `SEED_VALUE`."""

_LONGEST_OPTION: Final = 60
"""Texts with spaces that are longer are prose, which takes several lines."""

_COUNTED: Final = frozenset(
    "layer layers latents level levels block blocks tiles token tokens steps frames".split()
)
"""Words in names of what is counted, and of what a number picks."""

_RATES: Final = frozenset({"fps", "rate"})
"""Words in the names of what is counted by the second, which need not be whole: 23.976."""

_OBJECTS: Final = frozenset({"BOUNDING_BOX", "COMPOSITOR", "CURVE"})
_LISTS: Final = frozenset({"BOUNDING_BOXES", "COLORS", "MULTICOMBO"})
_NUMBERS: Final = frozenset({"INT", "FLOAT"})


class TypeOrigin(Origin):
    """What says which type an input has."""

    SERVER = "your ComfyUI's own word"
    SERVER_LOOSENED = "your ComfyUI's own word, less what the deployed value breaks"
    CLASS = "its class"
    LOOSENED = "its class, less what the deployed value breaks"
    OTHER_VERSION = "its deployed value, which its class took in other versions"
    CONSUMER = "what it feeds"
    NAME = "its name, as elsewhere"
    VALUE = "its deployed value"
    IMAGE = "the image whose mask it is"


class Kind(NamedTuple):
    """The type of an input, and what its deployed value is to it.

    `default` is the deployed value as the type takes it; REQUIRED for a value of another kind, such
    as a placeholder. `doubt` says what the input's class takes in place of the deployed value,
    where it would refuse that.
    """

    type: ParameterType
    origin: TypeOrigin
    default: Any
    doubt: str = ""


def kind_of(name: str, value: Any, facts: InputFacts | None, catalog: Catalog) -> Kind:
    """The type of an input with this deployed value, and where it comes from."""
    if facts is not None and facts.whole and not _RATES.isdisjoint(words(name)):
        facts = facts._replace(whole=False)
    declared = declared_type(facts, value) if facts is not None else None
    if declared is not None:
        if facts is not None and _stands_for_a_choice(value, facts):
            return Kind(
                declared, TypeOrigin.CLASS, REQUIRED, "must be one of the choices"
            )
        return _known(declared, value)
    guessed = _guessed(name, value, catalog)
    if (number := _placed_number(name, value, catalog)) is not None:
        return Kind(number, TypeOrigin.NAME, REQUIRED, refusal(number, value))
    if guessed is not None and (default := _taken(guessed, value)) is not REQUIRED:
        return Kind(guessed, TypeOrigin.NAME, default)
    return Kind(_literal(value), TypeOrigin.VALUE, value)


def _known(kind: ParameterType, value: Any) -> Kind:
    """A type that a class declares; it loses the bound that
    the deployed value breaks, but never its kind.
    """
    if isinstance(kind, Media):
        return Kind(kind, TypeOrigin.CLASS, value)
    if (default := _taken(kind, value)) is not REQUIRED:
        return Kind(kind, TypeOrigin.CLASS, default)
    doubt = refusal(kind, value)
    if (other := _of_another_version(kind, value)) is not None:
        return Kind(other, TypeOrigin.OTHER_VERSION, value)
    wider = widened(kind, value)
    if (default := _taken(wider, value)) is REQUIRED:
        return Kind(kind, TypeOrigin.CLASS, REQUIRED, doubt)
    return Kind(wider, TypeOrigin.LOOSENED, default, doubt)


def _of_another_version(kind: ParameterType, value: Any) -> ParameterType | None:
    """The type of a value that is none of `kind` but surely
    a value: a class may take other ones in each version.
    """
    match kind:
        case Integer(lo, hi) if isinstance(value, float):
            return widened(Number(lo, hi), value)
        case Flag() if isinstance(value, str) and value.casefold() in _SWITCHES:
            return Text()
        case Choice(options, _) if type(value) is int and str(value) in options:
            return Integer()
    return None


def is_model_file(value: Any, facts: InputFacts | None = None) -> bool:
    """Whether a value names a file of weights: it looks like one, or its class lists them."""
    return isinstance(value, str) and (
        (facts is not None and facts.files) or _MODEL_FILE.search(value) is not None
    )


def refusal(kind: ParameterType, value: Any) -> str:
    """What `kind` takes in place of a value; empty where it takes it."""
    try:
        accept(kind, value)
    except Refused as refused:
        return str(refused).removesuffix(f", not {short(value)}")
    return ""


def _stands_for_a_choice(value: Any, facts: InputFacts) -> bool:
    return (
        isinstance(value, str)
        and facts.value_type in ("COMBO", DYNAMIC_COMBO)
        and value not in facts.choices
        and _is_placeholder(value)
        and not any(_SHOUTED.fullmatch(str(choice)) for choice in facts.choices)
    )


def _is_placeholder(value: str) -> bool:
    """Whether a text stands for a value that a program puts in its place."""
    return bool(_PLACEHOLDER.fullmatch(value) or _SHOUTED.fullmatch(value))


def _placed_number(name: str, value: Any, catalog: Catalog) -> Integer | Number | None:
    """What is to be put in a placeholder's place where such inputs are numbers in most classes."""
    if not isinstance(value, str) or not _is_placeholder(value):
        return None
    plain = plain_name(name)
    facts = catalog.guess(plain, value) or catalog.guess(plain, 0)
    match facts.type if facts is not None else "":
        case "INT":
            return Integer()
        case "FLOAT":
            return Number()
        case _:
            return None


def _taken(kind: ParameterType, value: Any) -> Any:
    """The value as `kind` sends it; REQUIRED where it does not take it."""
    if isinstance(kind, Media):
        return value if isinstance(value, str) else REQUIRED
    try:
        return accept(kind, value)
    except Refused:
        return REQUIRED


def kind_wished(
    kind: ParameterType, wished: ParameterType, value: Any
) -> ParameterType:
    """The type that a user gave an input, as wide as its deployed
    value needs; ours where that says more, or all else fails.
    """
    if isinstance(wished, Text) and not isinstance(kind, Text):
        return kind
    for each in (wished, widened(wished, value)):
        if _taken(each, value) is not REQUIRED or (
            isinstance(each, Media) and not value
        ):
            return each
    return kind


def declared_type(facts: InputFacts, value: Any) -> ParameterType | None:
    """What a class says of an input that holds a value;
    None for a link, and where the class leaves it open.
    """
    if facts.upload is not None and not isinstance(value, list):
        return Media(facts.upload)
    if not facts.holds_value:
        is_number = type(value) in (int, float)
        takes_any = "," in facts.type and _NUMBERS.issuperset(facts.type.split(","))
        return Number() if is_number and takes_any else None
    match facts.value_type:
        case "INT":
            return Integer(_bound(facts.lo), _bound(facts.hi))
        case "FLOAT":
            low, high = _bound(facts.lo), _bound(facts.hi)
            whole = facts.whole and not isinstance(value, float)
            return Integer(low, high) if whole else Number(low, high)
        case "STRING":
            return Text(facts.multiline or (isinstance(value, str) and "\n" in value))
        case "BOOLEAN":
            return Flag()
        case "COLOR":
            return Text()
        case kind if kind in _OBJECTS:
            return Json("object")
        case kind if kind in _LISTS or facts.multiselect:
            return Json("array")
        case _:
            return _choices(facts, value)


def _bound(bound: int | float | None) -> int | float | None:
    if isinstance(bound, float):
        if not abs(bound) < _WIDEST:
            return None
        return int(bound) if bound.is_integer() else bound
    return bound


def _choices(facts: InputFacts, value: Any) -> ParameterType | None:
    options = facts.choices
    if facts.files or not options or _is_file_elsewhere(value, options):
        return Text()
    strings = tuple(option for option in options if isinstance(option, str))
    if len(strings) == len(options):
        # One choice alone is what one machine has; others have more.
        whole_list = len(strings) > 1 and not facts.incomplete
        closed = facts.closed or (
            whole_list and {each.casefold() for each in strings} <= _SWITCHES
        )
        return Choice(_distinct(strings), open=not closed)
    whole = tuple(option for option in options if type(option) is int)
    if len(whole) == len(options):
        return Choice(_distinct(whole), open=not facts.closed)
    numbers = all(type(option) in (int, float) for option in options)
    return Number() if numbers else None


def _is_file_elsewhere(value: Any, options: tuple[object, ...]) -> bool:
    """Whether the choices are what one machine had of the files that the workflow names."""
    return isinstance(value, str) and value not in options and is_model_file(value)


def _distinct(options: tuple[Option, ...]) -> tuple[Option, ...]:
    return tuple(dict.fromkeys(options))


def _guessed(name: str, value: Any, catalog: Catalog) -> ParameterType | None:
    """For an input that no class declares: what inputs of
    that name are elsewhere, where the value agrees.
    """
    if isinstance(value, str):
        media = _media(name, value)
        if media is not None:
            return Media(media)
        return _guessed_text(value, catalog.guess(plain_name(name), value))
    if isinstance(value, int) and not isinstance(value, bool):
        facts = catalog.guess(plain_name(name), value)
        kind = facts.type if facts is not None else ""
        # A whole number is no proof of an integer: "cfg": 6 is written for 6.0.
        whole = kind == "INT" or not _COUNTED.isdisjoint(words(name))
        return Integer() if whole else Number()
    return None


def _guessed_text(value: str, facts: InputFacts | None) -> ParameterType | None:
    """The type of a text: a choice where such inputs are choices, for all that is known of them."""
    for pair in _PAIRS:
        if value in pair:
            return Choice(pair, open=True)
    if facts is not None and value in facts.choices:
        return _choices(facts, value)
    if facts is not None and facts.type == "COMBO" and _is_an_option(value):
        return None if facts.files else Choice((value,), open=True)
    prose = " " in value and len(value) > _LONGEST_OPTION
    multiline = facts is not None and facts.type == "STRING" and facts.multiline
    return Text(multiline=True) if prose or multiline else None


def _is_an_option(value: str) -> bool:
    """Whether a text could stand in a list of choices: a short line, and no placeholder or file."""
    return (
        0 < len(value) <= _LONGEST_OPTION
        and value.isprintable()
        and not (_is_placeholder(value) or is_model_file(value))
    )


def _media(name: str, value: str) -> str | None:
    """The media of a file that is loaded: both its input's name and its own say so."""
    if (
        "/" in value
        or "\\" in value
        or _MEDIA_WORDS.isdisjoint(words(plain_name(name)))
    ):
        return None
    return _MEDIA_BY_EXTENSION.get(value.rpartition(".")[2].casefold())


def widened(kind: ParameterType, value: Any) -> ParameterType:
    """The type without the bound that the deployed value breaks."""
    match kind:
        case Integer(lo, hi) | Number(lo, hi) if type(value) in (int, float):
            low = lo if lo is not None and value >= lo else None
            high = hi if hi is not None and value <= hi else None
            return replace(kind, lo=low, hi=high)
        case Choice(options, _):
            return Choice(options, open=True)
        case _:
            return kind


def _literal(value: Any) -> ParameterType:
    match value:
        case bool():
            return Flag()
        case str():
            return Text(multiline="\n" in value)
        case int():
            return Integer()
        case float():
            return Number()
        case list():
            return Json("array")
        case dict():
            return Json("object")
        case _:
            return Json()

"""Makes text from outside safe to show: without secrets and terminal control sequences."""

from __future__ import annotations

import re
import weakref
from base64 import b64encode
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from typing import Final

HIDDEN: Final = "***"

_LAYERS: Final = 3
"""How often a text is unescaped to find secrets: JSON within a JSON string within a URL takes 3."""

_LONG: Final = 8
"""Length of secrets that are also hidden within words; shorter ones only as whole words."""

_SHORTEST: Final = 3
"""Values with fewer characters than this are not treated as secrets."""


class Secrets:
    """Values that are hidden in all texts for as long as this object exists."""

    def __init__(self, values: Iterable[str]) -> None:
        self._values = tuple({value for value in values if len(value) >= _SHORTEST})
        self.forms: frozenset[str] = frozenset(_forms(self._values))
        KNOWN.add(self)

    def __reduce__(self) -> tuple[type[Secrets], tuple[tuple[str, ...]]]:
        return type(self), (self._values,)


def _forms(values: Collection[str]) -> Iterator[str]:
    """The values, and long ones in hexadecimal and as any text that contains them has them in
    Base64: its alignment decides which characters.
    """
    yield from values
    for value in values:
        if len(value) < _LONG:
            continue
        content = value.encode("utf-8", "surrogatepass")
        yield from (content.hex(), content.hex().upper())
        for before in range(3):
            encoded = b64encode(bytes(before) + content).decode()
            # Without the characters that depend on what stands before and behind it.
            own = encoded[-(-before * 8 // 6) : (before + len(content)) * 8 // 6]
            yield from (own, own.replace("+", "-").replace("/", "_"))


class KnownSecrets:
    """The forms of all secrets in use, collected once between two changes."""

    def __init__(self) -> None:
        self._holders: dict[int, weakref.ref[Secrets]] = {}
        self._version = object()
        self._collected: tuple[object, frozenset[str]] = (None, frozenset())

    def add(self, secrets: Secrets) -> None:
        key = id(secrets)
        self._holders[key] = weakref.ref(secrets, lambda _: self._forget(key))
        self._version = object()

    def _forget(self, key: int) -> None:
        self._holders.pop(key, None)
        self._version = object()
        self._collected = (None, frozenset())

    @property
    def forms(self) -> frozenset[str]:
        # A change during the collection makes what was collected outdated at once.
        version, (collected_at, forms) = self._version, self._collected
        if collected_at is not version:
            held = [reference() for reference in list(self._holders.values())]
            forms = frozenset[str]().union(*(each.forms for each in held if each))
            self._collected = (version, forms)
        return forms


KNOWN: Final = KnownSecrets()


def shown(text: str) -> str:
    """`text` without secrets, control characters and characters that change the text direction."""
    return without_secrets(printable(text))


def quoted(text: str, longest: int = 500) -> str:
    """A server's message, on one line and of limited length."""
    start = shown(text[: longest * 20])
    if len(text) > longest * 20:
        # The end may be the first part of a secret, which isn't recognized.
        start = start[: -longest * 10]
    return " ".join(start.split())[:longest]


def printable(text: str) -> str:
    """`text` without terminal control sequences; line breaks, tabs and joined emoji are kept."""
    if text.isprintable():
        return text
    return "".join(filter(_is_harmless, text))


def _is_harmless(char: str) -> bool:
    # Also spaces of any width, and the joiners within emoji.
    return char.isprintable() or char in "\n\t\u200c\u200d\u00a0\u202f\u3000"


def without_secrets(text: str) -> str:
    """`text` with every known secret hidden, also escaped ones."""
    secrets = KNOWN.forms
    if not any(secret in text for secret in secrets) and not _ESCAPED.search(text):
        return text
    spans = list(_spans(text, range(len(text) + 1), secrets, _LAYERS))
    return _without(text, spans) if spans else text


def hide_secrets(said: object, *names: str) -> None:
    """Hide every known secret in these fields of a frozen dataclass, each a string or None."""
    for name in names:
        text = getattr(said, name)
        if text is not None:
            object.__setattr__(said, name, without_secrets(text))


def _spans(
    text: str, origins: Sequence[int], secrets: Collection[str], layers: int
) -> Iterator[tuple[int, int]]:
    """The start and end of each secret in the original text, found in its unescaped form."""
    for secret in secrets:
        for start in _places(text, secret):
            yield origins[start], origins[start + len(secret)]
    for escape, meanings in _ESCAPES if layers else ():
        if escape.search(text) is not None:
            read, begun = _unescaped(escape, meanings, text, origins)
            yield from _spans(read, begun, secrets, layers - 1)


def _places(text: str, secret: str) -> Iterator[int]:
    start = text.find(secret)
    while start >= 0:
        end = start + len(secret)
        around = text[max(0, start - 1) : start] + text[end : end + 1]
        if len(secret) >= _LONG or not any(
            each.isalnum() or each == "_" for each in around
        ):
            yield start
        start = text.find(secret, end)


def _unescaped(
    escape: re.Pattern[str],
    meanings: Sequence[Callable[[str], str]],
    text: str,
    origins: Sequence[int],
) -> tuple[str, list[int]]:
    """The text with one kind of escape decoded, and the position of each character in the original
    text.
    """
    chars: list[str] = []
    begun: list[int] = []
    end = 0
    for found in escape.finditer(text):
        chars.extend(text[end : found.start()])
        begun.extend(origins[end : found.start()])
        end = found.end()
        group = found.lastindex or 1
        chars.append(meanings[group - 1](found[group]))
        begun.append(origins[found.start()])
    chars.extend(text[end:])
    begun.extend(origins[end:])
    return "".join(chars), begun


def _of_hexadecimal(digits: str) -> str:
    return _of_code(int(digits, 16))


def _of_decimal(digits: str) -> str:
    return _of_code(int(digits))


def _of_code(code: int) -> str:
    return chr(code) if code <= 0x10FFFF else "?"


def _of_entity(name: str) -> str:
    return {"quot": '"', "amp": "&", "lt": "<", "gt": ">"}.get(name.lower(), "'")


_ESCAPES: Final = (
    (
        re.compile(
            r"\\(?:u([0-9a-f]{4})|x([0-9a-f]{2})|(.))", re.IGNORECASE | re.DOTALL
        ),
        (_of_hexadecimal, _of_hexadecimal, str),
    ),
    (re.compile("%([0-9a-f]{2})", re.IGNORECASE), (_of_hexadecimal,)),
    (
        re.compile(
            "&(?:#x([0-9a-f]{1,6})|#([0-9]{1,7})|(quot|amp|lt|gt|apos));", re.IGNORECASE
        ),
        (_of_hexadecimal, _of_decimal, _of_entity),
    ),
)
"""The escapes of JSON, of URLs and of HTML: a pattern, and a decoder for each of its groups."""


_ESCAPED: Final = re.compile(r"[\\%&]")
"""The characters with which escapes begin."""


def _without(text: str, spans: list[tuple[int, int]]) -> str:
    pieces: list[str] = []
    end = 0
    for start, stop in sorted(spans):
        if start >= end:
            pieces += [text[end:start], HIDDEN]
        end = max(end, stop)
    return "".join([*pieces, text[end:]])

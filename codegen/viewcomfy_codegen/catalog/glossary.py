"""What inputs are for, in our own words."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files
from typing import Any, Final

_NO_EFFECT: Final = ("; has no effect.", "; have no effect.")


class Glossary:
    """Our own sentences on inputs: by class and name, by name, by a pattern with one `*`, by type
    and by role.

    What a name says elsewhere may be untrue of a choice: `1K` is not in pixels, a service's model
    not a file.
    """

    def __init__(self, data: Mapping[str, Any]) -> None:
        self._classes: Mapping[str, Mapping[str, str]] = data["classes"]
        self._names: Mapping[str, str] = data["names"]
        self._choices: Mapping[str, str] = data["choices"]
        self._patterns: Mapping[str, str] = data["patterns"]
        self._types: Mapping[str, str] = data["types"]
        self._roles: Mapping[str, str] = data["roles"]

    def sentence(
        self, class_type: str, plain: str, kind: str, tooltip: str = ""
    ) -> tuple[str, str]:
        """What an input of this plain name is for, and who says so; empty where nothing true can be
        said.

        `tooltip` is what the user's own server says: better than what is said of a name, no matter
        of which class.
        """
        known = self._classes.get(class_type, {}).get(plain)
        if known:
            return known, "the glossary, on its class"
        if tooltip:
            return tooltip, "your ComfyUI's tooltip"
        found = _matching(self._choices, plain) if kind == "choice" else None
        if found is None and plain in self._names:
            return self._names[plain], "the glossary, on its name"
        found = found or _matching(self._patterns, plain)
        if found is not None:
            return found
        spoken = plain.replace("_", " ")
        text = self._types.get(kind, "").format(words=spoken) if plain else ""
        return text, "its type alone" if text else ""

    def has_no_effect(self, class_type: str, plain: str) -> bool:
        """Whether an input changes nothing by its own sentence: notes, helpers, previews."""
        said = self._classes.get(class_type, {}).get(plain) or self._names.get(
            plain, ""
        )
        return said.endswith(_NO_EFFECT)

    def role(self, side: str) -> str:
        """What a text is for that becomes this side of the prompt."""
        return self._roles[side]


def _matching(sentences: Mapping[str, str], plain: str) -> tuple[str, str] | None:
    """The sentence of the first pattern that a name matches, and who says so."""
    for glob, sentence in sentences.items():
        start, star, end = glob.partition("*")
        if plain == glob if not star else _is_within(plain, start, end):
            rest = plain.removeprefix(start).removesuffix(end).replace("_", " ")
            text = sentence.format(words=plain.replace("_", " "), rest=rest.strip())
            return text, f"the glossary, on names like {glob}"
    return None


def _is_within(plain: str, start: str, end: str) -> bool:
    return (
        len(plain) > len(start + end)
        and plain.startswith(start)
        and plain.endswith(end)
    )


@lru_cache(maxsize=1)
def glossary() -> Glossary:
    """The glossary that the package ships."""
    return Glossary(
        json.loads((files("viewcomfy_codegen.catalog") / "glossary.json").read_bytes())
    )

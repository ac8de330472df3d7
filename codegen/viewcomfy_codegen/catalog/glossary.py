"""What inputs are for, in our own words."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files
from typing import Any, Final

_NO_EFFECT: Final = ("; has no effect.", "; have no effect.")


class Glossary:
    """Our own sentences on inputs: by class and name, by name, by a pattern with one `*`, by type and by role."""

    def __init__(self, data: Mapping[str, Any]) -> None:
        self._classes: Mapping[str, Mapping[str, str]] = data["classes"]
        self._names: Mapping[str, str] = data["names"]
        self._patterns: Mapping[str, str] = data["patterns"]
        self._types: Mapping[str, str] = data["types"]
        self._roles: Mapping[str, str] = data["roles"]

    def sentence(
        self, class_type: str, plain: str, kind: str, tooltip: str = ""
    ) -> tuple[str, str]:
        """What an input of this plain name is for, and who says so; empty where nothing true can be said.

        `tooltip` is what the user's own server says: better than what is said of a name, no matter of which class.
        """
        known = self._classes.get(class_type, {}).get(plain)
        if known:
            return known, "the glossary, on its class"
        if tooltip:
            return tooltip, "your ComfyUI's tooltip"
        if plain in self._names:
            return self._names[plain], "the glossary, on its name"
        spoken = plain.replace("_", " ")
        for glob, sentence in self._patterns.items():
            start, _, end = glob.partition("*")
            if (
                len(plain) > len(start + end)
                and plain.startswith(start)
                and plain.endswith(end)
            ):
                rest = plain.removeprefix(start).removesuffix(end).replace("_", " ")
                text = sentence.format(words=spoken, rest=rest.strip())
                return text, f"the glossary, on names like {glob}"
        text = self._types.get(kind, "").format(words=spoken) if plain else ""
        return text, "its type alone" if text else ""

    def has_no_effect(self, class_type: str, plain: str) -> bool:
        """Whether an input changes nothing by its own sentence: notes, helpers and previews of the editor."""
        said = self._classes.get(class_type, {}).get(plain) or self._names.get(
            plain, ""
        )
        return said.endswith(_NO_EFFECT)

    def role(self, side: str) -> str:
        """What a text is for that becomes this side of the prompt."""
        return self._roles[side]


@lru_cache(maxsize=1)
def glossary() -> Glossary:
    """The glossary that the package ships."""
    return Glossary(json.loads((files(__package__) / "glossary.json").read_bytes()))

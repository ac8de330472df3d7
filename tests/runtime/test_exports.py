"""What the package exports: whatever its own signatures name."""

from __future__ import annotations

import inspect
import pkgutil
import re
from collections.abc import Iterator
from importlib import import_module

import viewcomfy_runtime

OWN_AFFAIR = {"Http", "Remote", "Session"}
"""How files are fetched; nobody has to make or name one."""


def defined() -> set[str]:
    """The names of all public types of the package."""
    found = set()
    for each in pkgutil.walk_packages(viewcomfy_runtime.__path__, "viewcomfy_runtime."):
        if each.name.endswith("__main__"):
            continue
        module = import_module(each.name)
        annotations = getattr(module, "__annotations__", {})
        found |= {name for name in annotations if annotations[name] == "TypeAlias"}
        found |= {
            name
            for name, value in vars(module).items()
            if inspect.isclass(value) and value.__module__ == module.__name__
        }
    return {each for each in found if not each.startswith("_")}


def signatures() -> Iterator[tuple[str, str]]:
    """The annotations in all that is exported, with the place of each."""
    for name in viewcomfy_runtime.__all__:
        value = getattr(viewcomfy_runtime, name)
        members = inspect.getmembers(value) if inspect.isclass(value) else []
        for place, each in [(name, value), *members]:
            if place.startswith("_") and place != "__init__":
                continue
            each = getattr(each, "fget", getattr(each, "func", each))
            about = getattr(each, "__annotations__", None) or {}
            for argument, text in about.items():
                if not argument.startswith("_"):
                    yield f"{name}.{place}({argument})", str(text)


def test_every_type_in_a_public_signature_is_exported() -> None:
    known = defined() - OWN_AFFAIR - set(viewcomfy_runtime.__all__)
    missing = {
        place: word
        for place, text in signatures()
        for word in re.findall(r"\w+", text)
        if word in known
    }
    assert missing == {}

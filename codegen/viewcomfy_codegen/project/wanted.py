"""The entries of a project's table about single parameters and outputs, resolved by key or by
name.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from viewcomfy_runtime.parameters.fields import REQUIRED
from viewcomfy_runtime.parameters.key import WireKey

from ..errors import CodegenError, Diagnostic
from ..naming.outputs import RESERVED_OUTPUTS
from ..planning.filters import Named
from ..planning.options import Shared
from ..planning.wishes import Wish
from ..words import usable


class Wanted(NamedTuple):
    """A table's entries by what they refer to: a key, a name, or an output's node.

    A name is the one that the workflow itself gives, whatever the table or an earlier module makes
    of it, so an entry means the same at every run. `shared` has the inputs that one parameter sets,
    and its default, by its name. `where` is the table.
    """

    where: str = ""
    wishes: Mapping[str, Wish] = {}
    shared: Mapping[str, tuple[tuple[str, ...], Any]] = {}
    outputs: Mapping[str, str] = {}


def wanted_of(settings: Mapping[str, Any], where: str) -> Wanted:
    """The entries in a client's settings."""
    wishes: dict[str, Wish] = {}

    def want(place: str, **wish: Any) -> None:
        wishes[place] = wishes.get(place, Wish(where))._replace(**wish)

    for place, name in settings.get("rename", {}).items():
        want(place, name=normalized(name))
    for place, text in settings.get("docs", {}).items():
        want(place, doc=text)
    for place in settings.get("optional", ()):
        want(place, required=False)
    for place in settings.get("required", ()):
        want(place, required=True)
    shared = {
        normalized(name): (
            (tuple(each["inputs"]), each.get("default", REQUIRED))
            if isinstance(each, dict)
            else (tuple(each), REQUIRED)
        )
        for name, each in settings.get("shared", {}).items()
    }
    outputs = {id: normalized(name) for id, name in settings.get("outputs", {}).items()}
    return Wanted(where, wishes, shared, outputs)


def normalized(name: str) -> str:
    """A name as Python compares it."""
    return unicodedata.normalize("NFKC", name)


def found_in(
    wanted: Wanted, named: Named, shown: Named
) -> tuple[dict[WireKey, Wish], tuple[Shared, ...]]:
    """The entries by input. `named` are all inputs, `shown` those that have a parameter anyway.

    An entry for an input that is hidden because it has no effect gives it a parameter. Raises
    CodegenError for unknown inputs, and for names that are invalid or taken.
    """
    seen = {draft.key for _, draft in shown}
    named = [pair for pair in named if pair[1].hidden or pair[1].key in seen]
    found = _Finding(named, wanted)
    for place, wish in wanted.wishes.items():
        found.add(place, wish)
    for name, (places, default) in wanted.shared.items():
        found.share(name, places, default)
    wishes, shared = found.wishes, tuple(found.shared)
    members = {key for each in shared for key in each.inputs[1:]}
    shown = [pair for pair in named if pair[1].key in seen | wishes.keys()]
    faults = [*found.faults, *_clashes(wishes, members, shown)]
    if faults:
        raise CodegenError(*faults)
    return wishes, shared


class _Finding:
    """The entries whose input was found, and the faults of the others."""

    def __init__(self, named: Named, wanted: Wanted) -> None:
        self.wishes: dict[WireKey, Wish] = {}
        self.shared: list[Shared] = []
        self.faults: list[Diagnostic] = []
        self._where = wanted.where
        self._given = {
            **{wish.name: place for place, wish in wanted.wishes.items() if wish.name},
            **{name: places[0] for name, (places, _) in wanted.shared.items()},
        }
        self._taken: set[WireKey] = set()
        self._places = {str(draft.key): draft.key for _, draft in named}
        self._places |= {str(name): draft.key for name, draft in named}

    def add(self, place: str, wish: Wish) -> None:
        """An entry for a single parameter. One that contradicts another is a fault."""
        key = self._find(place)
        if key is None:
            return
        known = self.wishes.get(key, Wish(self._where))
        said = {
            part: value
            for part in ("name", "doc", "required")
            if (value := getattr(wish, part)) is not None
        }
        for part, value in said.items():
            if getattr(known, part) not in (None, value):
                self._refuse(f"{key} has two entries for its {part}", _ONE)
        self.wishes[key] = known._replace(**said)

    def share(self, name: str, places: tuple[str, ...], default: Any) -> None:
        """An entry for a parameter that sets several inputs."""
        keys = tuple(dict.fromkeys(key for each in places if (key := self._find(each))))
        if not self._taken.isdisjoint(keys):
            message = f"{name} has an input that another entry of shared already has"
            self._refuse(message, _ONE)
        elif len(keys) > 1:
            self._taken.update(keys)
            self.shared.append(Shared(keys, default))
            wish = self.wishes.get(keys[0], Wish(self._where))
            self.wishes[keys[0]] = wish._replace(name=name)
        elif not self.faults:
            self._refuse(f"{name} has only one input", "name two or more")

    def _find(self, place: str) -> WireKey | None:
        key = self._places.get(place) or self._places.get(normalized(place))
        if key is None:
            self.faults.append(self._unknown(place))
        return key

    def _unknown(self, place: str) -> Diagnostic:
        from difflib import get_close_matches

        near = get_close_matches(place, self._places, n=1)
        question = f"; did you mean {near[0]}?" if near else ""
        hint = "give a key such as 6-inputs-text, or the name that the workflow itself gives"
        if (own := self._given.get(normalized(place))) is not None:
            question = ""
            hint = f"{place} is the table's own name: write {own}, which it stands for"
        return Diagnostic(self._where, f"there is no parameter {place}{question}", hint)

    def _refuse(self, message: str, hint: str) -> None:
        self.faults.append(Diagnostic(self._where, message, hint))


_ONE = "keep one of them"


def _clashes(
    wishes: Mapping[WireKey, Wish], members: set[WireKey], named: Named
) -> Iterator[Diagnostic]:
    """Invalid names, and names that two inputs would share; `members` of shared parameters have no
    name of their own.
    """
    own = {draft.key: name for name, draft in named}
    holders = {
        str(name): key
        for key, name in own.items()
        if key not in members and not (key in wishes and wishes[key].name)
    }
    for key, wish in wishes.items():
        name = wish.name
        if name is None:
            continue
        if not usable(name):
            message = f"{name!r} cannot be a parameter's name"
            hint = (
                "choose an identifier that is neither a keyword or built-in "
                "name of Python nor a name that the module uses"
            )
            yield Diagnostic(wish.origin, message, hint)
        elif name in holders:
            other = holders[name]
            message = f"{own[key]} and {own[other]} cannot both be called {name}"
            hint = f"choose another name, or rename {own[other]} too"
            yield Diagnostic(wish.origin, message, hint)
        holders[name] = key


def outputs_in(wanted: Wanted, nodes: Mapping[str, str]) -> dict[str, str]:
    """The requested names of outputs by node; `nodes` are the output nodes with their other names.

    Raises CodegenError for nodes that aren't output nodes, and for invalid names.
    """
    faults: list[Diagnostic] = []
    holders = {name: id for id, name in nodes.items() if id not in wanted.outputs}
    for id, name in wanted.outputs.items():
        if id not in nodes:
            listed = ", ".join(f"{node} ({own})" for node, own in nodes.items())
            message = f"node {id} is not an output node"
            hint = f"the outputs are {listed}"
            faults.append(Diagnostic(wanted.where, message, hint))
        elif not usable(name) or name in RESERVED_OUTPUTS:
            message = f"{name!r} cannot be an output's name"
            hint = "choose an identifier that is not already an attribute of results"
            faults.append(Diagnostic(wanted.where, message, hint))
        elif name in holders:
            message = f"the outputs of nodes {holders[name]} and {id} cannot both be called {name}"
            faults.append(Diagnostic(wanted.where, message, "choose another name"))
        holders[name] = id
    if faults:
        raise CodegenError(*faults)
    return dict(wanted.outputs)

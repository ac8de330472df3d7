"""Reads view_comfy.json, ViewComfy's description of an app: which inputs it shows, and their names,
groups and types.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from viewcomfy_runtime.json_types import JsonObject, JsonValue, as_list, as_object
from viewcomfy_runtime.parameters.key import WireKey
from viewcomfy_runtime.parameters.types import Media

from ..errors import CodegenError, Diagnostic
from ..model import ADVANCED, BASIC
from ..planning.wishes import Wish
from ..words import plain_name, words
from .view_comfy_types import TYPES, UNTYPED, entry_type, kind_of_value

_PLACEHOLDERS: Final = frozenset({"", "helper text", "help text", "placeholder"})
"""What the editor fills in if nobody wrote anything."""


class App(NamedTuple):
    """An app in a file: its title, what it shows, and its workflow if the file contains it."""

    title: str
    shown: JsonObject
    graph: JsonValue

    def workflow(self, name: str) -> JsonObject:
        """The workflow in API format. Raises CodegenError for an app without one."""
        if not isinstance(self.graph, dict):
            raise CodegenError(
                Diagnostic(
                    name,
                    f"the app {self.title!r} has no workflowApiJSON",
                    "pass the workflow_api.json, and this file with --view-comfy",
                )
            )
        return self.graph


def apps_in(document: JsonObject, name: str) -> list[App]:
    """The apps in a file. Raises CodegenError for a file without any."""
    found = document.get("workflows")
    entries = found if isinstance(found, list) else [document]
    apps = [
        App(
            _words_of(shown) or f"workflow {number}",
            shown,
            entry.get("workflowApiJSON"),
        )
        for number, entry in enumerate(entries, 1)
        if isinstance(entry, dict)
        and isinstance(shown := entry.get("viewComfyJSON"), dict)
    ]
    if not apps:
        raise CodegenError(
            Diagnostic(name, "it contains no app", "export it from ViewComfy's editor")
        )
    return apps


def picked(apps: list[App], wanted: str | None, name: str) -> App:
    """The app with this number, from 1, or title; the only one if `wanted` is None.

    Raises CodegenError if there is no such app, or if there are several and `wanted` is None.
    """
    if wanted is None and len(apps) == 1:
        return apps[0]
    listed = ", ".join(f"{number} {app.title!r}" for number, app in enumerate(apps, 1))
    if wanted is None:
        raise CodegenError(
            Diagnostic(
                name,
                f"it contains {len(apps)} workflows: {listed}",
                "choose one with --workflow, by number or title",
            )
        )
    named = [app for app in apps if app.title == wanted]
    if len(named) == 1:
        return named[0]
    if wanted.isdecimal() and 1 <= int(wanted) <= len(apps):
        return apps[int(wanted) - 1]
    raise CodegenError(
        Diagnostic(
            name,
            f"it contains no workflow {wanted!r}",
            f"it contains {listed}",
        )
    )


def wishes_of(
    app: App, workflow: object, name: str
) -> tuple[dict[WireKey, Wish], tuple[Diagnostic, ...]]:
    """What the app requests for the inputs of its workflow, in its order, and diagnostics about
    what can't be fulfilled.
    """
    wishes: dict[WireKey, Wish] = {}
    notes: list[Diagnostic] = []
    for shown in _inputs(app):
        found = _found(shown, workflow)
        if found is None:
            notes.append(_missing(shown, name))
            continue
        if not _is_known(shown.entry.get("valueType")):
            notes.append(_untyped(shown, name))
        origin = f"{name}, {app.title}"
        wishes[found.key] = _wish(shown, found, origin, len(wishes))
    return wishes, tuple(notes)


def _wish(shown: _Shown, found: _Found, origin: str, order: int) -> Wish:
    entry = shown.entry
    visibility = (shown.group.get("visibility"), entry.get("visibility"))
    return Wish(
        origin=origin,
        label=_label(shown, found),
        doc=_description(entry),
        type=entry_type(entry, found.value),
        required=_required(entry, found.value),
        group=shown.section,
        hidden="deleted" in visibility or "hidden" in visibility,
        order=order,
    )


def _missing(shown: _Shown, name: str) -> Diagnostic:
    return Diagnostic(
        name,
        f"shows {shown.entry.get('key')!r}, which the workflow does not have; it is left out",
        "export both again from the same workflow",
        "warning",
    )


def _untyped(shown: _Shown, name: str) -> Diagnostic:
    key, kind = shown.entry.get("key"), shown.entry.get("valueType")
    message = f"{key!r} has the unknown type {kind!r}; the node's own is used"
    return Diagnostic(name, message, None, "note")


def edited(app: App, workflow: JsonObject) -> JsonObject:
    """The workflow with the values that were edited in the app, which it sends instead of the
    deployed ones.
    """
    nodes: dict[str, JsonObject] = {}
    for shown in _inputs(app):
        found = _found(shown, workflow)
        if found is None:
            continue
        value = shown.entry.get("value")
        is_file = isinstance(entry_type(shown.entry, found.value), Media)
        if is_file or not _is_edit(found.value, value):
            continue
        id, input = found.key.node, found.key.name
        node = nodes.get(id, found.node)
        nodes[id] = {**node, "inputs": {**as_object(node["inputs"]), input: value}}
    return {**workflow, **nodes} if nodes else workflow


def _is_edit(deployed: JsonValue, value: JsonValue) -> bool:
    """Whether the app's value is a different one of the same kind, beyond the precision that a
    browser has for large numbers.
    """
    kind = kind_of_value(value)
    if kind is None or kind != kind_of_value(deployed) or value == deployed:
        return False
    if isinstance(value, int) and isinstance(deployed, int):
        return abs(value - deployed) > abs(deployed) >> 52
    return True


class _Shown(NamedTuple):
    """An input that an app lists, with the group of its node and its section.

    `alone` tells whether it is the group's only input.
    """

    group: JsonObject
    entry: JsonObject
    alone: bool
    section: str


def _inputs(app: App) -> Iterator[_Shown]:
    """The inputs that the app lists, in its order."""
    for key, section in (("inputs", BASIC), ("advancedInputs", ADVANCED)):
        for group in map(as_object, as_list(app.shown.get(key))):
            entries = [
                each for each in as_list(group.get("inputs")) if isinstance(each, dict)
            ]
            for entry in entries:
                yield _Shown(group, entry, len(entries) == 1, section)


class _Found(NamedTuple):
    """The input of the workflow that an app's entry refers to, its node and its deployed value."""

    key: WireKey
    node: JsonObject
    value: JsonValue


def _found(shown: _Shown, workflow: object) -> _Found | None:
    key = _key(shown.entry)
    if key is None or not isinstance(workflow, dict):
        return None
    node = as_object(workflow.get(key.node))
    inputs = as_object(node.get("inputs"))
    return _Found(key, node, inputs[key.name]) if key.name in inputs else None


def _key(entry: JsonObject) -> WireKey | None:
    match entry.get("workflowPath"):
        case [str(node), "inputs", str(input)]:
            return WireKey(node, input)
    return WireKey.parse(str(entry.get("key")))


def _is_known(kind: JsonValue) -> bool:
    return isinstance(kind, str) and (kind in TYPES or kind in UNTYPED)


def _label(shown: _Shown, found: _Found) -> str | None:
    """The words that somebody wrote for the input, as opposed to its own name or that of its
    node's class.
    """
    name, class_type = found.key.name, str(found.node.get("class_type"))
    usual = [set(words(plain_name(name))), set(words(name)), set(words(class_type))]
    own, whole = _words_of(shown.entry), _words_of(shown.group)
    if own and set(words(own)) not in usual and own != whole:
        return own
    is_usual = set(words(whole)) <= {*words(class_type), *_USUAL}
    return whole if shown.alone and whole and not is_usual else None


def _words_of(entry: JsonObject) -> str:
    """The title that somebody wrote, if it is a text or a number."""
    title = entry.get("title")
    is_title = isinstance(title, str | int | float) and not isinstance(title, bool)
    return str(title) if is_title else ""


_USUAL: Final = frozenset("text encode prompt load image node".split())


def _description(entry: JsonObject) -> str | None:
    """The help text that somebody wrote, on one line."""
    for key in ("helpText", "tooltip"):
        text = entry.get(key)
        plain = " ".join(text.split()) if isinstance(text, str) else ""
        if plain.lower() not in _PLACEHOLDERS and plain != entry.get("title"):
            return plain[:400]
    return None


def _required(entry: JsonObject, value: JsonValue) -> bool | None:
    """Whether every call must set the input; a deployed value serves calls that don't."""
    validations = entry.get("validations")
    found = validations.get("required") if isinstance(validations, dict) else None
    if found is True and not isinstance(entry_type(entry, value), Media):
        return True if value in ("", None) else None
    return found if isinstance(found, bool) else None

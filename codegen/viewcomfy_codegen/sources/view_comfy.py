"""view_comfy.json, ViewComfy's description of an app: which
inputs it shows, how it names and groups them, what they take.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

from viewcomfy_runtime.parameters.key import WireKey
from viewcomfy_runtime.parameters.types import (
    Media,
)

from ..errors import CodegenError, Diagnostic
from ..model import ADVANCED, BASIC
from ..planning.wishes import Wish
from ..words import plain_name, words
from .view_comfy_types import TYPES, UNTYPED, entry_type, kind_of_value

_PLACEHOLDERS: Final = frozenset({"", "helper text", "help text", "placeholder"})
"""What the editor writes where nobody wrote anything."""


class App(NamedTuple):
    """One of the apps in a file: its title, what it shows, and its workflow if the file has it."""

    title: str
    shown: Mapping[str, Any]
    graph: Any

    def workflow(self, name: str) -> dict[str, Any]:
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


def apps_in(document: Any, name: str) -> list[App]:
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
    """The app with this number, from 1, or this title; the only one if None is wanted.

    Raises CodegenError.
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
    app: App, workflow: Any, name: str
) -> tuple[dict[WireKey, Wish], tuple[Diagnostic, ...]]:
    """What the app wants of the inputs of its workflow, in
    its order, and what of it cannot be had.
    """
    wishes: dict[WireKey, Wish] = {}
    notes: list[Diagnostic] = []
    for group, entry, many, section in _entries(app):
        target = _target(entry)
        node = _node(target, workflow)
        if target is None or node is None:
            notes.append(
                Diagnostic(
                    name,
                    f"shows {entry.get('key')!r}, which the workflow does not have; it is left out",
                    "export both again from the same workflow",
                    "warning",
                )
            )
            continue
        kind = entry.get("valueType")
        if not isinstance(kind, str) or kind not in {*TYPES, *UNTYPED}:
            notes.append(
                Diagnostic(
                    name,
                    f"{entry.get('key')!r} has the unknown type {kind!r}; the node's own is used",
                    None,
                    "note",
                )
            )
        value = node["inputs"][target.name]
        visibility = (group.get("visibility"), entry.get("visibility"))
        wishes[target] = Wish(
            origin=f"{name}, {app.title}",
            label=_label(group, entry, many, target, str(node.get("class_type"))),
            doc=_told(entry),
            type=entry_type(entry, value),
            required=_required(entry, value),
            group=section,
            hidden="deleted" in visibility or "hidden" in visibility,
            order=len(wishes),
        )
    return wishes, tuple(notes)


def edited(app: App, workflow: dict[str, Any]) -> dict[str, Any]:
    """The workflow with the values that were edited in the
    app, which the app sends in place of its own.
    """
    nodes: dict[str, Any] = {}
    for _, entry, _, _ in _entries(app):
        target = _target(entry)
        node = _node(target, workflow)
        if target is None or node is None:
            continue
        deployed, value = node["inputs"][target.name], entry.get("value")
        if _is_edit(deployed, value) and not isinstance(
            entry_type(entry, deployed), Media
        ):
            if target.node not in nodes:
                nodes[target.node] = {**node, "inputs": dict(node["inputs"])}
            nodes[target.node]["inputs"][target.name] = value
    return workflow | nodes if nodes else workflow


def _is_edit(deployed: Any, value: Any) -> bool:
    """Whether the app's value is another one of the same
    kind: not what a browser made of a large number.
    """
    kind = kind_of_value(value)
    if kind is None or kind != kind_of_value(deployed) or value == deployed:
        return False
    if isinstance(value, int) and isinstance(deployed, int):
        return abs(value - deployed) > abs(deployed) >> 52
    return True


def _node(target: WireKey | None, workflow: Any) -> dict[str, Any] | None:
    """The node of the workflow that has this input."""
    if target is None or not isinstance(workflow, dict):
        return None
    node = workflow.get(target.node)
    inputs = node.get("inputs") if isinstance(node, dict) else None
    return node if isinstance(inputs, dict) and target.name in inputs else None


def _entries(
    app: App,
) -> Iterator[tuple[Mapping[str, Any], Mapping[str, Any], bool, str]]:
    """The inputs that the app lists: with their node's
    group, whether that has several, and their section.
    """
    for key, section in (("inputs", BASIC), ("advancedInputs", ADVANCED)):
        groups = app.shown.get(key)
        for group in groups if isinstance(groups, list) else ():
            inputs = group.get("inputs") if isinstance(group, dict) else None
            entries = [
                each
                for each in (inputs if isinstance(inputs, list) else ())
                if isinstance(each, dict)
            ]
            for entry in entries:
                yield group, entry, len(entries) > 1, section


def _target(entry: Mapping[str, Any]) -> WireKey | None:
    path = entry.get("workflowPath")
    if (
        isinstance(path, list)
        and len(path) == 3
        and path[1] == "inputs"
        and all(isinstance(part, str) for part in path)
    ):
        return WireKey(path[0], path[2])
    return WireKey.parse(str(entry.get("key")))


def _label(
    group: Mapping[str, Any],
    entry: Mapping[str, Any],
    many: bool,
    target: WireKey,
    class_type: str,
) -> str | None:
    """The words that somebody wrote for the input: not its
    own name, nor its node's class with a capital.
    """
    usual = [
        set(words(plain_name(target.name))),
        set(words(target.name)),
        set(words(class_type)),
    ]
    own, whole = _words_of(entry), _words_of(group)
    if own and set(words(own)) not in usual and own != whole:
        return own
    if not many and whole and not set(words(whole)) <= {*words(class_type), *_USUAL}:
        return whole
    return None


def _words_of(entry: Mapping[str, Any]) -> str:
    """The title that somebody wrote, where it is a text or a number."""
    title = entry.get("title")
    is_title = isinstance(title, str | int | float) and not isinstance(title, bool)
    return str(title) if is_title else ""


_USUAL: Final = frozenset("text encode prompt load image node".split())


def _told(entry: Mapping[str, Any]) -> str | None:
    """The help that somebody wrote, on one line."""
    for key in ("helpText", "tooltip"):
        text = entry.get(key)
        plain = " ".join(text.split()) if isinstance(text, str) else ""
        if plain.lower() not in _PLACEHOLDERS and plain != entry.get("title"):
            return plain[:400]
    return None


def _required(entry: Mapping[str, Any], value: Any) -> bool | None:
    """Whether a call has to give it: a value that is deployed is there for those who give none."""
    validations = entry.get("validations")
    found = validations.get("required") if isinstance(validations, dict) else None
    if found is True and not isinstance(entry_type(entry, value), Media):
        return True if value in ("", None) else None
    return found if isinstance(found, bool) else None

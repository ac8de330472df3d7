"""Lists how a server's classes have changed, to help decide whether to regenerate."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from .facts import InputFacts, Scalar
from .node_facts import NodeFacts

_MOST_NAMED: Final = 6
"""Maximum number of choices listed by name; the rest are counted."""

_SETTINGS: Final = {
    "type": "type",
    "lo": "minimum",
    "hi": "maximum",
    "step": "step",
    "default": "default",
    "widget_type": "widget",
    "upload": "upload",
    "control": "control",
}
_MARKS: Final = {
    "required": ("now required", "now optional"),
    "force_input": ("now a socket only", "now has a widget"),
    "multiline": ("now multiline", "now a single line"),
    "multiselect": ("now takes several choices", "now takes one choice"),
    "files": ("now lists files", "no longer lists files"),
}


def differences(old: NodeFacts, new: NodeFacts) -> Iterator[str]:
    """One line for each fact that changed in `new`."""
    if old.name != new.name:
        yield f"title: {old.name} → {new.name}"
    if old.output_node != new.output_node:
        yield "now an output node" if new.output_node else "no longer an output node"
    if old.outputs != new.outputs:
        yield f"outputs: {_listed(old.outputs)} → {_listed(new.outputs)}"
    yield from _of_inputs(old.inputs, new.inputs, "")
    shared = [name for name in old.inputs if name in new.inputs]
    if shared != [name for name in new.inputs if name in old.inputs]:
        yield "inputs: order changed"


def _of_inputs(
    old: Mapping[str, InputFacts], new: Mapping[str, InputFacts], before: str
) -> Iterator[str]:
    for name in old:
        if name not in new:
            yield f"{before}{name}: removed"
    for name, facts in new.items():
        path = f"{before}{name}"
        if name in old:
            yield from _of_input(old[name], facts, path)
        else:
            needed = "required" if facts.required else "optional"
            yield f"{path}: new, {facts.type}, {needed}"


def _of_input(old: InputFacts, new: InputFacts, path: str) -> Iterator[str]:
    for name, word in _SETTINGS.items():
        before, after = getattr(old, name), getattr(new, name)
        if before != after:
            yield f"{path}: {word} {_shown(before)} → {_shown(after)}"
    for name, (yes, no) in _MARKS.items():
        if getattr(old, name) != getattr(new, name):
            yield f"{path}: {yes if getattr(new, name) else no}"
    more = [each for each in new.choices if each not in old.choices]
    less = [each for each in old.choices if each not in new.choices]
    if more:
        yield f"{path}: new choices {_listed(more)}"
    if less:
        yield f"{path}: no longer {_listed(less)}"
    for option, members in new.branches.items():
        if option in old.branches:
            yield from _of_inputs(old.branches[option], members, f"{path}[{option}].")
    if old.autogrow is not None and new.autogrow is not None:
        yield from _of_input(old.autogrow.element, new.autogrow.element, f"{path}.*")
        if old.autogrow.most != new.autogrow.most:
            most = f"{_shown(old.autogrow.most)} → {_shown(new.autogrow.most)}"
            yield f"{path}: at most {most}"
    if old.group is not None and new.group is not None:
        yield from _of_inputs(old.group.members, new.group.members, f"{path}.*.")


def _listed(values: tuple[str, ...] | list[Scalar]) -> str:
    shown = ", ".join(str(each)[:80] for each in values[:_MOST_NAMED])
    rest = len(values) - _MOST_NAMED
    return f"{shown or 'nothing'}{f' and {rest} more' if rest > 0 else ''}"


def _shown(value: object) -> str:
    return "none" if value is None else str(value)[:80]

"""The inputs of a workflow that can be set, each with its type and its group."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from viewcomfy_runtime.parameters.fields import UNUSED
from viewcomfy_runtime.parameters.key import WireKey
from viewcomfy_runtime.parameters.types import Integer, Media, ParameterType

from ..catalog import Catalog, NodeFacts
from ..graph.roles import PRIMITIVE, Roles
from ..graph.workflow import Node, Workflow
from ..model import ADVANCED, BASIC, Identifier
from ..naming.candidates import split_mark
from ..words import unique, words
from .ranking import is_rare
from .types import kind_of, kind_wished
from .wishes import Wish, Wishes


@dataclass(frozen=True, slots=True)
class Draft:
    """A parameter while it is planned.

    `marked` when its node has one of ViewComfy's marks; `mask_of` names the picture whose mask this is; `told` is what the
    user's own server says of the input, `wish` what the user wrote down on it.
    """

    node: Node
    input: str
    value: Any
    type: ParameterType
    group: str
    marked: bool
    mask_of: str | None = None
    told: str = ""
    wish: Wish | None = None
    step: int | float | None = None
    type_origin: str = ""
    name_origin: str = ""

    @property
    def key(self) -> WireKey:
        return WireKey(self.node.id, self.input)


def drafts(
    workflow: Workflow,
    catalog: Catalog,
    facts: Mapping[str, NodeFacts | None],
    roles: Roles,
    wishes: Wishes | None = None,
    curated: bool = False,
) -> Iterator[Draft]:
    """Every input that holds a value, but the widgets that only the web page uses, in the order of the flow.

    `curated` has the wishes in place of ViewComfy's marks say what is to be shown.
    """
    wishes = wishes or {}
    useful = workflow.leading_to(output_ids(workflow, facts))
    for node in workflow.nodes.values():
        known = facts[node.class_type]
        declared = known.inputs if known is not None else {}
        mark, _ = split_mark(node.title)
        for name in _in_order(node, declared):
            value = unwrapped(node.values[name])
            if name not in declared and _only_on_the_page(name, value, known):
                continue
            kind, origin = kind_of(name, value, declared.get(name), catalog)
            if known is not None and known.own and origin.startswith("its class"):
                origin = origin.replace("its class", "your ComfyUI's own word")
            if isinstance(kind, Integer) and _is_seed(node, name, roles):
                kind = replace(kind, random=True)
            if mark is not None:
                group = mark
            elif node.id not in useful:
                group = UNUSED
            else:
                rare = is_rare(name, value, kind, declared.get(name), known)
                group = ADVANCED if rare else BASIC
            told = declared[name].tooltip if name in declared else ""
            wish = wishes.get(WireKey(node.id, name))
            if wish is not None:
                wanted = wish.type and kind_wished(kind, wish.type, value)
                if wanted is not None and wanted is not kind:
                    kind, origin = wanted, wish.origin
                group = wish.group or group
            marked = mark is not None if not curated else wish is not None
            yield Draft(
                node,
                name,
                value,
                kind,
                group,
                marked,
                told=told,
                wish=wish,
                step=declared[name].step if name in declared else None,
                type_origin=origin,
            )


def masks(
    named: Iterable[tuple[Identifier, Draft]],
    workflow: Workflow,
    facts: Mapping[str, NodeFacts | None],
    wishes: Wishes,
) -> Iterator[tuple[Identifier, Draft]]:
    """The parameters, and after each picture whose loader's mask the workflow uses a file for that mask."""
    pairs = list(named)
    taken: set[str] = {name for name, _ in pairs}
    for name, draft in pairs:
        yield name, draft
        if isinstance(draft.type, Media) and _uses_mask(draft.node, workflow, facts):
            key = draft.key.mask
            wish = wishes.get(key)
            wanted = wish.name if wish is not None and wish.name else f"{name}_mask"
            mask = replace(
                draft,
                input=key.name,
                value=None,
                wish=wish,
                type=Media("image/*", optional=True),
                mask_of=name,
                name_origin="the picture whose mask it is",
                type_origin="the picture whose mask it is",
            )
            yield unique(wanted, taken), mask


def _uses_mask(
    node: Node, workflow: Workflow, facts: Mapping[str, NodeFacts | None]
) -> bool:
    known = facts[node.class_type]
    outputs = known.outputs if known is not None else ()
    return any(
        outputs[use.output : use.output + 1] == ("MASK",)
        for use in workflow.uses[node.id]
    )


def unwrapped(value: Any) -> Any:
    """A list as its user knows it, which ComfyUI writes as `{"__value__": […]}` so as not to take it for a link."""
    if (
        isinstance(value, dict)
        and value.keys() == {"__value__"}
        and isinstance(value["__value__"], list)
    ):
        return value["__value__"]
    return value


def output_ids(workflow: Workflow, facts: Mapping[str, NodeFacts | None]) -> set[str]:
    """The nodes that ComfyUI runs a workflow for; of an unknown class, those that nothing uses."""
    ends = {id for id, uses in workflow.uses.items() if not uses}
    outputs = {
        node.id
        for node in workflow.nodes.values()
        if (known.output_node if (known := facts[node.class_type]) else node.id in ends)
    }
    return outputs or ends


def _in_order(node: Node, declared: Iterable[str]) -> Iterator[str]:
    """The node's values as its class lists them, then those that it does not list."""
    listed = [name for name in declared if name in node.values]
    return iter([*listed, *(name for name in node.values if name not in set(listed))])


_CONTROLS: Final = frozenset({"fixed", "randomize", "increment", "decrement"})


def _only_on_the_page(name: str, value: Any, known: NodeFacts | None) -> bool:
    """Whether an undeclared input is a button, a header or a control that only the web page has."""
    if isinstance(value, dict):
        kind = value.get("type")
        return (
            isinstance(kind, str) and kind.endswith("Widget")
        ) or name.lower().endswith("preview")
    if value is None or value == "":
        return known is not None or re.fullmatch(r"\w+", name) is None
    if isinstance(value, str):
        return value in _CONTROLS or (
            "upload" in words(name) and value in ("image", "video", "audio")
        )
    return False


def _is_seed(node: Node, name: str, roles: Roles) -> bool:
    own = set(words(name))
    if "seed" in own:
        return True
    fed = roles.fed(node)
    return fed is not None and own <= PRIMITIVE and "seed" in words(fed[1])


def is_random(kind: ParameterType) -> bool:
    return isinstance(kind, Integer) and kind.random

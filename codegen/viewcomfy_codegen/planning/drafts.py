"""The settable inputs of a workflow, each with its type and group."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Final, NamedTuple

from viewcomfy_runtime.json_types import JsonValue
from viewcomfy_runtime.parameters.branches import Branch
from viewcomfy_runtime.parameters.fields import REQUIRED, UNUSED
from viewcomfy_runtime.parameters.key import WireKey
from viewcomfy_runtime.parameters.types import Choice, Integer, Media, ParameterType

from ..catalog import PAGE_CLASSES, PLACE, Catalog, NodeFacts
from ..graph.outputs import output_ids
from ..graph.roles import Roles
from ..graph.workflow import Node, Workflow
from ..model import ADVANCED, BASIC, Identifier, Origin
from ..naming.titles import split_mark
from ..words import unique, words
from .branches import branches_of, in_class_order, joined_type, lacking
from .constants import Held, consumed_type
from .declared_types import declared_type
from .groups import is_rare
from .hiding import hidden_reason, only_on_the_page
from .slots import Slots
from .types import TypeOrigin, is_random, kind_of, kind_wished
from .widget import Widget, widget_of
from .wishes import Wish, Wishes

_OF_A_SERVER: Final = {
    TypeOrigin.CLASS: TypeOrigin.SERVER,
    TypeOrigin.LOOSENED: TypeOrigin.SERVER_LOOSENED,
}


class Draft(NamedTuple):
    """A parameter while it is being planned.

    `value` is the deployed value, `default` what a call sends if it sets nothing (REQUIRED if every
    call must set it). `doubt` says what ComfyUI accepts if it would refuse the deployed value.
    `marked` is true if the node has one of ViewComfy's marks. `mask_of` is the name of the image
    whose mask this is. `tooltip` is from the user's server, `wish` is what the user wrote about the
    input. `titled` is true if the parameter got its name from its node's title.
    """

    node: Node
    key: WireKey
    value: JsonValue
    type: ParameterType
    group: str
    marked: bool
    default: object = None
    doubt: str = ""
    mask_of: str | None = None
    tooltip: str = ""
    wish: Wish | None = None
    step: int | float | None = None
    type_origin: Origin | str = TypeOrigin.VALUE
    name_origin: Origin | str = ""
    hidden: str = ""
    """Why the input has no parameter unless one is requested; empty if it has one."""
    titled: bool = False
    branches: tuple[Branch, ...] = ()
    """The choices under which the input exists, by their selectors' wire names; empty if it always
    does.
    """
    applicability: str = ""
    """A sentence about the choices under which the input applies; empty if it always does."""
    lacking: bool = False
    """Whether the workflow doesn't contain the input because the deployed choices don't add it."""

    @property
    def input(self) -> str:
        return self.key.name


def drafts(
    workflow: Workflow,
    catalog: Catalog,
    facts: Mapping[str, NodeFacts | None],
    roles: Roles,
    wishes: Wishes | None = None,
    curated: bool = False,
) -> Iterator[Draft]:
    """Every input that holds a value, in order of data flow, except widgets that only the web page
    uses.

    If `curated`, the wishes rather than ViewComfy's marks determine what is shown.
    """
    wishes = wishes or {}
    useful = workflow.leading_to(output_ids(workflow, facts))
    for node in workflow.nodes.values():
        known = facts[node.class_type]
        if known is None and node.class_type in PAGE_CLASSES:
            continue
        mark, _ = split_mark(node.title)
        slots = Slots(node.values)
        for name in in_class_order(node, known):
            each = widget_of(node, name, known)
            if only_on_the_page(each):
                continue
            draft = _draft(each, catalog, roles, slots)
            if "." not in name and draft.default is not REQUIRED:
                held = Held(node, name, each.value, draft.type)
                fed = consumed_type(held, workflow, facts, roles)
                if fed is not None and fed != draft.type:
                    draft = draft._replace(type=fed, type_origin=TypeOrigin.CONSUMER)
            group = mark or (draft.group if node.id in useful else UNUSED)
            if group != draft.group or mark is not None:
                draft = draft._replace(group=group, marked=mark is not None)
            yield _wished(draft, wishes.get(draft.key), curated)


def _draft(widget: Widget, catalog: Catalog, roles: Roles, slots: Slots) -> Draft:
    """The draft of an input, from what is known about its class."""
    node, name, value, declared, known = widget
    kind, origin, default, doubt = kind_of(name, value, declared, catalog)
    if known is not None and known.own:
        origin = _OF_A_SERVER.get(origin, origin)
    if isinstance(kind, Integer) and roles.is_seed(node, name):
        kind = replace(kind, random=True)
    if declared is not None and declared.choices_from and isinstance(kind, Choice):
        kind = replace(kind, place=PLACE if PLACE in node.values else "")
    rare = is_rare(widget, kind, roles, slots)
    return Draft(
        node,
        WireKey(node.id, name),
        value,
        kind,
        ADVANCED if rare else BASIC,
        marked=False,
        default=default,
        doubt=doubt,
        tooltip=declared.tooltip if declared is not None else "",
        step=declared.step if declared is not None else None,
        type_origin=origin,
        hidden=hidden_reason(widget, roles),
        branches=_branches(widget, kind),
    )


def _branches(widget: Widget, kind: ParameterType) -> tuple[Branch, ...]:
    """The branches of an input that the workflow contains; the deployed one has the given type."""
    node, name, value, _, known = widget
    if known is None or "." not in name:
        return ()
    seed = is_random(kind)
    found = branches_of(
        known.variants(name), lambda facts: declared_type(facts, value), seed=seed
    )
    return tuple(
        (
            branch._replace(type=kind)
            if all(node.values.get(path) in keys for path, keys in branch.when.items())
            else branch
        )
        for branch in found
    )


def lacking_drafts(
    workflow: Workflow,
    facts: Mapping[str, NodeFacts | None],
    wishes: Wishes,
    curated: bool = False,
) -> Iterator[Draft]:
    """Drafts of the inputs that other choices than the deployed ones would add. They are optional
    and rarely set.
    """
    useful = workflow.leading_to(output_ids(workflow, facts))
    for node in workflow.nodes.values():
        known = facts[node.class_type]
        if known is None:
            continue
        mark, _ = split_mark(node.title)
        for name in lacking(node, known):
            found = branches_of(
                known.variants(name),
                lambda facts: declared_type(facts, None) if facts.is_widget else None,
                seed="seed" in words(name.rpartition(".")[2]),
            )
            declared = known.input(name)
            if not found or declared is None or declared.page_only:
                continue
            draft = Draft(
                node,
                WireKey(node.id, name),
                None,
                joined_type([branch.type for branch in found]),
                ADVANCED if node.id in useful else UNUSED,
                marked=mark is not None,
                tooltip=declared.tooltip,
                step=declared.step,
                type_origin=TypeOrigin.SERVER if known.own else TypeOrigin.CLASS,
                branches=found,
                lacking=True,
            )
            yield _wished(draft, wishes.get(draft.key), curated)


def _wished(draft: Draft, wish: Wish | None, curated: bool) -> Draft:
    """The draft with what the user requested for it."""
    if wish is None:
        return draft._replace(marked=False) if curated and draft.marked else draft
    wanted = wish.type and kind_wished(draft.type, wish.type, draft.value)
    if wanted is not None and wanted is not draft.type:
        draft = draft._replace(type=wanted, type_origin=wish.origin)
    return draft._replace(
        wish=wish,
        group=wish.group or draft.group,
        marked=draft.marked or curated,
    )


def masks(
    named: Iterable[tuple[Identifier, Draft]],
    workflow: Workflow,
    facts: Mapping[str, NodeFacts | None],
    wishes: Wishes,
) -> Iterator[tuple[Identifier, Draft]]:
    """The parameters; each image whose loader's mask the workflow uses is followed by a file for
    that mask, hidden if only the mask is used: then the image's own transparency is all that
    counts.
    """
    pairs = list(named)
    names: set[str] = {name for name, _ in pairs}
    for name, draft in pairs:
        yield name, draft
        if not isinstance(draft.type, Media):
            continue
        taken = _taken(draft.node, workflow, facts)
        if "MASK" in taken:
            key = draft.key.mask
            wish = wishes.get(key)
            wanted = wish.name if wish is not None and wish.name else f"{name}_mask"
            only = taken == {"MASK"}
            mask = draft._replace(
                key=key,
                value=None,
                default=None,
                wish=wish,
                type=Media("image/*", optional=True),
                mask_of=name,
                group=ADVANCED if only else draft.group,
                hidden="its file is the mask itself" if only else "",
                name_origin=TypeOrigin.IMAGE,
                type_origin=TypeOrigin.IMAGE,
            )
            yield unique(wanted, names), mask


def _taken(
    node: Node, workflow: Workflow, facts: Mapping[str, NodeFacts | None]
) -> frozenset[str]:
    """The types of what others take from a node that loads an image: the image, its mask, or both.
    Empty if the file can only be a mask.
    """
    known = facts[node.class_type]
    outputs = known.outputs if known is not None else ()
    if outputs == ("MASK",):
        return frozenset()
    return frozenset(
        kind
        for use in workflow.uses[node.id]
        for kind in outputs[use.output : use.output + 1]
    )

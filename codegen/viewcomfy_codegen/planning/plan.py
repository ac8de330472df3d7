"""The plan of a client: which inputs become parameters, and each one's type, name, place and documentation."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import Any

from viewcomfy_runtime.parameters.fields import REQUIRED
from viewcomfy_runtime.parameters.key import WireKey
from viewcomfy_runtime.parameters.types import Choice, Media

from ..catalog import Catalog, with_object_info
from ..errors import Diagnostic
from ..graph.roles import Roles
from ..graph.workflow import Workflow
from ..model import GROUPS, Alias, Identifier, Module, Origins, Parameter
from ..naming.aliases import aliases_of
from ..naming.assignment import assign
from ..naming.candidates import Labels, Spot
from ..words import words
from .analysis import Analysis, analyse
from .conflicts import doubts
from .drafts import Draft, is_random, masks
from .filters import Named, filtered
from .options import Options
from .outputs import outputs_of
from .ranking import rank
from .sentences import about
from .sharing import shared


@dataclass(frozen=True, slots=True)
class Titles:
    """What a client is called in its texts, and the file that it comes from."""

    title: str
    source: str


def plan(
    workflow: Workflow, catalog: Catalog, options: Options, titles: Titles
) -> tuple[Module, list[Diagnostic]]:
    """The plan for `workflow`, and what its author should know.

    Raises CodegenError for wishes that the workflow can't fulfill.
    """
    if options.object_info is not None:
        catalog = with_object_info(options.object_info)
    analysis = analyse(workflow, catalog, options.wishes, curated=options.curated)
    labels = Labels(workflow, analysis.roles, dict(analysis.facts))
    named = _named(analysis, labels, options)
    kept, notes = filtered(named, options, titles.source)
    notes += doubts(analysis, options.object_info, titles.source)
    kept.sort(key=lambda pair: _place(pair[1]))
    parameters = [
        _parameter(name, draft, options, analysis.roles) for name, draft in kept
    ]
    module = Module(
        title=titles.title,
        source=titles.source,
        node_count=len(workflow.nodes),
        parameters=(together := shared(parameters, options, titles.source)),
        aliases=_aliases(kept, {name for name, _ in named}),
        outputs=outputs_of(analysis, labels, options.outputs),
        graph=workflow.graph if options.embed else None,
        fallback=_fallback(analysis, together),
    )
    return module, notes


def _named(analysis: Analysis, labels: Labels, options: Options) -> Named:
    """Every draft with its name, masks included: all are named before any is left out."""
    found = analysis.drafts
    counts = Counter(draft.node.id for draft in found)
    spots = [_spot(draft, counts[draft.node.id] == 1) for draft in found]
    keep = {
        index: draft.wish.name
        for index, draft in enumerate(found)
        if draft.wish is not None and draft.wish.name
    }
    assigned = assign(labels, spots, keep)
    pairs = [
        (name, replace(draft, name_origin=_name_origin(draft, origin)))
        for draft, (name, origin) in zip(found, assigned, strict=True)
    ]
    return list(masks(pairs, analysis.workflow, analysis.facts, options.wishes))


def _spot(draft: Draft, alone: bool) -> Spot:
    label = words(draft.wish.label or "") if draft.wish is not None else ()
    return Spot(draft.node, draft.input, draft.type, alone, label)


def _place(draft: Draft) -> tuple[int, bool, int]:
    """Where a parameter stands: its group, then its user's order, then what people set most; ties stay as they flow."""
    wished = draft.wish.order if draft.wish is not None else None
    place = rank(draft.input, draft.type) if wished is None else wished
    return GROUPS.index(draft.group), wished is None, place


def _parameter(
    name: Identifier, draft: Draft, options: Options, roles: Roles
) -> Parameter:
    kind, default = draft.type, draft.default
    wanted = draft.wish.required if draft.wish is not None else None
    if isinstance(kind, Media) and not kind.optional:
        optional = options.optional_files or wanted is False
        kind = replace(kind, optional=optional)
        default = None if optional else REQUIRED
    elif wanted:
        default = REQUIRED
    told, origin = about(draft, roles)
    return Parameter(
        name=name,
        type=kind,
        default=default,
        inputs=(draft.key,),
        about=told,
        group=draft.group,
        origins=Origins(draft.name_origin, draft.type_origin, origin),
    )


def _name_origin(draft: Draft, origin: str) -> str:
    kept = draft.wish is not None and draft.wish.name
    return draft.wish.origin if draft.wish is not None and kept else origin


def _aliases(kept: Named, names: set[Identifier]) -> tuple[Alias, ...]:
    return aliases_of(
        (
            (name, draft.input, draft.node.class_type, draft.type)
            for name, draft in kept
            if isinstance(draft.type, Choice)
        ),
        names,
    )


def _fallback(analysis: Analysis, parameters: tuple[Parameter, ...]) -> dict[str, Any]:
    """What is sent when a call has no value of its own: ViewComfy refuses an empty `params`.

    A seed as it is deployed, else any other value, at worst one that only the web page uses.
    """
    if any(not isinstance(parameter.type, Media) for parameter in parameters):
        return {}
    seeds = [each for each in analysis.drafts if is_random(each.type)]
    others = [each for each in analysis.drafts if not isinstance(each.type, Media)]
    for draft in (*seeds, *others):
        value = (
            {"__value__": draft.value} if isinstance(draft.value, list) else draft.value
        )
        return {str(draft.key): value}
    files = {(draft.node.id, draft.input) for draft in analysis.drafts}
    for node in analysis.workflow.nodes.values():
        for name, value in node.values.items():
            if (node.id, name) not in files:
                return {str(WireKey(node.id, name)): value}
    return {}

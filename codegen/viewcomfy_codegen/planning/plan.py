"""The plan of a client: which inputs become parameters, and each one's type, name, place and documentation."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import Any

from viewcomfy_runtime.parameters.fields import REQUIRED, UNUSED
from viewcomfy_runtime.parameters.key import WireKey
from viewcomfy_runtime.parameters.types import Choice, Media

from ..catalog import Catalog
from ..errors import Diagnostic
from ..graph.roles import Roles
from ..graph.workflow import Workflow
from ..model import (
    ADVANCED,
    BASIC,
    GROUPS,
    Alias,
    Hidden,
    Identifier,
    Module,
    Origins,
    Parameter,
)
from ..naming.aliases import aliases_of
from ..naming.assignment import assign
from ..naming.candidates import Labels, Spot
from ..naming.rules import Rule
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
    analysis = analyse(workflow, catalog, options.wishes, curated=options.curated)
    labels = Labels(workflow, analysis.roles, dict(analysis.facts))
    named = _named(analysis, labels, options)
    kept, notes = filtered(named, options, titles.source)
    notes += doubts(analysis, options.object_info, titles.source)
    kept.sort(key=lambda pair: _place(*pair))
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
        hidden=_hidden(named, kept),
    )
    return module, notes


def _hidden(named: Named, kept: Named) -> tuple[Hidden, ...]:
    """The inputs that change nothing, but for those that somebody asked for."""
    shown = {draft.key for _, draft in kept}
    return tuple(
        Hidden(draft.key, draft.hidden)
        for _, draft in named
        if draft.hidden and draft.key not in shown
    )


def _named(analysis: Analysis, labels: Labels, options: Options) -> Named:
    """Every draft with its name, masks included: all are named before any is left out."""
    found = analysis.drafts
    counts = Counter(draft.node.id for draft in found if not draft.hidden)
    spots = [_spot(draft, counts[draft.node.id] == 1) for draft in found]
    keep = {
        index: draft.wish.name
        for index, draft in enumerate(found)
        if draft.wish is not None and draft.wish.name
    }
    assigned = assign(labels, spots, keep)
    pairs = [
        (name, _after_naming(draft, rule))
        for draft, (name, rule) in zip(found, assigned, strict=True)
    ]
    return list(masks(pairs, analysis.workflow, analysis.facts, options.wishes))


def _spot(draft: Draft, alone: bool) -> Spot:
    label = words(draft.wish.label or "") if draft.wish is not None else ()
    return Spot(
        draft.node,
        draft.input,
        draft.type,
        alone,
        label,
        draft.hidden != "" or draft.group == UNUSED,
    )


def _after_naming(draft: Draft, rule: Rule) -> Draft:
    """The draft with where its name comes from; what an author titled is basic, what is hidden advanced where it shows."""
    kept = draft.wish is not None and draft.wish.name
    origin = draft.wish.origin if draft.wish is not None and kept else rule.value
    titled = rule is Rule.TITLE
    group = draft.group
    if draft.hidden and group == BASIC:
        group = ADVANCED
    return replace(draft, name_origin=origin, titled=titled, group=group)


def _place(name: str, draft: Draft) -> tuple[int, bool, int]:
    """Where a parameter stands: its group, then its user's order, then what people set most; ties stay as they flow."""
    wished = draft.wish.order if draft.wish is not None else None
    place = rank(name, draft.type, draft.titled) if wished is None else wished
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

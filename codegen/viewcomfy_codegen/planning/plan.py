"""The plan of a client: which inputs become parameters, and the type, name, position and
documentation of each.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Set
from dataclasses import replace
from typing import Final, NamedTuple

from viewcomfy_runtime.json_types import JsonObject
from viewcomfy_runtime.parameters.fields import REQUIRED
from viewcomfy_runtime.parameters.key import WireKey
from viewcomfy_runtime.parameters.outputs import OutputNode
from viewcomfy_runtime.parameters.types import Choice, Media

from ..errors import Diagnostic
from ..graph.workflow import Workflow, natural
from ..model import (
    GROUPS,
    Alias,
    GraphNode,
    Hidden,
    Identifier,
    Module,
    Origins,
    Parameter,
)
from ..naming.aliases import aliases_of
from ..naming.surroundings import Surroundings
from .analysis import Analysis
from .author import Author
from .belonging import likely
from .choosing import by_sets, chosen
from .conflicts import doubts
from .drafts import Draft
from .filters import Named, filtered
from .options import Options
from .outputs import outputs_of
from .ranking import rank
from .sentences import Sentences
from .sharing import Joined, Sets, together
from .survey import Survey, renamed
from .types import is_random

_NUMBERS: Final = re.compile("[0-9]+")


class Identity(NamedTuple):
    """A client's title, the file that it is generated from, and its import name."""

    title: str
    source: str
    name: str


def plan(
    found: Survey, options: Options, own: Identity
) -> tuple[Module, list[Diagnostic]]:
    """The plan for a surveyed workflow, and diagnostics for its author.

    Raises CodegenError for requests that the workflow can't fulfill.
    """
    analysis = found.analysis
    shown, notes = filtered(found.named, options, own.source)
    notes += doubts(analysis, options.object_info, own.source)
    keys = {draft.key for _, draft in shown}
    named = renamed(found, options.wanted)
    kept, joined, more = _kept(named, keys, found, options, own.source)
    outputs = _outputs(found, options)
    sentences = Sentences(analysis, outputs)
    parameters = tuple(
        _parameter(name, draft, options, sentences, joined.sets.get(draft.key))
        for name, draft in kept
    )
    module = Module(
        title=own.title,
        source=own.source,
        node_count=len(analysis.workflow.nodes),
        parameters=parameters,
        aliases=_aliases(kept, {name for name, _ in named}),
        outputs=outputs,
        graph=analysis.workflow.graph if options.embed else None,
        fallback=_fallback(analysis, parameters),
        hidden=_hidden(found.named, keys),
        likely=likely(analysis) if options.likely else (),
        name=own.name,
        nodes=tuple(_nodes(analysis.workflow, found.author)),
    )
    return module, [*notes, *more]


def _kept(
    named: Named, keys: Set[WireKey], found: Survey, options: Options, source: str
) -> tuple[Named, Sets, list[Diagnostic]]:
    """The drafts that become parameters, in order, the sets of inputs that share one, and
    diagnostics about these.
    """
    kept = chosen([pair for pair in named if pair[1].key in keys])
    drafts = {draft.key: draft for _, draft in kept}
    joined, notes = together(drafts, options, found.sets, source)
    return _in_order(by_sets(kept, joined)), joined, notes


def _outputs(found: Survey, options: Options) -> tuple[OutputNode, ...]:
    shown = found.author.outputs
    return outputs_of(
        found.analysis, found.labels, options.outputs, shown, options.app_only
    )


def _nodes(workflow: Workflow, author: Author) -> Iterator[GraphNode]:
    """The nodes as drawings show them."""
    nothing = Surroundings()
    for node in workflow.nodes.values():
        sources = (link.node for link in node.links.values())
        around = author.around.get(node.id, nothing)
        yield GraphNode(
            node.id,
            node.class_type,
            node.title,
            tuple(dict.fromkeys(each for each in sources if each in workflow.nodes)),
            around.subgraphs,
            around.group,
            author.positions.get(node.id),
        )


def _hidden(named: Named, shown: Set[WireKey]) -> tuple[Hidden, ...]:
    """The inputs that have no effect and that nobody requested."""
    return tuple(
        Hidden(draft.key, draft.hidden)
        for _, draft in named
        if draft.hidden and draft.key not in shown
    )


def _in_order(kept: Named) -> Named:
    """The parameters in order; those whose names differ only in numbers are sorted by number."""
    places = {name: _place(name, draft) for name, draft in kept}
    ordered = sorted(kept, key=lambda pair: places[pair[0]])
    alike: dict[object, list[int]] = {}
    for index, (name, draft) in enumerate(ordered):
        stem = _NUMBERS.sub("0", name)
        if stem != name and (draft.wish is None or draft.wish.order is None):
            alike.setdefault((places[name], stem), []).append(index)
    found = list(ordered)
    for indexes in alike.values():
        numbered = sorted(indexes, key=lambda index: natural(ordered[index][0]))
        for index, taken in zip(indexes, numbered, strict=True):
            found[index] = ordered[taken]
    return found


def _place(name: str, draft: Draft) -> tuple[bool, int, bool, int]:
    """A parameter's sort key: first those that the workflow contains, then by group, then by the
    user's order, then by how often people set them. Ties keep the order of data flow, as do those
    that a choice adds: each then follows the choice.
    """
    wished = draft.wish.order if draft.wish is not None else None
    ranked = 0 if draft.lacking else rank(name, draft.type, draft.titled)
    place = ranked if wished is None else wished
    return draft.lacking, GROUPS.index(draft.group), wished is None, place


def _parameter(
    name: Identifier,
    draft: Draft,
    options: Options,
    sentences: Sentences,
    joined: Joined | None,
) -> Parameter:
    kind, default = draft.type, draft.default
    if joined is not None:
        kind, default = joined.type, joined.default
    wanted = draft.wish.required if draft.wish is not None else None
    if isinstance(kind, Media) and not kind.optional:
        optional = bool(options.optional_files or wanted is False or draft.branches)
        kind = replace(kind, optional=optional)
        default = None if optional else REQUIRED
    elif wanted:
        default = REQUIRED
    about, origin = sentences.about(
        name, draft, joined.inputs if joined is not None else ()
    )
    if draft.applicability:
        about = about._replace(
            sentence=f"{about.sentence} {draft.applicability}".strip()
        )
    return Parameter(
        name=name,
        type=kind,
        default=default,
        inputs=(draft.key,) if joined is None else joined.inputs,
        about=about,
        group=draft.group,
        origins=Origins(draft.name_origin, draft.type_origin, origin),
        branches=draft.branches,
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


def _fallback(analysis: Analysis, parameters: tuple[Parameter, ...]) -> JsonObject:
    """What is sent if a call sets nothing, since ViewComfy refuses empty `params`.

    The deployed seed, or else any other value, at worst one that only the web page uses.
    """
    if any(not isinstance(parameter.type, Media) for parameter in parameters):
        return {}
    seeds = [each for each in analysis.drafts if is_random(each.type)]
    others = [each for each in analysis.drafts if not isinstance(each.type, Media)]
    for draft in (*seeds, *others):
        listed = isinstance(draft.value, list)
        return {str(draft.key): {"__value__": draft.value} if listed else draft.value}
    files = {(draft.node.id, draft.input) for draft in analysis.drafts}
    for node in analysis.workflow.nodes.values():
        for name, value in node.values.items():
            if (node.id, name) not in files:
                return {str(WireKey(node.id, name)): value}
    return {}

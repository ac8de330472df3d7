"""A workflow's settable inputs under the names that the workflow itself gives them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace

from viewcomfy_runtime.parameters.fields import UNUSED
from viewcomfy_runtime.parameters.key import WireKey

from ..catalog import Catalog
from ..graph.workflow import Workflow
from ..model import ADVANCED, BASIC
from ..naming.assignment import assign
from ..naming.candidates import Labels, Spot
from ..naming.rules import Rule
from ..words import words
from .analysis import Analysis, analyse
from .drafts import Draft, masks
from .filters import Named
from .options import Options
from .wishes import Wish, Wishes, merged


@dataclass(frozen=True, slots=True)
class Survey:
    """What a plan starts from: every input that can be set, masks included, named by the workflow alone.

    Neither a project's table nor an earlier module has a say in these names, so that a table may refer to them for good.
    """

    analysis: Analysis
    labels: Labels
    named: Named


def survey(workflow: Workflow, catalog: Catalog, options: Options) -> Survey:
    """The survey of a workflow; of the options, only what was written down beside the workflow counts."""
    analysis = analyse(workflow, catalog, options.wishes, curated=options.curated)
    labels = Labels(workflow, analysis.roles, dict(analysis.facts))
    return Survey(analysis, labels, _named(analysis, labels, {}))


def renamed(found: Survey, wanted: Wishes) -> Named:
    """The inputs with what is wanted of them; those that get another name leave their own to nobody."""
    if not wanted:
        return found.named
    drafts = [draft for _, draft in found.named if draft.mask_of is None]
    known = {draft.key: draft.wish for draft in drafts if draft.wish is not None}
    wishes = merged(known, wanted)
    analysis = replace(
        found.analysis,
        drafts=tuple(replace(each, wish=wishes.get(each.key)) for each in drafts),
    )
    own = {draft.key: name for name, draft in found.named}
    if all(wish.name in (None, own.get(at)) for at, wish in wanted.items()):
        told = {each.key: each for each in analysis.drafts}
        return [
            (name, told.get(draft.key) or replace(draft, wish=wishes.get(draft.key)))
            for name, draft in found.named
        ]
    return _named(analysis, found.labels, wishes)


def _named(analysis: Analysis, labels: Labels, wanted: Mapping[WireKey, Wish]) -> Named:
    """Every draft with its name, masks included: all are named before any is left out."""
    found = analysis.drafts
    counts = Counter(draft.node.id for draft in found if not draft.hidden)
    spots = [_spot(draft, counts[draft.node.id] == 1) for draft in found]
    names = {at: wish.name for at, wish in wanted.items() if wish.name}
    keep = {
        index: names.pop(draft.key)
        for index, draft in enumerate(found)
        if draft.key in names
    }
    # What is left are names of masks, which no other input may get either.
    keep |= {-number: name for number, name in enumerate(names.values(), 1)}
    assigned = assign(labels, spots, keep)
    pairs = [
        (name, _after_naming(draft, rule, index in keep))
        for index, (draft, (name, rule)) in enumerate(zip(found, assigned, strict=True))
    ]
    return list(masks(pairs, analysis.workflow, analysis.facts, wanted))


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


def _after_naming(draft: Draft, rule: Rule, kept: bool) -> Draft:
    """The draft with where its name comes from; what an author titled is basic, what is hidden advanced where it shows."""
    origin = draft.wish.origin if draft.wish is not None and kept else rule.value
    hidden = draft.hidden and draft.group == BASIC
    return replace(
        draft,
        name_origin=origin,
        titled=rule is Rule.TITLE,
        group=ADVANCED if hidden else draft.group,
    )

"""A workflow's settable inputs under the names that the workflow itself gives them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

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
from .author import Author, Label
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
    author: Author = field(default_factory=Author)
    app: bool = False
    """Whether what has no group of its own is advanced, as in an app that shows something else."""


def survey(workflow: Workflow, catalog: Catalog, options: Options) -> Survey:
    """The survey of a workflow; of the options, only what was written down beside the workflow counts."""
    analysis = analyse(workflow, catalog, options.wishes, curated=options.curated)
    author, app = options.author, options.app
    labels = Labels(workflow, analysis.roles, dict(analysis.facts), author.around)
    found = Survey(analysis, labels, [], author, app)
    return replace(found, named=_named(found, {}))


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
        return [
            (name, replace(draft, wish=wishes.get(draft.key)))
            for name, draft in found.named
        ]
    return _named(replace(found, analysis=analysis), wishes)


def _named(survey: Survey, wanted: Mapping[WireKey, Wish]) -> Named:
    """Every draft with its name, masks included: all are named before any is left out."""
    analysis, found = survey.analysis, survey.analysis.drafts
    counts = Counter(draft.node.id for draft in found if not draft.hidden)
    labels = [_label(draft, survey.author) for draft in found]
    spots = [
        _spot(draft, counts[draft.node.id] == 1, label)
        for draft, label in zip(found, labels, strict=True)
    ]
    names = {at: wish.name for at, wish in wanted.items() if wish.name}
    keep = {
        index: names.pop(draft.key)
        for index, draft in enumerate(found)
        if draft.key in names
    }
    # What is left are names of masks, which no other input may get either.
    keep |= {-number: name for number, name in enumerate(names.values(), 1)}
    assigned = assign(survey.labels, spots, keep)
    pairs = [
        (name, _after_naming(draft, _origin(draft, rule, label, index in keep), rule))
        for index, (draft, label, (name, rule)) in enumerate(
            zip(found, labels, assigned, strict=True)
        )
    ]
    if survey.app:
        pairs = [(name, _after_app(draft)) for name, draft in pairs]
    return list(masks(pairs, analysis.workflow, analysis.facts, wanted))


def _label(draft: Draft, author: Author) -> Label | None:
    """What somebody called the input itself: in a view_comfy.json, else on the web page."""
    if draft.wish is not None and draft.wish.label:
        return Label(draft.wish.label, f"its label in {draft.wish.origin}")
    found = author.labels.get(draft.key)
    return found if found is not None and words(found.text) else None


def _spot(draft: Draft, alone: bool, label: Label | None) -> Spot:
    return Spot(
        draft.node,
        draft.input,
        draft.type,
        alone,
        words(label.text) if label is not None else (),
        draft.hidden != "" or draft.group == UNUSED,
    )


def _origin(draft: Draft, rule: Rule, label: Label | None, kept: bool) -> str:
    """Where a name comes from, for people."""
    if draft.wish is not None and kept:
        return draft.wish.origin
    return label.origin if rule is Rule.LABEL and label is not None else rule.value


def _after_app(draft: Draft) -> Draft:
    """The draft as an app has it: what it does not show is advanced."""
    shown = draft.wish is not None and draft.wish.group is not None
    return draft if shown or draft.group != BASIC else replace(draft, group=ADVANCED)


def _after_naming(draft: Draft, origin: str, rule: Rule) -> Draft:
    """The draft with where its name comes from; what an author titled is basic, what is hidden advanced where it shows."""
    hidden = draft.hidden and draft.group == BASIC
    return replace(
        draft,
        name_origin=origin,
        titled=rule is Rule.TITLE,
        group=ADVANCED if hidden else draft.group,
    )

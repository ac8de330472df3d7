"""A workflow's settable inputs under the names that the workflow itself gives them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from viewcomfy_runtime.parameters.fields import UNUSED
from viewcomfy_runtime.parameters.key import WireKey
from viewcomfy_runtime.parameters.types import Text

from ..catalog import Catalog
from ..graph.roles import PRIMITIVE
from ..graph.workflow import Workflow
from ..model import ADVANCED, BASIC, Identifier, Origin
from ..naming.assignment import assign
from ..naming.candidates import Labels
from ..naming.common import in_all, in_common, of_parts
from ..naming.rules import Rule, merge
from ..naming.spots import Spot
from ..words import snake, unique, usable, words
from .analysis import Analysis, analyze
from .author import Author, Label
from .belonging import Sets, belonging
from .drafts import Draft, lacking_drafts, masks
from .filters import Named
from .options import Options
from .shareable import RATES
from .wishes import Wish, Wishes, merged


class Survey(NamedTuple):
    """What a plan starts from: every settable input, masks included, named by the workflow alone.

    Neither a project's table nor an earlier module influences these names, so a table can always
    refer to them.
    """

    analysis: Analysis
    labels: Labels
    named: Named
    author: Author = Author()
    sets: Sets = ()
    """Sets of inputs that belong together, so that one parameter sets them."""
    app: bool = False
    """Whether inputs without a group are advanced, since an app shows only others."""


def survey(workflow: Workflow, catalog: Catalog, options: Options) -> Survey:
    """The survey of a workflow. Only those options count that come from what was written
    beside it.
    """
    analysis = analyze(workflow, catalog, options.wishes, curated=options.curated)
    author, app = options.author, options.app
    labels = Labels(workflow, analysis.roles, dict(analysis.facts), author.around)
    drafts = list(analysis.drafts)
    if options.branches:
        drafts += lacking_drafts(
            workflow, analysis.facts, options.wishes, options.curated
        )
    sets = belonging(analysis) if options.share else ()
    found = Survey(analysis, labels, [], author, sets, app)
    return found._replace(named=_named(found, drafts, {}))


def renamed(found: Survey, wanted: Wishes) -> Named:
    """The inputs with what was requested for them. If one is renamed, no other input gets its old
    name.
    """
    if not wanted:
        return found.named
    drafts = [draft for _, draft in found.named if draft.mask_of is None]
    known = {draft.key: draft.wish for draft in drafts if draft.wish is not None}
    wishes = merged(known, wanted)
    own = {draft.key: name for name, draft in found.named}
    if all(wish.name in (None, own.get(at)) for at, wish in wanted.items()):
        return [
            (name, _with_wish(draft, wishes.get(draft.key)))
            for name, draft in found.named
        ]
    drafts = [_with_wish(each, wishes.get(each.key)) for each in drafts]
    return _named(found, drafts, wishes)


def _with_wish(draft: Draft, wish: Wish | None) -> Draft:
    return draft if draft.wish is wish else draft._replace(wish=wish)


def _named(
    survey: Survey, drafts: Sequence[Draft], wanted: Mapping[WireKey, Wish]
) -> Named:
    """Every draft with its name, masks included. All are named before any is left out.

    Inputs that the workflow doesn't contain are named last, so that they change no other name.
    """
    names = {at: wish.name for at, wish in wanted.items() if wish.name}
    carried = _assigned(survey, [each for each in drafts if not each.lacking], names)
    carried = _common_names(carried, survey, wanted)
    analysis = survey.analysis
    named = list(masks(carried, analysis.workflow, analysis.facts, wanted))
    lacking = [each for each in drafts if each.lacking]
    if lacking:
        taken = {draft.key: name for name, draft in named}
        known = [draft for _, draft in carried]
        every = _assigned(survey, [*known, *lacking], {**names, **taken})
        named += every[len(known) :]
    return named


def _assigned(
    survey: Survey, drafts: Sequence[Draft], names: Mapping[WireKey, str]
) -> Named:
    """The drafts with names. `names` are existing ones, which no other input may get."""
    counts = Counter(draft.node.id for draft in drafts if not draft.hidden)
    labels = [_label(draft, survey.author) for draft in drafts]
    texts = Counter(each.node.id for each in drafts if isinstance(each.type, Text))
    twins = [
        keys
        for keys in survey.sets
        if _of_one_node(keys) and texts[keys[0].node] == len(keys)
    ]
    first = {keys[0] for keys in twins}
    rest = {key for keys in twins for key in keys[1:]}
    spots = [
        _spot(draft, counts[draft.node.id] == 1, label)._replace(
            for_all=draft.key in first,
            hidden=draft.hidden != "" or draft.group == UNUSED or draft.key in rest,
        )
        for draft, label in zip(drafts, labels, strict=True)
    ]
    left = dict(names)
    keep = {
        index: left.pop(draft.key)
        for index, draft in enumerate(drafts)
        if draft.key in left
    }
    # The remaining names belong to masks and to inputs that are named later.
    keep |= {-number: name for number, name in enumerate(left.values(), 1)}
    assigned = assign(survey.labels, spots, keep)
    pairs = [
        (name, _after_naming(draft, _origin(draft, rule, label, index in keep), rule))
        for index, (draft, label, (name, rule)) in enumerate(
            zip(drafts, labels, assigned, strict=True)
        )
    ]
    return [(name, _after_app(draft)) for name, draft in pairs] if survey.app else pairs


def _common_names(
    pairs: Named, survey: Survey, wanted: Mapping[WireKey, Wish]
) -> Named:
    """The inputs, the first of each set renamed to what the names of its inputs have in common.

    If that name is taken or unusable, the noun of the first input's node is added.
    """
    pairs = _given_way(pairs, survey)
    names = {draft.key: str(name) for name, draft in pairs}
    drafts = {draft.key: draft for _, draft in pairs}
    taken = Counter(names.values())
    found: dict[WireKey, Identifier] = {}
    given: set[str] = set()
    for keys in survey.sets:
        held = [names[key] for key in keys if key in names]
        if len(held) < 2 or keys[0] in wanted:
            continue
        origins = {draft.name_origin for key in keys if (draft := drafts.get(key))}
        noun = survey.labels.class_noun(drafts[keys[0]].node)
        shared = of_parts(held, noun) if origins == {Rule.APART} else held
        every, common = in_all(shared), in_common(shared)
        if RATES.issuperset(key.name for key in keys):
            every = common = keys[0].name
        if {"end_at_step", "start_at_step"} <= {key.name for key in keys}:
            every = common = "switch_at_step"
        if not common:
            continue
        for name in (every, common, snake(merge(noun, words(common)))):
            free = taken[name] == held.count(name) and name not in given
            if free and usable(name):
                found[keys[0]] = Identifier(name)
                given.add(name)
                break
    return [
        (
            (
                found[draft.key],
                draft._replace(name_origin=Rule.TOGETHER),
            )
            if draft.key in found and found[draft.key] != name
            else (name, draft)
        )
        for name, draft in pairs
    ]


def _given_way(pairs: Named, survey: Survey) -> Named:
    """The inputs; those that have no effect leave names that are an input's own to sets of others,
    and take longer ones.
    """
    wanted = {key.name for keys in survey.sets for key in keys}
    taken = {str(name) for name, _ in pairs}
    found: Named = []
    for name, draft in pairs:
        if draft.group == UNUSED and name in wanted and draft.wish is None:
            noun = survey.labels.class_noun(draft.node)
            name = unique(snake(merge(("unused", *noun), words(name))), taken)
        found.append((name, draft))
    return found


def _of_one_node(keys: Sequence[WireKey]) -> bool:
    """Whether all inputs are on one node: a prompt for each of its encoders."""
    return len({key.node for key in keys}) == 1


def _label(draft: Draft, author: Author) -> Label | None:
    """The label of the input itself: from a view_comfy.json, else from the web page."""
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
    )


def _origin(draft: Draft, rule: Rule, label: Label | None, kept: bool) -> Origin | str:
    """A description of where a name comes from."""
    if draft.wish is not None and kept:
        return draft.wish.origin
    return label.origin if rule is Rule.LABEL and label is not None else rule


def _after_app(draft: Draft) -> Draft:
    """The draft in an app: advanced if the app doesn't show it."""
    shown = draft.wish is not None and draft.wish.group is not None
    return draft if shown or draft.group != BASIC else draft._replace(group=ADVANCED)


def _after_naming(draft: Draft, origin: Origin | str, rule: Rule) -> Draft:
    """The draft with the origin of its name. A constant with a title becomes basic; a hidden input
    is advanced if it is shown.
    """
    group = draft.group
    if draft.hidden and group == BASIC:
        group = ADVANCED
    elif rule is Rule.TITLE and group == ADVANCED and _is_constant(draft):
        group = BASIC
    return draft._replace(name_origin=origin, titled=rule is Rule.TITLE, group=group)


def _is_constant(draft: Draft) -> bool:
    """Whether the node exists only for this value, so that its author intended it to be set."""
    free = not (draft.hidden or draft.marked or draft.node.links)
    return free and PRIMITIVE.issuperset(words(draft.input))

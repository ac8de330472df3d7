"""The plan of a client: which inputs become parameters, and each one's type, name, place and documentation."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from typing import Any, Final, TypeAlias

from viewcomfy_runtime.parameters.fields import REQUIRED
from viewcomfy_runtime.parameters.key import WireKey
from viewcomfy_runtime.parameters.types import Choice, Media

from ..catalog import Catalog, with_object_info
from ..errors import CodegenError, Diagnostic
from ..graph.roles import Roles
from ..graph.workflow import Workflow
from ..model import GROUPS, Alias, Identifier, Module, Origins, Parameter
from ..naming.assignment import assign
from ..naming.candidates import Labels, Spot
from ..words import RESERVED, camel, unique, words
from .conflicts import contradictions
from .drafts import Draft, drafts, is_random, masks
from .ranking import rank
from .sentences import doc
from .wishes import Wishes


@dataclass(frozen=True, slots=True)
class Options:
    """What a user may ask of a generation.

    `include` and `exclude` are globs over a parameter's name, wire key (`6-inputs-text`) and node class. `all` keeps what
    a workflow's VC_BASIC and VC_ADV marks leave out. `embed` carries the graph in the module. `wishes` are what was
    written down on single inputs; `curated` has them choose what is shown, as marks do. `shared` are inputs that one parameter
    sets. `object_info` is what the user's own ComfyUI answers there.
    """

    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    all: bool = False
    optional_files: bool = False
    embed: bool = True
    wishes: Wishes = field(default_factory=dict)
    curated: bool = False
    shared: tuple[tuple[WireKey, ...], ...] = ()
    object_info: Mapping[str, Any] | None = None


def plan(
    workflow: Workflow,
    catalog: Catalog,
    options: Options,
    *,
    title: str,
    source: str,
) -> tuple[Module, list[Diagnostic]]:
    """The plan for `workflow`, and what its author should know; `source` is the file's name."""
    if options.object_info is not None:
        catalog = with_object_info(options.object_info)
    facts = {
        node.class_type: catalog.node(node.class_type)
        for node in workflow.nodes.values()
    }
    roles = Roles(workflow, facts.__getitem__)
    wishes = options.wishes
    found = list(drafts(workflow, catalog, facts, roles, wishes, options.curated))
    counts = Counter(draft.node.id for draft in found)
    spots = [
        Spot(
            draft.node,
            draft.input,
            draft.type,
            counts[draft.node.id] == 1,
            words(draft.wish.label or "") if draft.wish else (),
        )
        for draft in found
    ]
    keep = {
        index: draft.wish.name
        for index, draft in enumerate(found)
        if draft.wish is not None and draft.wish.name
    }
    assigned = assign(Labels(workflow, roles, facts), spots, keep)
    names = [name for name, _ in assigned]
    found = [
        replace(draft, name_origin=_name_origin(draft, origin))
        for draft, (_, origin) in zip(found, assigned, strict=True)
    ]
    named = list(masks(zip(names, found, strict=True), workflow, facts, wishes))
    kept, notes = _filtered(named, options, source)
    if options.object_info is not None:
        notes += contradictions(workflow, facts, options.object_info, source)
    kept.sort(key=lambda pair: _place(pair[1]))
    parameters = _shared(
        [_parameter(name, draft, options, roles) for name, draft in kept],
        options,
        source,
    )
    module = Module(
        title=title,
        source=source,
        node_count=len(workflow.nodes),
        parameters=parameters,
        aliases=_aliases(kept, set(names)),
        graph=workflow.graph if options.embed else None,
        fallback=_fallback(workflow, found, parameters),
    )
    return module, notes


def _place(draft: Draft) -> tuple[int, bool, int]:
    """Where a parameter stands: its group, then its user's order, then what people set most; ties stay as they flow."""
    wished = draft.wish.order if draft.wish is not None else None
    place = rank(draft.input, draft.type) if wished is None else wished
    return GROUPS.index(draft.group), wished is None, place


_Named: TypeAlias = list[tuple[Identifier, Draft]]


def _filtered(
    named: _Named, options: Options, source: str
) -> tuple[_Named, list[Diagnostic]]:
    """What the marks and the globs leave; a glob that matches nothing is worth a warning."""
    kept = [pair for pair in named if not (pair[1].wish and pair[1].wish.hidden)]
    notes: list[Diagnostic] = []
    if any(draft.marked for _, draft in named) and not options.all:
        kept = [pair for pair in kept if pair[1].marked]
    for flag, globs in (("--include", options.include), ("--exclude", options.exclude)):
        notes += [
            Diagnostic(
                source,
                f"{flag} {glob} matches no parameter",
                "give a parameter's name, its key such as 6-inputs-text, or its node's class",
                "warning",
            )
            for glob in globs
            if not any(_matches(pair, (glob,)) for pair in kept)
        ]
    if options.include:
        kept = [pair for pair in kept if _matches(pair, options.include)]
    return [pair for pair in kept if not _matches(pair, options.exclude)], notes


def _matches(pair: tuple[Identifier, Draft], globs: tuple[str, ...]) -> bool:
    name, draft = pair
    texts = (name, str(draft.key), draft.node.class_type)
    return any(fnmatchcase(text, glob) for glob in globs for text in texts)


def _parameter(
    name: Identifier, draft: Draft, options: Options, roles: Roles
) -> Parameter:
    kind, default = draft.type, draft.value
    wanted = draft.wish.required if draft.wish is not None else None
    if isinstance(kind, Media) and not kind.optional:
        optional = options.optional_files or wanted is False
        kind = replace(kind, optional=optional)
        default = None if optional else REQUIRED
    elif wanted:
        default = REQUIRED
    text, origin = doc(draft, roles)
    return Parameter(
        name=name,
        type=kind,
        default=default,
        inputs=(draft.key,),
        doc=text,
        group=draft.group,
        origins=Origins(draft.name_origin, draft.type_origin, origin),
    )


def _name_origin(draft: Draft, origin: str) -> str:
    kept = draft.wish is not None and draft.wish.name
    return draft.wish.origin if draft.wish is not None and kept else origin


def _shared(
    parameters: list[Parameter], options: Options, source: str
) -> tuple[Parameter, ...]:
    """The parameters, with one for each group of inputs that the user wants set together.

    Raises CodegenError for inputs that have no parameter, or whose types differ.
    """
    by_target = {each.inputs[0]: each for each in parameters}
    faults: list[Diagnostic] = []
    for targets in options.shared:
        members = [by_target.get(target) for target in targets]
        first = members[0]
        keys = ", ".join(map(str, targets))
        if first is None or None in members:
            missing = [
                str(t) for t, each in zip(targets, members, strict=True) if not each
            ]
            faults.append(
                Diagnostic(
                    source,
                    f"{', '.join(missing)} has no parameter that could be shared",
                    "inspect lists the keys of all parameters",
                )
            )
        elif len({repr(each.type) for each in members if each}) > 1:
            faults.append(
                Diagnostic(
                    source,
                    f"{keys} cannot be one parameter: they take different values",
                    "share inputs of one type and with the same bounds or choices",
                )
            )
        else:
            by_target[targets[0]] = replace(first, inputs=targets)
            for target in targets[1:]:
                del by_target[target]
    if faults:
        raise CodegenError(*faults)
    return tuple(by_target.values())


def _aliases(kept: _Named, names: set[Identifier]) -> tuple[Alias, ...]:
    """A name for each list of choices: its input's, else the parameter's, else with its class."""
    found: dict[Choice, Identifier] = {}
    taken: set[str] = {*names, *_TAKEN_TYPES}
    for name, draft in kept:
        if isinstance(draft.type, Choice) and draft.type not in found:
            own = words(draft.input)
            short = own[:-1] if own[1:] and own[-1] == "name" else own
            # "Type" or "Format" would say nothing: what Python has under that name, a reader thinks of.
            first = camel(words(name)) if "_".join(short) in RESERVED else camel(short)
            longer = camel((*words(draft.node.class_type), *own))
            free = (
                each
                for each in (first, longer)
                if each.isidentifier() and each not in taken
            )
            found[draft.type] = unique(next(free, f"{longer}Choice"), taken)
    return tuple(Alias(name, choice) for choice, name in found.items())


_TAKEN_TYPES: Final = frozenset(
    "Annotated Any Client File Final Input Literal Parameters PromptResult TypeAlias Workflow WORKFLOW".split()
)


def _fallback(
    workflow: Workflow, found: list[Draft], parameters: tuple[Parameter, ...]
) -> dict[str, Any]:
    """What is sent when a call has no value of its own: ViewComfy refuses an empty `params`.

    A seed as it is deployed, else any other value, at worst one that only the web page uses.
    """
    if any(not isinstance(parameter.type, Media) for parameter in parameters):
        return {}
    seeds = [each for each in found if is_random(each.type)]
    others = [each for each in found if not isinstance(each.type, Media)]
    for draft in (*seeds, *others):
        value = (
            {"__value__": draft.value} if isinstance(draft.value, list) else draft.value
        )
        return {str(draft.key): value}
    files = {(draft.node.id, draft.input) for draft in found}
    for node in workflow.nodes.values():
        for name, value in node.values.items():
            if (node.id, name) not in files:
                return {str(WireKey(node.id, name)): value}
    return {}

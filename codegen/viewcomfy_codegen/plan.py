"""The plan of a client: which inputs become parameters, and each one's type, name, place and documentation."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import Any, Final

from viewcomfy_runtime.fields import REQUIRED
from viewcomfy_runtime.types import Choice, Integer, Media, ParameterType, Text

from .assigning import assign
from .catalogue import Catalogue, InputFacts, NodeFacts, glossary
from .errors import Diagnostic
from .kinds import MODEL_FILE, kind_of
from .labels import PROMPT_WORDS, Labels, Spot, split_mark
from .model import ADVANCED, BASIC, UNUSED, Alias, Identifier, Module, Parameter, Target
from .naming import RESERVED, camel, plain_name, unique, words
from .roles import Roles
from .workflow import Node, Workflow


@dataclass(frozen=True, slots=True)
class Options:
    """What a user may ask of a generation.

    `include` and `exclude` are globs over a parameter's name, wire key (`6-inputs-text`) and node class. `all` keeps what
    a workflow's VC_BASIC and VC_ADV marks leave out. `embed` carries the graph in the module.
    """

    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    all: bool = False
    optional_files: bool = False
    embed: bool = True


@dataclass(frozen=True, slots=True)
class _Draft:
    """A parameter while it is planned."""

    node: Node
    input: str
    value: Any
    type: ParameterType
    facts: InputFacts | None
    group: str
    marked: bool


def plan(
    workflow: Workflow,
    catalogue: Catalogue,
    options: Options,
    *,
    title: str,
    source: str,
) -> tuple[Module, list[Diagnostic]]:
    """The plan for `workflow`, and what its author should know; `source` is the file's name."""
    facts = {
        node.class_type: catalogue.node(node.class_type)
        for node in workflow.nodes.values()
    }
    roles = Roles(workflow, facts.__getitem__)
    drafts = list(_drafts(workflow, catalogue, facts))
    counts = _counted(draft.node.id for draft in drafts)
    spots = [
        Spot(draft.node, draft.input, draft.type, counts[draft.node.id] == 1)
        for draft in drafts
    ]
    drafts = [
        (
            replace(draft, type=_drawn(draft, roles))
            if isinstance(draft.type, Integer)
            else draft
        )
        for draft in drafts
    ]
    names = assign(Labels(workflow, roles, facts), spots)
    named = list(zip(names, drafts, strict=True))
    kept, notes = _filtered(named, options, source)
    kept.sort(key=lambda pair: _rank(pair[1]))
    parameters = tuple(_parameter(name, draft, options, roles) for name, draft in kept)
    module = Module(
        title=title,
        source=source,
        node_count=len(workflow.nodes),
        parameters=parameters,
        aliases=_aliases(kept, set(names)),
        graph=workflow.graph if options.embed else None,
        fallback=_fallback(workflow, drafts, parameters),
    )
    return module, notes


def _counted(ids: Iterable[str]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for id in ids:
        counts[id] = counts.get(id, 0) + 1
    return counts


def _drafts(
    workflow: Workflow, catalogue: Catalogue, facts: dict[str, NodeFacts | None]
) -> Iterator[_Draft]:
    """Every input that holds a value, but the widgets that only the web page uses, in the order of the flow."""
    useful = workflow.leading_to(_outputs(workflow, facts))
    for node in workflow.nodes.values():
        known = facts[node.class_type]
        declared = known.inputs if known is not None else {}
        mark, _ = split_mark(node.title)
        for name in _in_order(node, declared):
            value = unwrapped(node.values[name])
            if name not in declared and _only_on_the_page(name, value, known):
                continue
            kind = kind_of(name, value, declared.get(name), catalogue)
            group = mark or (BASIC if node.id in useful else UNUSED)
            draft = _Draft(
                node, name, value, kind, declared.get(name), group, mark is not None
            )
            if group == BASIC and not mark and _is_rare(draft, known):
                draft = replace(draft, group=ADVANCED)
            yield draft


def unwrapped(value: Any) -> Any:
    """A list as its user knows it, which ComfyUI writes as `{"__value__": […]}` so as not to take it for a link."""
    if (
        isinstance(value, dict)
        and value.keys() == {"__value__"}
        and isinstance(value["__value__"], list)
    ):
        return value["__value__"]
    return value


def _outputs(workflow: Workflow, facts: dict[str, NodeFacts | None]) -> set[str]:
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


_RARE_WORDS: Final = frozenset(
    "device dtype precision provider providers cache offload backend attention quantization tiling filename prefix"
    " format codec crf pix metadata compression lossless quality method interpolation subfolder directory dir path"
    " save output folder debug unload workflow pingpong loop tile tiled temporal overlap".split()
)


def _is_rare(draft: _Draft, known: NodeFacts | None) -> bool:
    """Whether people seldom touch it: model files, devices, how a result is saved."""
    parts = words(draft.input)
    if isinstance(draft.type, Media):
        return False
    if draft.facts is not None and draft.facts.files:
        return True
    if isinstance(draft.value, str) and MODEL_FILE.search(draft.value):
        return True
    making = {*_SIZES, *_SAMPLING, "seed"}
    if known is not None and known.output_node and making.isdisjoint(parts):
        return True
    if parts[-1:] == ("type",) or parts[-2:] == ("model", "name"):
        return True
    return not _RARE_WORDS.isdisjoint(parts)


def _is_seed(draft: _Draft, roles: Roles) -> bool:
    own = set(words(draft.input))
    if "seed" in own:
        return True
    fed = roles.fed(draft.node)
    return fed is not None and own <= _PRIMITIVE and "seed" in words(fed[1])


def _drawn(draft: _Draft, roles: Roles) -> ParameterType:
    kind = draft.type
    if isinstance(kind, Integer) and _is_seed(draft, roles):
        return replace(kind, random=True)
    return kind


_SIZES: Final = frozenset(
    "width height length size batch megapixels resolution resolutions ratio duration seconds frames fps rate count".split()
)
_SAMPLING: Final = frozenset(
    "steps step cfg guidance sampler scheduler denoise strength weight shift scale".split()
)
_GROUPS: Final = {BASIC: 0, ADVANCED: 1, UNUSED: 2}


def _rank(draft: _Draft) -> tuple[int, int]:
    """Where a parameter stands: its group, then what people set most."""
    parts = set(words(draft.input))
    if isinstance(draft.type, Media):
        rank = 0
    elif isinstance(draft.type, Text) and (
        draft.type.multiline or parts & PROMPT_WORDS
    ):
        rank = 1
    elif _is_random(draft.type):
        rank = 2
    elif parts & _SIZES:
        rank = 3
    elif parts & _SAMPLING:
        rank = 4
    else:
        rank = 5
    return _GROUPS[draft.group], rank


_Named = list[tuple[Identifier, _Draft]]


def _filtered(
    named: _Named, options: Options, source: str
) -> tuple[_Named, list[Diagnostic]]:
    """What the marks and the globs leave; a glob that matches nothing is worth a warning."""
    kept = named
    notes: list[Diagnostic] = []
    if any(draft.marked for _, draft in named) and not options.all:
        kept = [pair for pair in named if pair[1].marked]
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


def _matches(pair: tuple[Identifier, _Draft], globs: tuple[str, ...]) -> bool:
    name, draft = pair
    texts = (name, f"{draft.node.id}-inputs-{draft.input}", draft.node.class_type)
    return any(fnmatchcase(text, glob) for glob in globs for text in texts)


def _parameter(
    name: Identifier, draft: _Draft, options: Options, roles: Roles
) -> Parameter:
    kind, default = draft.type, draft.value
    if isinstance(kind, Media):
        kind = replace(kind, optional=options.optional_files)
        default = None if options.optional_files else REQUIRED
    return Parameter(
        name=name,
        type=kind,
        default=default,
        inputs=(Target(draft.node.id, draft.input),),
        doc=_doc(draft, roles),
        group=draft.group,
    )


def _sentence(draft: _Draft, roles: Roles) -> str:
    """What the parameter is for: its role where its input's own name says none, else what the glossary has."""
    own = set(words(draft.input))
    if isinstance(draft.type, Text) and own <= {"text", "prompt", "string", "value"}:
        side = roles.side(draft.node)
        if side is not None:
            return glossary().role(side)
    kind = type(draft.type).__name__.lower()
    fed = roles.fed(draft.node)
    if fed is not None and own <= _PRIMITIVE:
        return glossary().sentence(fed[0], plain_name(fed[1]), kind)
    return glossary().sentence(draft.node.class_type, plain_name(draft.input), kind)


_PRIMITIVE: Final = frozenset({"value", "int", "float", "string", "number", "boolean"})


def _doc(draft: _Draft, roles: Roles) -> str:
    """What the parameter is for, and on a line of its own where in the workflow it is."""
    node = draft.node
    parts = [_sentence(draft, roles)]
    if isinstance(draft.type, Media):
        parts.append(f"Deployed with {_spoken(draft.value)}." if draft.value else "")
    if isinstance(draft.type, Integer) and draft.type.random:
        parts.append("None draws a new one for each run.")
    if draft.group == UNUSED:
        parts.append("Reaches no output: changing it has no effect.")
    title = _spoken(split_mark(node.title)[1])
    named = (
        f"{title} ({node.class_type})"
        if title and title != node.class_type
        else node.class_type
    )
    place = f"Node {_spoken(node.id)}, {_spoken(named)}."
    return "\n".join(part for part in (" ".join(filter(None, parts)), place) if part)


_LONGEST_QUOTE: Final = 80


def _spoken(text: str) -> str:
    """A text of the workflow within a sentence: on one line, without what does not print, cut when long."""
    plain = " ".join(
        "".join(char if char.isprintable() else " " for char in text).split()
    )
    return (
        plain
        if len(plain) <= _LONGEST_QUOTE
        else plain[: _LONGEST_QUOTE - 1].rstrip() + "…"
    )


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
    workflow: Workflow, drafts: list[_Draft], parameters: tuple[Parameter, ...]
) -> dict[str, Any]:
    """What is sent when a call has no value of its own: ViewComfy refuses an empty `params`.

    A seed as it is deployed, else any other value, at worst one that only the web page uses.
    """
    if any(not isinstance(parameter.type, Media) for parameter in parameters):
        return {}
    seeds = [each for each in drafts if _is_random(each.type)]
    others = [each for each in drafts if not isinstance(each.type, Media)]
    for draft in (*seeds, *others):
        value = (
            {"__value__": draft.value} if isinstance(draft.value, list) else draft.value
        )
        return {f"{draft.node.id}-inputs-{draft.input}": value}
    files = {(draft.node.id, draft.input) for draft in drafts}
    for node in workflow.nodes.values():
        for name, value in node.values.items():
            if (node.id, name) not in files:
                return {f"{node.id}-inputs-{name}": value}
    return {}


def _is_random(kind: ParameterType) -> bool:
    return isinstance(kind, Integer) and kind.random

"""Immutable data about node classes and their inputs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple, TypeAlias

from viewcomfy_runtime.json_types import JsonValue

Scalar: TypeAlias = str | int | float | bool

DYNAMIC_COMBO: Final = "COMFY_DYNAMICCOMBO_V3"
AUTOGROW: Final = "COMFY_AUTOGROW_V3"
DYNAMIC_GROUP: Final = "COMFY_DYNAMICGROUP_V3"
MATCH_TYPE: Final = "COMFY_MATCHTYPE_V3"

PAGE_TYPES: Final = frozenset(
    "AUDIO_RECORD IMAGECOMPARE LOAD_3D LOAD_3D_ANIMATION WEBCAM".split()
)
"""Types whose widgets hold data for the web page only: a view, a recording, a scene."""

WIDGETS: Final = PAGE_TYPES | {
    *("INT", "FLOAT", "STRING", "BOOLEAN", "COMBO", "MULTICOMBO", DYNAMIC_COMBO),
    *("BOUNDING_BOX", "BOUNDING_BOXES", "COLOR", "COLORS", "COMPOSITOR", "CURVE"),
}
"""Types for which the web page has a widget."""

PAGE_CLASSES: Final = frozenset({"MarkdownNote", "Note", "PrimitiveNode", "Reroute"})
"""Classes that exist only on the web page, not on any server."""

_PAGE_NAMES: Final = (
    frozenset("""
    audioUI compare_view control_after_generate last_incoming refresh upload video-preview
    viewport_state
    """.split())
    | {"choose file to upload", "upload 3d model", "upload extra resources"}
)

PLACE: Final = "index"
"""The input that receives the index of a choice whose options the workflow's author entered."""

CONTROL: Final = "control_after_generate"
"""The name of the control widget behind a seed if its class doesn't specify one."""


class InputFacts(NamedTuple):
    """Facts about an input: its widget's type, range and choices, or its link's type.

    `files` marks choices that list a machine's files; `upload` is the MIME pattern of files that
    can be sent. `closed` means that no other choices exist, and `tooltip` is the class author's
    text; both are known only from the user's own server. `incomplete` marks choices that no server
    has confirmed. `whole` marks a FLOAT that counts something. `control` is the name of the widget
    that follows on the web page and changes the value after each run.
    """

    type: str
    lo: int | float | None = None
    hi: int | float | None = None
    step: int | float | None = None
    default: JsonValue = None
    choices: tuple[Scalar, ...] = ()
    files: bool = False
    upload: str | None = None
    multiline: bool = False
    multiselect: bool = False
    closed: bool = False
    incomplete: bool = False
    whole: bool = False
    tooltip: str = ""
    required: bool = True
    force_input: bool = False
    socketless: bool = False
    widget_type: str | None = None
    dynamic_prompts: bool = False
    advanced: bool = False
    hidden: bool = False
    control: str | None = None
    page_only: bool = False
    choices_from: str = ""
    """The prefix of the inputs that hold the choices, if the workflow's author entered them on the
    node.
    """
    branches: Mapping[str, Mapping[str, InputFacts]] = {}
    """For a selector (COMFY_DYNAMICCOMBO_V3), the inputs of each choice, without the dot."""
    autogrow: Autogrow | None = None
    group: Group | None = None

    @property
    def is_widget(self) -> bool:
        """Whether the web page shows a widget for the input, with a position among the saved
        values.
        """
        return not self.force_input and self.holds_value

    @property
    def holds_value(self) -> bool:
        """Whether a call can send a value for the input, even if the web page offers only a
        socket.
        """
        return self.type in WIDGETS or self.widget_type is not None

    @property
    def value_type(self) -> str:
        """The type of the input's value: that of its widget if the socket accepts several types."""
        return self.widget_type if self.widget_type in WIDGETS else self.type


class Autogrow(NamedTuple):
    """Inputs that the web page adds as they are used (COMFY_AUTOGROW_V3): `images.image0` …

    They are called `names`, or else `prefix` with a number from 0, or anything if neither is known.
    The first `least` are required.
    """

    element: InputFacts
    prefix: str = ""
    names: tuple[str, ...] = ()
    least: int = 0
    most: int | None = None

    def at(self, name: str) -> InputFacts | None:
        """The facts about the input with this name after the dot; None if there is no such
        input.
        """
        place = self._place(name)
        if place is None or (self.most is not None and place >= self.most):
            return None
        return self.element._replace(
            required=self.element.required and place < self.least
        )

    def _place(self, name: str) -> int | None:
        if self.names:
            return self.names.index(name) if name in self.names else None
        if not self.prefix:
            return 0
        return (
            _number(name[len(self.prefix) :]) if name.startswith(self.prefix) else None
        )


def _number(digits: str) -> int | None:
    plain = digits.isascii() and digits.isdigit() and len(digits) <= 6
    return int(digits) if plain else None


class Group(NamedTuple):
    """Rows of inputs that the web page can repeat (COMFY_DYNAMICGROUP_V3): `loras.0.strength` …"""

    members: Mapping[str, InputFacts]
    least: int = 0
    most: int | None = None

    def at(self, row: str) -> Mapping[str, InputFacts]:
        """The facts about the inputs in the row with this number; empty if there is no such row."""
        place = _number(row)
        if place is None or (self.most is not None and place >= self.most):
            return {}
        if place < self.least:
            return self.members
        return {
            name: each._replace(required=False) for name, each in self.members.items()
        }


class Variant(NamedTuple):
    """One meaning of a dotted name, and the selectors' choices under which it applies."""

    when: Mapping[str, str]
    facts: InputFacts


class NodeFacts(NamedTuple):
    """Facts about a class: its display name, its inputs in the web page's order, its output
    types.
    """

    name: str
    output_node: bool = False
    outputs: tuple[str, ...] = ()
    output_names: tuple[str, ...] = ()
    inputs: Mapping[str, InputFacts] = {}
    own: bool = False
    """Whether these facts come from the user's own server or the catalog they keep."""
    has_intermediate_output: bool = False
    """Whether the node shows a preview of what other nodes save."""
    api_node: bool = False
    """Whether a paid service does the node's work."""
    does: str = ""
    """What the class does, in a few of our own words."""
    titles: frozenset[str] = frozenset()
    """The class's default titles in all languages and versions, as normalized by `plain_title`."""
    page_names: tuple[str, ...] = ()
    """Prefixes of input names that only the web page uses on nodes of this class."""

    def input(
        self, name: str, chosen: Mapping[str, object] | None = None
    ) -> InputFacts | None:
        """The facts about an input by its wire name, such as `model.size.width` or `images.image0`.

        `chosen` are values by wire name: a selector's value determines its branch. Without a value,
        or for one that has no branch, all branches are combined by `union`. Returns None if the
        class has no such input.
        """
        found = [each.facts for each in self.variants(name, chosen)]
        return union(found) if found else None

    def variants(
        self, name: str, chosen: Mapping[str, object] | None = None
    ) -> list[Variant]:
        """All meanings of an input's wire name, with the choices under which each applies."""
        if name in self.inputs:
            return [Variant({}, _with_written(self.inputs[name], chosen or {}))]
        return list(_variants(self.inputs, "", name, chosen or {}, {}))

    def is_page_only(self, name: str) -> bool:
        """Whether only the web page uses an input: a button, a view, a preview."""
        facts = self.input(name)
        if facts is not None:
            return facts.page_only
        return is_page_name(name) or name.startswith(self.page_names)


def _with_written(facts: InputFacts, values: Mapping[str, object]) -> InputFacts:
    """The facts with the choices that the workflow's author entered, and no others."""
    if not facts.choices_from:
        return facts
    numbered = {
        _number(name.removeprefix(facts.choices_from)): value
        for name, value in values.items()
        if name.startswith(facts.choices_from) and isinstance(value, str) and value
    }
    places = sorted(place for place in numbered if place is not None)
    written = tuple(dict.fromkeys(str(numbered[place]) for place in places))
    return facts._replace(choices=written, closed=bool(written))


def is_page_name(name: str) -> bool:
    """Whether only the web page uses an input that no class declares.

    Pages number the previews they put on a node, as in `vhs_gif_preview__0`.
    """
    return (
        name in _PAGE_NAMES
        or name.startswith("preview")
        or name.rstrip("0123456789").endswith("preview__")
    )


def _variants(
    inputs: Mapping[str, InputFacts],
    before: str,
    rest: str,
    chosen: Mapping[str, object],
    when: Mapping[str, str],
) -> Iterator[Variant]:
    """The meanings of `rest` among `inputs`, whose wire names start with `before`."""
    head, dot, tail = rest.partition(".")
    if rest in inputs:
        yield Variant(when, inputs[rest])
        return
    facts = inputs.get(head)
    if facts is None or not dot:
        return
    path = f"{before}{head}"
    picked = chosen.get(path)
    known = isinstance(picked, str) and picked in facts.branches
    for option in (str(picked),) if known else facts.branches:
        yield from _variants(
            facts.branches[option], f"{path}.", tail, chosen, {**when, path: option}
        )
    if facts.autogrow is not None:
        place, _, _ = tail.partition(".")
        element = facts.autogrow.at(place)
        if element is not None:
            yield from _variants({place: element}, f"{path}.", tail, chosen, when)
    if facts.group is not None:
        row, _, member = tail.partition(".")
        members = facts.group.at(row)
        yield from _variants(members, f"{path}.{row}.", member, chosen, when)


def union(found: list[InputFacts]) -> InputFacts:
    """The combination of several meanings: the widest range and all choices; type `*` if types
    differ.
    """
    first = found[0]
    if all(each == first for each in found[1:]):
        return first
    required = all(each.required for each in found)
    kinds = {each.value_type for each in found}
    if kinds == {"INT", "FLOAT"}:
        kinds = {"FLOAT"}
    if len(kinds) > 1:
        return InputFacts(
            "*", required=required, advanced=all(each.advanced for each in found)
        )
    lows = [each.lo for each in found]
    highs = [each.hi for each in found]
    return first._replace(
        type=kinds.pop(),
        widget_type=None,
        lo=None if None in lows else min(low for low in lows if low is not None),
        hi=None if None in highs else max(high for high in highs if high is not None),
        choices=(
            tuple(dict.fromkeys(choice for each in found for choice in each.choices))
            if all(each.choices for each in found)
            else ()
        ),
        branches={
            option: members
            for each in reversed(found)
            for option, members in each.branches.items()
        },
        files=any(each.files for each in found),
        closed=all(each.closed for each in found),
        incomplete=any(each.incomplete for each in found),
        whole=all(each.whole for each in found),
        multiline=any(each.multiline for each in found),
        required=required,
        advanced=all(each.advanced for each in found),
        control=next((each.control for each in found if each.control), None),
        page_only=all(each.page_only for each in found),
    )

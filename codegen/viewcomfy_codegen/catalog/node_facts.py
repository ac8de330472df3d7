"""Facts about node classes, and the lookup of their inputs by wire name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import chain
from typing import Final, NamedTuple

from .facts import InputFacts, number_in

_PAGE_NAMES: Final = (
    frozenset("""
    audioUI compare_view control_after_generate last_incoming refresh upload video-preview
    viewport_state
    """.split())
    | {"choose file to upload", "upload 3d model", "upload extra resources"}
)


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
    does: str = ""
    """What the class does, in a few of our own words."""
    titles: frozenset[str] = frozenset()
    """The class's default titles in all languages and versions, as normalized by `plain_title`."""
    page_names: tuple[str, ...] = ()
    """Prefixes of input names that only the web page uses on nodes of this class."""
    api_node: bool = False
    """Whether a paid service does the node's work."""

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
        number_in(name.removeprefix(facts.choices_from)): value
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
    kinds = {each.value_type for each in found}
    if kinds == {"INT", "FLOAT"}:
        kinds = {"FLOAT"}
    combined = _combined(found)
    if len(kinds) > 1:
        required, advanced = combined.required, combined.advanced
        return InputFacts("*", required=required, advanced=advanced)
    return combined._replace(type=kinds.pop(), widget_type=None)


def _combined(found: list[InputFacts]) -> InputFacts:
    """The first meaning with what the others add or take away, apart from their types."""
    lows = [each.lo for each in found]
    highs = [each.hi for each in found]
    choices = [each.choices for each in found]
    return found[0]._replace(
        lo=None if None in lows else min(low for low in lows if low is not None),
        hi=None if None in highs else max(high for high in highs if high is not None),
        choices=tuple(dict.fromkeys(chain(*choices))) if all(choices) else (),
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
        required=all(each.required for each in found),
        advanced=all(each.advanced for each in found),
        control=next((each.control for each in found if each.control), None),
        page_only=all(each.page_only for each in found),
    )

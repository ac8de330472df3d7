"""Looks up facts in the shipped catalog and in the user's own, which takes precedence."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from viewcomfy_runtime.json_types import as_object

from .data import shipped_data
from .facts import Autogrow, Group, InputFacts
from .node_facts import NodeFacts
from .titles import default_titles

if TYPE_CHECKING:
    from .records import (
        AutogrowRecord,
        GroupRecord,
        InputRecord,
        InputSpec,
        NameRecord,
        NodeRecord,
    )

ABOUT: Final = "!"
"""The key of the catalog's metadata; keys other than classes start with such a sign."""
SHARED: Final = "="
TITLES: Final = "@"
BY_NAME: Final = "?"
BY_WORD: Final = "~"
_NODES: Final = "nodes.tsv"
_SIGNS: Final = ABOUT + SHARED + TITLES + BY_NAME + BY_WORD


class Catalog:
    """Facts by class, read one record at a time: the file is searched but never parsed as a whole.

    `data` holds one record per line, `key<TAB>JSON`, sorted by the keys' bytes.
    """

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._nodes: dict[str, NodeFacts | None] = {}

    @property
    def version(self) -> str:
        """The version of ComfyUI that the facts describe."""
        return str((self._record(ABOUT) or {}).get("comfyui", "unknown"))

    @property
    def date(self) -> str:
        """The date of the facts, such as `2026-11-26`."""
        return str((self._record(ABOUT) or {}).get("date", "unknown"))

    @property
    def name(self) -> str:
        """The catalog's name for messages."""
        return f"the shipped catalog ({self.date}, ComfyUI {self.version})"

    def classes(self) -> Iterator[str]:
        """All known classes, sorted by the bytes of their names."""
        for line in self._data.splitlines():
            key = line.partition(b"\t")[0].decode("utf-8", "surrogatepass")
            if not key.startswith(tuple(_SIGNS)):
                yield key

    def is_missing(self, class_type: str) -> bool:
        """Whether the user's server was asked and doesn't have this class."""
        return False

    def node(self, class_type: str) -> NodeFacts | None:
        """The facts about a class; None if it is unknown."""
        if class_type not in self._nodes:
            self._nodes[class_type] = self._find(class_type)
        return self._nodes[class_type]

    def guess(self, plain: str, value: object = None) -> InputFacts | None:
        """The facts that most classes share for inputs with this plain name or last word. For a
        number, only numeric inputs count.

        If any class has a list of choices that contains the value, these are the choices.
        """
        found: NameRecord | None = self._record(BY_NAME + plain)
        record: NameRecord = found if found is not None else {}
        if isinstance(value, str):
            for each in record.get("lists", ()):
                facts = self._input({"type": "COMBO", "incomplete": True, **each})
                if value in facts.choices:
                    return facts
        if type(value) in (int, float):
            return self._number(record, plain)
        if "type" not in record:
            return None
        return InputFacts(
            record["type"],
            files=record.get("files", False),
            multiline=record.get("multiline", False),
            multiselect=record["type"] == "MULTICOMBO",
        )

    def _number(self, record: NameRecord, plain: str) -> InputFacts | None:
        """The facts about numeric inputs with this name, or else with its last word."""
        kind = record.get("number") or record.get("type")
        if kind not in ("INT", "FLOAT"):
            kind = (self._record(BY_WORD + plain.rpartition("_")[2]) or {}).get(
                "number"
            )
        return None if kind is None else InputFacts(kind)

    def _find(self, class_type: str) -> NodeFacts | None:
        if class_type.startswith(tuple(_SIGNS)):
            return None
        record = self._record(class_type)
        return None if record is None else self._facts(record, class_type)

    def _facts(
        self, record: NodeRecord, class_type: str, own: bool = False
    ) -> NodeFacts:
        name = str(record.get("name") or class_type)
        return NodeFacts(
            name=name,
            output_node=record.get("output_node", False),
            outputs=tuple(record["outputs"]),
            output_names=tuple(record.get("output_names", record["outputs"])),
            inputs=self._inputs(record["inputs"], own),
            own=own,
            has_intermediate_output=record.get("has_intermediate_output", False),
            api_node=record.get("api_node", False),
            does=record.get("does", ""),
            titles=default_titles(
                class_type, name, *(self._record(TITLES + class_type) or ())
            ),
            page_names=tuple(record.get("page_names", ())),
        )

    def _inputs(
        self, specs: Mapping[str, InputSpec], own: bool
    ) -> dict[str, InputFacts]:
        return {name: self._input(spec, own) for name, spec in specs.items()}

    def _input(self, spec: InputSpec, own: bool = False) -> InputFacts:
        if isinstance(spec, str):
            return InputFacts(spec.removeprefix("?"), required=not spec.startswith("?"))
        facts = _value_facts(spec)
        if "choices" in spec:
            listed = spec["choices"]
            choices = tuple(self._record(listed) if isinstance(listed, str) else listed)
            return facts._replace(choices=choices, closed=own and bool(choices))
        if "branches" in spec:
            branches = {
                option: self._inputs(specs, own)
                for option, specs in spec["branches"].items()
            }
            closed = own and bool(branches)
            return facts._replace(
                choices=tuple(branches), branches=branches, closed=closed
            )
        if "autogrow" in spec:
            return facts._replace(autogrow=self._autogrow(spec["autogrow"], own))
        if "group" in spec:
            return facts._replace(group=self._group(spec["group"], own))
        return facts

    def _group(self, spec: GroupRecord, own: bool) -> Group:
        members = self._inputs(spec["members"], own)
        return Group(members, spec.get("min", 0), spec.get("max"))

    def _autogrow(self, spec: AutogrowRecord, own: bool) -> Autogrow:
        return Autogrow(
            element=self._input(spec["element"], own),
            prefix=spec.get("prefix", ""),
            names=tuple(spec.get("names", ())),
            least=spec.get("min", 0),
            most=spec.get("max"),
        )

    def _record(self, key: str) -> Any:
        """The record for `key`, of a shape that depends on the key's sign; None if there is none.

        It is found by binary search over the starts of lines.
        """
        wanted = key.encode("utf-8", "surrogatepass")
        data, low, high = self._data, 0, len(self._data)
        while low < high:
            start = data.rfind(b"\n", low, (low + high) // 2) + 1 or low
            tab = data.find(b"\t", start)
            found = data[start:tab]
            if found > wanted:
                high = start
                continue
            end = data.find(b"\n", tab)
            if found == wanted:
                return json.loads(data[tab + 1 : end])
            low = end + 1
        return None


def _value_facts(spec: InputRecord) -> InputFacts:
    """The facts about an input that holds a value, without its choices and what they add."""
    kind = spec["type"]
    return InputFacts(
        type=kind,
        lo=spec.get("min"),
        hi=spec.get("max"),
        step=spec.get("step"),
        default=spec.get("default"),
        files=spec.get("files", False),
        upload=spec.get("upload"),
        multiline=spec.get("multiline", False),
        multiselect=spec.get("multiselect", False) or kind == "MULTICOMBO",
        incomplete=spec.get("incomplete", False),
        whole=spec.get("whole", False),
        tooltip=spec.get("tooltip", ""),
        required=not spec.get("optional", False),
        force_input=spec.get("force_input", False),
        socketless=spec.get("socketless", False),
        widget_type=spec.get("widget_type"),
        dynamic_prompts=spec.get("dynamic_prompts", False),
        advanced=spec.get("advanced", False),
        hidden=spec.get("hidden", False),
        control=spec.get("control"),
        page_only=spec.get("page_only", False),
        choices_from=spec.get("choices_from", ""),
    )


class OwnCatalog(Catalog):
    """The user's own server's facts about its classes, which take precedence over the
    shipped ones.
    """

    def __init__(
        self, data: bytes, classes: Mapping[str, object], kept: Mapping[str, object]
    ) -> None:
        super().__init__(data)
        self._asked = classes
        self._classes = {**kept, **classes}

    def classes(self) -> Iterator[str]:
        yield from self._classes
        yield from (each for each in super().classes() if each not in self._classes)

    def is_missing(self, class_type: str) -> bool:
        return bool(self._asked) and class_type not in self._asked

    def _find(self, class_type: str) -> NodeFacts | None:
        if class_type not in self._classes:
            return super()._find(class_type)
        # Only a user's own answers need distilling: the package's facts are distilled.
        from .distilling import node_record

        described = self._classes[class_type]
        record = node_record(as_object(described), class_type)
        facts = self._facts(record, class_type, own=True)
        known = super()._find(class_type)
        if known is None:
            return facts
        inputs = {
            name: _completed(each, known.inputs[name]) if name in known.inputs else each
            for name, each in facts.inputs.items()
        }
        titles = facts.titles | known.titles
        return facts._replace(inputs=inputs, titles=titles, does=known.does)


def _completed(own: InputFacts, known: InputFacts) -> InputFacts:
    """A server's facts about an input, with missing files and ranges filled in from the
    known ones.
    """
    if own.type != known.type:
        return own
    if known.files:
        return own._replace(files=True, choices=(), closed=False)
    if own.lo is None and own.hi is None:
        return own._replace(lo=known.lo, hi=known.hi)
    return own


@lru_cache(maxsize=1)
def shipped() -> Catalog:
    """The catalog shipped with the package."""
    return Catalog(shipped_data(_NODES))


def with_object_info(
    classes: Mapping[str, object], kept: Mapping[str, object] | None = None
) -> Catalog:
    """The shipped catalog, overridden by the `kept` catalog and then by the server's answer at
    /object_info.
    """
    return OwnCatalog(shipped_data(_NODES), classes, kept or {})

"""What is known of node classes: facts distilled from ComfyUI's own answers, and a glossary of our own words."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from importlib.resources import files
from typing import Any, Final

from .distilling import node_record, tooltip_of

WIDGETS: Final = frozenset({"INT", "FLOAT", "STRING", "BOOLEAN", "COMBO"})


@dataclass(frozen=True, slots=True)
class InputFacts:
    """What a class says of an input: a widget's type, range and choices, or the type of link that it takes.

    `files` marks choices that list a machine's files, `upload` the MIME pattern of a file that is sent along. `closed` marks
    choices that are all there are, `tooltip` is what the class's author says: both come from the user's own server alone.
    """

    type: str
    lo: int | float | None = None
    hi: int | float | None = None
    step: int | float | None = None
    default: str | int | float | bool | None = None
    choices: tuple[str | int | float | bool, ...] = ()
    files: bool = False
    upload: str | None = None
    multiline: bool = False
    control_after_generate: bool = False
    multiselect: bool = False
    closed: bool = False
    tooltip: str = ""

    @property
    def is_widget(self) -> bool:
        return self.type in WIDGETS


@dataclass(frozen=True, slots=True)
class NodeFacts:
    """What is known of a class: the name that its nodes show, its inputs in order, the types of its outputs."""

    name: str
    output_node: bool = False
    outputs: tuple[str, ...] = ()
    inputs: Mapping[str, InputFacts] = field(default_factory=dict)
    own: bool = False
    """Whether the user's own server said so."""


class Catalog:
    """Facts by class, read one record at a time: the file is searched, never parsed whole."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._nodes: dict[str, NodeFacts | None] = {}

    def node(self, class_type: str) -> NodeFacts | None:
        """What is known of a class; None for a class nobody told us about."""
        if class_type not in self._nodes:
            record = None if class_type[:1] in "=?~" else self._record(class_type)
            self._nodes[class_type] = (
                None if record is None else self._facts(record, class_type)
            )
        return self._nodes[class_type]

    def guess(self, plain: str) -> InputFacts | None:
        """What an input with this plain name is in most classes, by the whole name or by its last word."""
        record = self._record(f"?{plain}") or self._record(
            f"~{plain.rpartition('_')[2]}"
        )
        return None if record is None else self._input(record)

    def _facts(self, record: dict[str, Any], class_type: str) -> NodeFacts:
        return NodeFacts(
            name=str(record["name"] or class_type),
            output_node=record["output_node"],
            outputs=tuple(record["outputs"]),
            inputs={name: self._input(spec) for name, spec in record["inputs"].items()},
        )

    def _input(self, spec: str | dict[str, Any]) -> InputFacts:
        if isinstance(spec, str):
            return InputFacts(spec)
        choices = spec.get("choices", ())
        if isinstance(choices, str):
            choices = self._record(choices)
        return InputFacts(
            type=spec["type"],
            lo=spec.get("min"),
            hi=spec.get("max"),
            step=spec.get("step"),
            default=spec.get("default"),
            choices=tuple(choices or ()),
            files=spec.get("files", False),
            upload=spec.get("upload"),
            multiline=spec.get("multiline", False),
            control_after_generate=spec.get("control_after_generate", False),
            multiselect=spec.get("multiselect", False),
        )

    def _record(self, key: str) -> Any:
        """The record of `key`, found by bisection over the lines' starts."""
        wanted = key.encode("utf-8", "surrogatepass")
        data, low, high = self._data, 0, len(self._data)
        while low < high:
            start = data.rfind(b"\n", low, (low + high) // 2) + 1 or low
            end = data.find(b"\n", start)
            found, _, text = data[start:end].partition(b"\t")
            if found == wanted:
                return json.loads(text)
            if found < wanted:
                low = end + 1
            else:
                high = start
        return None


class OwnCatalog(Catalog):
    """What the user's own server says of its classes, on top of what the package knows."""

    def __init__(self, data: bytes, classes: Mapping[str, Any]) -> None:
        super().__init__(data)
        self._classes = classes

    def node(self, class_type: str) -> NodeFacts | None:
        if class_type not in self._nodes and class_type in self._classes:
            self._nodes[class_type] = self._own(class_type, self._classes[class_type])
        return super().node(class_type)

    def knows(self, class_type: str) -> bool:
        """Whether the user's server has the class."""
        return class_type in self._classes

    def _own(self, class_type: str, described: Any) -> NodeFacts:
        sections = described.get("input") if isinstance(described, dict) else None
        specs = {
            name: spec
            for section in (sections.values() if isinstance(sections, dict) else ())
            if isinstance(section, dict)
            for name, spec in section.items()
        }
        facts = self._facts(
            node_record(described if isinstance(described, dict) else {}), class_type
        )
        inputs = {
            name: replace(
                each, closed=bool(each.choices), tooltip=tooltip_of(specs.get(name))
            )
            for name, each in facts.inputs.items()
        }
        return replace(facts, inputs=inputs, own=True)


class Glossary:
    """Our own sentences on inputs: by class and name, by name, by a pattern with one `*`, by type and by role."""

    def __init__(self, data: Mapping[str, Any]) -> None:
        self._classes: Mapping[str, Mapping[str, str]] = data["classes"]
        self._names: Mapping[str, str] = data["names"]
        self._patterns: Mapping[str, str] = data["patterns"]
        self._types: Mapping[str, str] = data["types"]
        self._roles: Mapping[str, str] = data["roles"]

    def sentence(
        self, class_type: str, plain: str, kind: str, tooltip: str = ""
    ) -> tuple[str, str]:
        """What an input of this plain name is for, and who says so; empty where nothing true can be said.

        `tooltip` is what the user's own server says: better than what is said of a name, no matter of which class.
        """
        known = self._classes.get(class_type, {}).get(plain)
        if known:
            return known, "the glossary, on its class"
        if tooltip:
            return tooltip, "your ComfyUI's tooltip"
        if plain in self._names:
            return self._names[plain], "the glossary, on its name"
        spoken = plain.replace("_", " ")
        for glob, sentence in self._patterns.items():
            start, _, end = glob.partition("*")
            if (
                len(plain) > len(start + end)
                and plain.startswith(start)
                and plain.endswith(end)
            ):
                rest = plain.removeprefix(start).removesuffix(end).replace("_", " ")
                text = sentence.format(words=spoken, rest=rest.strip())
                return text, f"the glossary, on names like {glob}"
        text = self._types.get(kind, "").format(words=spoken) if plain else ""
        return text, "its type alone" if text else ""

    def role(self, side: str) -> str:
        """What a text is for that becomes this side of the prompt."""
        return self._roles[side]


@lru_cache(maxsize=1)
def shipped() -> Catalog:
    """The catalog that the package ships."""
    return Catalog(_shipped_data())


def _shipped_data() -> bytes:
    return (files(__name__) / "nodes.tsv").read_bytes()


def with_object_info(classes: Mapping[str, Any]) -> Catalog:
    """The catalog that the package ships, under what a server answered at /object_info."""
    return OwnCatalog(_shipped_data(), classes)


@lru_cache(maxsize=1)
def glossary() -> Glossary:
    """The glossary that the package ships."""
    return Glossary(json.loads((files(__name__) / "glossary.json").read_bytes()))

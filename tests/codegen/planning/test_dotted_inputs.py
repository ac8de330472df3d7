"""Every dotted input of real servers has the type of its branch."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from viewcomfy_codegen.catalog import shipped
from viewcomfy_codegen.planning.declared_types import declared_type
from viewcomfy_codegen.planning.guessed_types import guessed_type
from viewcomfy_runtime.parameters.types import Integer, kind_of

from ...helpers.shared import shared_file

KINDS = {
    "INT": {"int"},
    "FLOAT": {"float", "int"},
    "STRING": {"text", "multiline"},
    "BOOLEAN": {"bool"},
    "COMBO": {"choice", "open choice", "text", "file:image"},
}


def _listed() -> Iterator[tuple[str, str, str, dict[str, Any]]]:
    classes = json.loads(shared_file("object_info/dynamic.json").read_bytes())
    for class_type, inputs in classes.items():
        for name, (kind, options) in inputs.items():
            if kind in KINDS:
                yield class_type, name, kind, options


def test_each_has_its_kind_and_the_choices_that_bring_it() -> None:
    found = list(_listed())
    assert len(found) > 1000
    for class_type, name, kind, options in found:
        known = shipped().node(class_type)
        assert known is not None, class_type
        variants = known.variants(name)
        assert variants, f"{class_type}.{name}"
        for variant in variants:
            own = declared_type(variant.facts, variant.facts.default)
            assert (
                own is not None and kind_of(own) in KINDS[kind]
            ), f"{class_type}.{name}"
        for path, keys in options.get("when", {}).items():
            assert {each.when.get(path) for each in variants} >= {*keys}


def test_the_last_part_tells_the_kind_of_an_input_of_an_unknown_class() -> None:
    for name in ("frame_idx", "guides.frame_idx"):
        assert isinstance(guessed_type(name, 0, shipped()), Integer)

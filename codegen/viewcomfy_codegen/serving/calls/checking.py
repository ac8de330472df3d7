"""Checks calls, and reports faults by node as ComfyUI does."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from viewcomfy_runtime.calls.overrides import applied
from viewcomfy_runtime.json_types import JsonObject, JsonValue
from viewcomfy_runtime.parameters.key import WireKey
from viewcomfy_runtime.parameters.types import (
    Choice,
    Integer,
    InvalidValueError,
    Media,
    Number,
    ParameterType,
    accept,
)

from ...catalog import Catalog, InputFacts
from ...errors import CodegenError
from ...graph.workflow import Node, Workflow, ordered, unwrapped
from ...sources.api_format import read_workflow
from ..executors.decoding import BadImage, image_size
from ..executors.image_batches import output_nodes
from ..rejection import Rejected
from ..served import diagnostics_text
from ..shapes import NodeErrors

PAGE_ONLY: Final = frozenset({"MarkdownNote", "Note", "PrimitiveNode", "Reroute"})
"""Classes that exist on ComfyUI's page but not on its server."""


def read_params(text: str | None) -> JsonObject:
    """The values of a call. Raises Rejected for anything but a nonempty object."""
    if text is None:
        raise Rejected(422, "the form has no field params")
    try:
        params = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Rejected(400, "params is not valid JSON", str(error)) from None
    if not isinstance(params, dict):
        raise Rejected(400, "params must be a JSON object")
    if not params:
        raise Rejected(
            400, "params is empty", "send at least one value, such as the seed"
        )
    return params


@dataclass(frozen=True, slots=True)
class CheckedCall:
    """A call that can be run: the workflow with its values, those values for display, and its
    files.
    """

    workflow: Workflow
    values: Mapping[str, JsonValue]
    files: Mapping[WireKey, Path]


class Check:
    """One call to a workflow: the values it sets, and its faults."""

    def __init__(
        self,
        workflow: Workflow,
        types: Mapping[WireKey, ParameterType],
        params: Mapping[str, JsonValue],
        files: Mapping[str, Path],
    ) -> None:
        self._workflow = workflow
        self._types = types
        self._unknown: list[str] = []
        self._errors: dict[str, NodeErrors] = {}
        self.values: dict[WireKey, Any] = {
            key: value
            for text, value in params.items()
            if (key := self._input(text)) is not None
        }
        self.files: dict[WireKey, Path] = {
            key: path
            for text, path in files.items()
            if (key := self._input(text, file=True)) is not None
        }

    def placed(self) -> Workflow:
        """The workflow with the call's values. Raises Rejected if it cannot hold them."""
        self._raise()
        graph = applied(
            self._workflow.graph,
            {str(key): value for key, value in self.values.items()},
        )
        try:
            return read_workflow(json.dumps(graph).encode(), "the call")[0]
        except CodegenError as error:
            raise Rejected(
                400, "the values cannot be run", diagnostics_text(error)
            ) from None

    def judge(self, ready: Workflow, stored: frozenset[str], catalog: Catalog) -> None:
        """Raises Rejected with everything that ComfyUI would reject.

        `stored` are the names of the server's files.
        """
        _refuse_unknown_classes(ready, catalog)
        reached = _reached(ready, catalog)
        for key, value in self.values.items():
            self._judge_value(key, value)
        for key, path in self.files.items():
            self._judge_file(key, path)
        for id in reached:
            node = ready.nodes[id]
            self._judge_links(node, ready)
            self._judge_bounds(node, catalog)
            self._judge_stored(node, stored)
        for id in sorted(set(ordered(ready.nodes)[1]) & reached):
            self._exception(WireKey(id, ""), "the node is part of a cycle of links")
        self._raise()

    def _input(self, text: str, *, file: bool = False) -> WireKey | None:
        """The input that a key names; a key that names no input with a value is a fault."""
        key = WireKey.parse(text)
        image = key.image if key is not None and file else None
        known = self._workflow.nodes.get(key.node) if key else None
        wanted = image or key
        if known is not None and wanted is not None and _can_hold(known, wanted.name):
            return key
        linked = known is not None and wanted is not None and wanted.name in known.links
        reason = (
            "is linked to another node" if linked else "is not an input of the workflow"
        )
        self._unknown.append(f"{wanted or text} {reason}")
        return None

    def _judge_value(self, key: WireKey, value: Any) -> None:
        kind = self._types.get(key)
        if isinstance(kind, Media):
            if not isinstance(value, str):
                self._add(
                    key, "invalid_input_type", "must be the name of a stored file"
                )
            return
        if isinstance(kind, Integer) and kind.random:
            # The caller draws the seed: ComfyUI accepts only numbers.
            kind = replace(kind, random=False)
        if kind is None:
            return
        try:
            accept(kind, unwrapped(value))
        except InvalidValueError as error:
            self._add(key, _fault_type(kind, value), str(error))

    def _judge_file(self, key: WireKey, path: Path) -> None:
        image = key.image or key
        if not isinstance(self._types.get(image), Media):
            self._add(image, "invalid_input_type", "does not take a file")
        elif key.image is not None and key.image in self.files:
            try:
                sizes = image_size(self.files[key.image]), image_size(path)
            except BadImage:
                return  # It fails during the run, as it does in ComfyUI.
            if sizes[0] != sizes[1]:
                (width, height), (mask_width, mask_height) = sizes
                self._add(
                    image,
                    "custom_validation_failed",
                    f"the mask has {mask_width} x {mask_height} "
                    f"pixels, its image {width} x {height}",
                )

    def _judge_links(self, node: Node, ready: Workflow) -> None:
        for name, link in node.links.items():
            if link.node not in ready.nodes:
                message = f"is linked to node {link.node}, which does not exist"
                self._exception(WireKey(node.id, name), message)

    def _judge_bounds(self, node: Node, catalog: Catalog) -> None:
        """Checks the deployed values against their class too, although the plan accepts them as
        they are.
        """
        facts = catalog.node(node.class_type)
        for name, value in node.values.items():
            declared = facts.input(name, node.values) if facts is not None else None
            if isinstance(value, bool) or not isinstance(value, int | float):
                continue
            if declared is not None:
                for kind, message in _beyond(declared, value):
                    self._add(WireKey(node.id, name), kind, message)

    def _judge_stored(self, node: Node, stored: frozenset[str]) -> None:
        for name, value in node.values.items():
            key = WireKey(node.id, name)
            if (
                isinstance(self._types.get(key), Media)
                and key not in self.files
                and isinstance(value, str)
                and value.removesuffix(" [input]") not in stored
            ):
                message = f"Invalid file: {value}"
                self._add(key, "custom_validation_failed", message)

    def _exception(self, key: WireKey, message: str) -> None:
        self._add(key, "exception_during_validation", message)

    def _add(self, key: WireKey, kind: str, message: str) -> None:
        class_type = self._workflow.nodes[key.node].class_type
        about = self._errors.setdefault(
            key.node, {"errors": [], "class_type": class_type}
        )
        if any(each["details"] == key.name for each in about["errors"]):
            return
        about["errors"].append(
            {
                "type": kind,
                "message": message,
                "details": key.name,
                "extra_info": {"input_name": key.name},
            }
        )

    def _raise(self) -> None:
        if self._unknown:
            raise Rejected(
                400, "unknown parameters", list(dict.fromkeys(self._unknown))
            )
        if self._errors:
            raise Rejected(
                400,
                "Prompt outputs failed validation",
                {"node_errors": self._errors},
                "ComfyWorkflowError",
            )


def _can_hold(node: Node, name: str) -> bool:
    """Whether a node has an input with a value, or one whose choice may bring the input: `model`
    brings `model.seed`.
    """
    parts = name.split(".")
    before = (".".join(parts[:end]) for end in range(1, len(parts) + 1))
    return name not in node.links and any(each in node.values for each in before)


def _refuse_unknown_classes(workflow: Workflow, catalog: Catalog) -> None:
    """Raises Rejected for a class that the server cannot have."""
    for node in workflow.nodes.values():
        name = node.class_type
        if name in PAGE_ONLY or catalog.is_missing(name):
            error = {
                "type": "missing_node_type",
                "message": f"Node '{node.title or name}' not found",
                "details": f"Node ID '#{node.id}'",
                "extra_info": {"node_id": node.id, "class_type": name},
            }
            raise Rejected(
                400,
                f"the server has no class {name}, which node {node.id} has",
                {"error": error, "node_errors": {}},
                "ComfyWorkflowError",
            )


def _reached(workflow: Workflow, catalog: Catalog) -> set[str]:
    """The nodes that ComfyUI would run. Raises Rejected if it would run none."""
    ends = output_nodes(workflow, catalog)
    if not ends:
        error = {"type": "prompt_no_outputs", "message": "Prompt has no outputs"}
        raise Rejected(
            400,
            "Prompt has no outputs",
            {"error": {**error, "details": "", "extra_info": {}}, "node_errors": {}},
            "ComfyWorkflowError",
        )
    return workflow.leading_to(ends)


def _beyond(declared: InputFacts, value: int | float) -> Iterator[tuple[str, str]]:
    if declared.type not in ("INT", "FLOAT"):
        return
    if declared.lo is not None and value < declared.lo:
        yield "value_smaller_than_min", f"must be at least {declared.lo}"
    if declared.hi is not None and value > declared.hi:
        yield "value_bigger_than_max", f"must be at most {declared.hi}"


def _fault_type(kind: ParameterType, value: Any) -> str:
    """ComfyUI's name for the fault of a value that an input of this type does not accept."""
    if isinstance(kind, Integer | Number) and isinstance(value, int | float):
        if kind.lo is not None and value < kind.lo:
            return "value_smaller_than_min"
        if kind.hi is not None and value > kind.hi:
            return "value_bigger_than_max"
    return "value_not_in_list" if isinstance(kind, Choice) else "invalid_input_type"

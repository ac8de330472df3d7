"""A workflow that is served: what a call to it may hold, and what is wrong with one."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from viewcomfy_runtime.calls.overrides import applied
from viewcomfy_runtime.parameters.key import MASK_SUFFIX
from viewcomfy_runtime.parameters.types import (
    Choice,
    Integer,
    Media,
    Number,
    ParameterType,
    Refused,
    accept,
)

from ..catalog import shipped
from ..errors import CodegenError
from ..graph.roles import Roles
from ..graph.workflow import Workflow
from ..pipeline import generate
from ..planning.drafts import drafts, unwrapped
from ..sources.api_format import read_workflow


class Rejected(Exception):
    """A call that the server does not take: a status, what is wrong, and per node where it is about one."""

    def __init__(
        self, status: int, message: str, details: Any = "", kind: str = "InvalidCall"
    ) -> None:
        super().__init__(message)
        self.status = status
        self.body = {"errorMsg": message, "errorDetails": details, "errorType": kind}


@dataclass(frozen=True)
class Served:
    """A workflow under a name; `source` is its exported file's content."""

    name: str
    source: bytes

    @cached_property
    def workflow(self) -> Workflow:
        """Raises CodegenError for what is no workflow."""
        return read_workflow(self.source, f"{self.name}.json")[0]

    @cached_property
    def schema(self) -> str:
        """The JSON Schema of calls, as it is generated."""
        made = generate(self.source, name=self.name)
        return made.files[f"{self.name}.schema.json"]

    @cached_property
    def types(self) -> dict[str, ParameterType]:
        return types_of(self.workflow)


def types_of(workflow: Workflow) -> dict[str, ParameterType]:
    """The type of each input that holds a value, by wire key."""
    catalog = shipped()
    facts = {
        node.class_type: catalog.node(node.class_type)
        for node in workflow.nodes.values()
    }
    found = drafts(workflow, catalog, facts, Roles(workflow, facts.__getitem__))
    return {str(each.key): each.type for each in found}


def overridden(served: Served, text: str | None) -> tuple[Workflow, dict[str, Any]]:
    """The workflow that a call runs, and the types of its inputs. Raises Rejected for an override that is none."""
    if text is None:
        return served.workflow, served.types
    try:
        workflow, _ = read_workflow(text.encode("utf-8", "replace"), "workflow_api")
    except CodegenError as error:
        raise Rejected(400, "workflow_api is no workflow", _told(error)) from None
    return workflow, types_of(workflow)


def read_params(text: str | None) -> dict[str, Any]:
    """The values of a call. Raises Rejected for what is no object, or an empty one."""
    if text is None:
        raise Rejected(422, "the form has no field params")
    try:
        params = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Rejected(400, "params is no JSON", str(error)) from None
    if not isinstance(params, dict):
        raise Rejected(400, "params is no JSON object")
    if not params:
        raise Rejected(
            400, "params is empty", "send at least one value, such as the seed"
        )
    return params


def checked(
    workflow: Workflow,
    types: Mapping[str, ParameterType],
    params: Mapping[str, Any],
    files: Mapping[str, Path],
    stored: frozenset[str] | None,
) -> Workflow:
    """The workflow with the values of a call. `stored` are the names of files that the server has, if that is known.

    Raises Rejected with all that is wrong, per node as ComfyUI tells it.
    """
    faults = _Faults(workflow)
    for key, value in params.items():
        kind = types.get(key)
        if not faults.is_input(key):
            continue
        if isinstance(kind, Media):
            if not isinstance(value, str):
                faults.add(
                    key, "invalid_input_type", "must be the name of a stored file"
                )
        elif kind is not None:
            try:
                accept(kind, unwrapped(value))
            except Refused as refused:
                faults.add(key, _fault_type(kind, value), str(refused))
    for key, path in files.items():
        picture = key.removesuffix(MASK_SUFFIX)
        if not faults.is_input(picture):
            continue
        if not isinstance(types.get(picture), Media):
            faults.add(picture, "invalid_input_type", "is no input for a file")
        elif not _is_of(types[picture], path):
            faults.add(picture, "custom_validation_failed", "the file is no picture")
    for key, kind in types.items():
        node, _, name = key.partition("-inputs-")
        value = params.get(key, workflow.nodes[node].values[name])
        if (
            stored is not None
            and isinstance(kind, Media)
            and key not in files
            and isinstance(value, str)
            and value.removesuffix(" [input]") not in stored
        ):
            faults.add(key, "custom_validation_failed", f"Invalid file: {value}")
    faults.raise_all()
    graph, _ = applied(workflow.graph, params)
    try:
        return read_workflow(json.dumps(graph).encode(), "the call")[0]
    except CodegenError as error:
        raise Rejected(400, "the values cannot be run", _told(error)) from None


def _told(error: CodegenError) -> str:
    return "; ".join(str(each) for each in error.diagnostics)


def _fault_type(kind: ParameterType, value: Any) -> str:
    """What ComfyUI calls it when an input of this type does not take the value."""
    if isinstance(kind, Integer | Number) and isinstance(value, int | float):
        if kind.lo is not None and value < kind.lo:
            return "value_smaller_than_min"
        if kind.hi is not None and value > kind.hi:
            return "value_bigger_than_max"
    return "value_not_in_list" if isinstance(kind, Choice) else "invalid_input_type"


def _is_of(kind: ParameterType, path: Path) -> bool:
    """Whether a file that is to be a picture is one."""
    from PIL import Image, UnidentifiedImageError

    if not (isinstance(kind, Media) and kind.media == "image/*"):
        return True
    try:
        with Image.open(path) as image:
            image.verify()
    except (UnidentifiedImageError, OSError, SyntaxError, Image.DecompressionBombError):
        return False
    return True


class _Faults:
    """What is wrong with a call, per node."""

    def __init__(self, workflow: Workflow) -> None:
        self._workflow = workflow
        self._unknown: list[str] = []
        self._errors: dict[str, dict[str, Any]] = {}

    def is_input(self, key: str) -> bool:
        """Whether the key names an input that holds a value; anything else is a fault."""
        node, mark, name = key.partition("-inputs-")
        known = self._workflow.nodes.get(node) if mark else None
        if known is None or name not in known.values:
            linked = known is not None and name in known.links
            self._unknown.append(
                f"{key} is linked to another node"
                if linked
                else f"{key} is no input of the workflow"
            )
            return False
        return True

    def add(self, key: str, kind: str, message: str) -> None:
        node, _, name = key.partition("-inputs-")
        about = self._errors.setdefault(
            node,
            {"errors": [], "class_type": self._workflow.nodes[node].class_type},
        )
        about["errors"].append(
            {
                "type": kind,
                "message": message,
                "details": name,
                "extra_info": {"input_name": name},
            }
        )

    def raise_all(self) -> None:
        if self._unknown:
            raise Rejected(400, "unknown parameters", self._unknown)
        if self._errors:
            raise Rejected(
                400,
                "Prompt outputs failed validation",
                {"node_errors": self._errors},
                "ComfyWorkflowError",
            )

"""What a client can be generated from: a workflow, a view_comfy.json with workflows in it, a picture that ComfyUI saved."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..errors import CodegenError, Diagnostic
from ..planning.wishes import Wishes
from .images import is_picture, workflow_in_picture
from .json_text import read_json
from .view_comfy import apps_in, is_view_comfy, picked, wishes_of


@dataclass(frozen=True, slots=True)
class Source:
    """A workflow in API format, and what was written down on its inputs beside it; `curated` where that chooses among them."""

    workflow: bytes
    wishes: Wishes = field(default_factory=dict)
    curated: bool = False
    notes: tuple[Diagnostic, ...] = ()


def read_source(
    data: bytes,
    name: str,
    *,
    workflow: str | None = None,
    view_comfy: tuple[bytes, str] | None = None,
) -> Source:
    """The workflow in `data`, told apart by its content; `name` is the file's, for messages.

    `workflow` picks one of several by number, from 1, or by title. `view_comfy` is a view_comfy.json beside the workflow, with
    its name. Raises CodegenError for what holds no workflow.
    """
    if is_picture(data):
        data = workflow_in_picture(data, name)
    document = _peeked(data)
    if is_view_comfy(document):
        app = picked(apps_in(read_json(data, name), name), workflow, name)
        graph = app.workflow(name)
        wishes, notes = wishes_of(app, graph, name)
        return Source(graph, wishes, True, notes)
    if workflow is not None and view_comfy is None:
        raise CodegenError(
            Diagnostic(
                name,
                "there is one workflow in it: none can be picked",
                "leave --workflow out",
            )
        )
    if view_comfy is None:
        return Source(data)
    content, beside = view_comfy
    described = read_json(content, beside)
    if not is_view_comfy(described):
        raise CodegenError(
            Diagnostic(
                beside,
                "this is no view_comfy.json",
                "export it from ViewComfy's editor",
            )
        )
    app = picked(apps_in(described, beside), workflow, beside)
    wishes, notes = wishes_of(app, data, beside)
    return Source(data, wishes, True, notes)


def _peeked(data: bytes) -> Any:
    """The value of what is plainly a view_comfy.json; None for anything else, whose faults are told later."""
    if b"view_comfy" not in data and b"viewComfyJSON" not in data:
        return None
    import json

    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        return None


def classes_in(data: bytes, name: str) -> Mapping[str, Any]:
    """The classes in what a ComfyUI answers at /object_info. Raises CodegenError for anything else."""
    document = read_json(data, name)
    if (
        not isinstance(document, dict)
        or not document
        or not all(
            isinstance(each, dict) and "input" in each for each in document.values()
        )
    ):
        raise CodegenError(
            Diagnostic(
                name,
                "this is not what ComfyUI answers at /object_info",
                "save http://127.0.0.1:8188/object_info, or pass that address itself",
            )
        )
    return document

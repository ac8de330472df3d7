"""From a workflow to the files of its client, without touching a disk."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from .catalog import shipped
from .errors import Diagnostic
from .model import Module
from .planning.plan import Options, plan
from .planning.wishes import merged
from .project.checksums import marked
from .sources import read_source
from .sources.api_format import read_workflow
from .targets.json_schema import json_schema
from .targets.python.module import python_module


@dataclass(frozen=True, slots=True)
class Generated:
    """What a generation made: texts by file name, and what the workflow's author should know."""

    files: Mapping[str, str]
    diagnostics: tuple[Diagnostic, ...]
    graph: Mapping[str, Any] = field(default_factory=dict, repr=False)
    """The workflow that it was made from: its nodes by id."""
    module: Module | None = field(default=None, repr=False)
    """The plan: what every file says in its own syntax."""


def generate(
    workflow: bytes | str | Mapping[str, Any],
    *,
    name: str = "workflow",
    source: str = "workflow_api.json",
    options: Options | None = None,
    workflow_in: str | None = None,
    view_comfy: tuple[bytes, str] | None = None,
) -> Generated:
    """The typed client of a workflow in ComfyUI's API format, as `<name>.py` and `<name>.schema.json`.

    `workflow` is the content of the exported file, or the value read from it: a workflow, a view_comfy.json that holds one, or
    a picture that ComfyUI saved. `source` names it in the module and in messages. `workflow_in` picks one of several in a
    view_comfy.json, by number or title; `view_comfy` is such a file beside the workflow, with its name.
    Pure: the same input gives the same texts. Raises CodegenError, with all that is wrong, for what is no workflow.
    """
    read = read_source(
        _data(workflow), source, workflow=workflow_in, view_comfy=view_comfy
    )
    options = options or Options()
    if read.curated:
        wishes = merged(read.wishes, options.wishes)
        options = replace(options, wishes=wishes, curated=True)
    found, diagnostics = read_workflow(read.workflow, source)
    module, notes = plan(
        found,
        shipped(),
        options,
        title=name.replace("_", " ").strip().capitalize() or name,
        source=source,
    )
    schema = json_schema(module)
    files = {
        f"{name}.py": marked(python_module(module), schema),
        f"{name}.schema.json": schema,
    }
    return Generated(files, (*diagnostics, *read.notes, *notes), found.graph, module)


def _data(workflow: bytes | str | Mapping[str, Any]) -> bytes:
    import json

    if isinstance(workflow, bytes):
        return workflow
    text = workflow if isinstance(workflow, str) else json.dumps(workflow)
    return text.encode("utf-8", "surrogatepass")

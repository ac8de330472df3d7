"""From a workflow to the files of its client, without disk access: read, plan, render."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final, NamedTuple, TypeVar

from viewcomfy_runtime.json_types import ApiWorkflow

from .catalog import Catalog, shipped, with_object_info
from .errors import CodegenError, Diagnostic
from .graph.workflow import Workflow
from .model import Module
from .planning.author import Author
from .planning.options import Options
from .planning.plan import Identity, plan
from .planning.survey import Survey, survey
from .planning.wishes import Wishes, merged
from .sources import read_source
from .sources.api_format import workflow_of
from .targets.checksums import marked
from .targets.json_schema import JSON_SCHEMA
from .targets.python.target import PYTHON
from .targets.target import Target

TARGETS: Final = (PYTHON, JSON_SCHEMA)
"""The files of a client unless others are requested."""


class Read(NamedTuple):
    """A workflow, what was written about its inputs, and diagnostics for its author.

    `catalog` has the facts about its classes; `curated` tells whether the wishes choose what is
    shown. `author` is what its author wrote on ComfyUI's page, `app` whether the wishes are the
    inputs of an app made there.
    """

    workflow: Workflow
    catalog: Catalog
    wishes: Wishes
    curated: bool
    diagnostics: tuple[Diagnostic, ...]
    author: Author = Author()
    app: bool = False


@dataclass(frozen=True, slots=True)
class Generated:
    """The result of a generation: the plan, the texts by file name, and diagnostics for the
    workflow's author.
    """

    files: Mapping[str, str]
    diagnostics: tuple[Diagnostic, ...]
    module: Module
    workflow: Workflow

    @property
    def graph(self) -> ApiWorkflow:
        """The workflow it was generated from: its nodes by id."""
        return self.workflow.graph


def generate(
    workflow: bytes | str | Mapping[str, object],
    *,
    name: str = "workflow",
    source: str = "workflow_api.json",
    options: Options | None = None,
    workflow_in: str | None = None,
    view_comfy: tuple[bytes, str] | None = None,
    targets: Iterable[Target] = TARGETS,
) -> Generated:
    """The typed client of a ComfyUI workflow, as `<name>.py` and `<name>.schema.json`.

    `workflow` is the content of a file, or the value read from it: a workflow in the API format or
    as the web page saves it, a view_comfy.json that contains one, or an image, video or audio file
    that ComfyUI saved. `source` names it in the module and in messages. `workflow_in` picks one of
    several in a view_comfy.json, by number or title; `view_comfy` is such a file beside the
    workflow, with its name. `targets` are the files to generate.

    Pure: the same input gives the same texts. Raises CodegenError with every fault.
    """
    options = options or Options()
    found = read(
        _data(workflow, source),
        source,
        workflow_in=workflow_in,
        view_comfy=view_comfy,
        catalog=catalog_of(options),
    )
    inputs, options = surveyed(found, options)
    module, notes = planned(inputs, options, name, source)
    texts = rendered(module, {f"{name}{each.suffix}": each for each in targets})
    return Generated(texts, (*found.diagnostics, *notes), module, found.workflow)


def read(
    data: bytes,
    source: str,
    *,
    workflow_in: str | None = None,
    view_comfy: tuple[bytes, str] | None = None,
    catalog: Catalog | None = None,
) -> Read:
    """The workflow in a file's content, and what `catalog`, or else the package, knows of its
    classes.

    Raises CodegenError if the content holds no workflow.
    """
    catalog = catalog or shipped()
    content = read_source(
        data, source, workflow=workflow_in, view_comfy=view_comfy, catalog=catalog
    )
    workflow, diagnostics = workflow_of(content.document, content.flawed, source)
    notes = (*diagnostics, *content.notes)
    return Read(
        workflow,
        catalog,
        content.wishes,
        content.curated,
        notes,
        content.author,
        content.app,
    )


def catalog_of(options: Options) -> Catalog:
    """The facts about node classes: from the user's server first, then the user's catalog, then
    the package.
    """
    if options.object_info is None and options.kept is None:
        return shipped()
    return with_object_info(options.object_info or {}, options.kept)


def surveyed(found: Read, options: Options) -> tuple[Survey, Options]:
    """The workflow's inputs under their own names, and the options including what was written
    beside the workflow.
    """
    options = replace(options, author=found.author)
    if found.curated or found.app:
        wishes = merged(found.wishes, options.wishes)
        curated = found.curated or options.app_only
        options = replace(options, wishes=wishes, curated=curated, app=found.app)
    return survey(found.workflow, found.catalog, options), options


def planned(
    found: Survey, options: Options, name: str, source: str
) -> tuple[Module, list[Diagnostic]]:
    """The plan of a client under this name. Raises CodegenError for wishes that can't be
    fulfilled.
    """
    title = " ".join(name.replace("_", " ").split()).capitalize() or name
    module, notes = plan(found, options, Identity(title, source, name))
    if options.app_only and not options.app:
        notes.append(
            Diagnostic(
                source,
                "--app-only leaves nothing out: no App mode decides what this workflow shows",
                "choose inputs in ComfyUI's App mode and save, or use --include",
                "warning",
            )
        )
    return module, notes


Place = TypeVar("Place")


def rendered(module: Module, outputs: Mapping[Place, Target]) -> dict[Place, str]:
    """The texts of a plan by path. Files that can hold a checksum also contain that of the schema,
    which cannot.
    """
    schemas = {
        place: target.render(module)
        for place, target in outputs.items()
        if target.suffix == JSON_SCHEMA.suffix
    }
    schema = next(iter(schemas.values()), "")
    return {
        place: schemas.get(place) or marked(target.render(module), schema)
        for place, target in outputs.items()
    }


def _data(workflow: bytes | str | Mapping[str, object], source: str) -> bytes:
    if isinstance(workflow, bytes):
        return workflow
    if isinstance(workflow, str):
        return workflow.encode("utf-8", "surrogatepass")
    try:
        return json.dumps(dict(workflow)).encode()
    except (TypeError, ValueError) as error:
        reason = f"it holds what JSON cannot: {error}"
    except RecursionError:
        reason = "it is nested too deeply"
    hint = "pass the values of a workflow_api.json, or the file's bytes"
    raise CodegenError(Diagnostic(source, f"this is not a workflow: {reason}", hint))

"""A served workflow: its source, its schema, and the types of its calls' values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from viewcomfy_runtime.parameters.key import WireKey
from viewcomfy_runtime.parameters.types import ParameterType

from ..catalog import Catalog
from ..errors import CodegenError, Diagnostic
from ..graph.workflow import Workflow
from ..model import Module
from ..pipeline import Generated, catalog_of, generate
from ..planning.analysis import analyze
from ..planning.branches import joined_type
from ..planning.options import Options, Shared
from ..planning.wishes import Wish
from ..sources.api_format import read_workflow
from ..targets.checksums import is_generated
from ..targets.python.target import PYTHON
from .rejection import Rejected


@dataclass(frozen=True)
class Served:
    """A workflow under a name.

    `source` is the content of anything that `generate` accepts, or of a generated module that
    embeds its workflow; `label` names it in messages, `picked` chooses a workflow of a
    view_comfy.json. `object_info` is a ComfyUI's answer there: calls are then checked against it,
    rather than against what the package knows of node classes. `kept` is the user's own catalog of
    such answers, which may lack classes that their server has.
    """

    name: str
    source: bytes
    label: str = "workflow_api.json"
    picked: str | None = None
    view_comfy: tuple[bytes, str] | None = None
    object_info: Mapping[str, Any] | None = field(default=None, repr=False)
    kept: Mapping[str, Any] | None = field(default=None, repr=False)

    @cached_property
    def catalog(self) -> Catalog:
        """What is known of node classes."""
        return catalog_of(self._options)

    @property
    def _options(self) -> Options:
        return Options(object_info=self.object_info, kept=self.kept)

    @cached_property
    def workflow(self) -> Workflow:
        """The workflow itself. Raises CodegenError if the source contains none."""
        return self._generated.workflow

    @property
    def schema(self) -> str:
        """The generated JSON Schema of calls."""
        return self._generated.files[f"{self.name}.schema.json"]

    @property
    def module(self) -> Module:
        """The plan of the workflow's client."""
        return self._generated.module

    @cached_property
    def types(self) -> Mapping[WireKey, ParameterType]:
        """The type of each input that holds a value."""
        return types_of(self.workflow, self.catalog)

    @cached_property
    def _generated(self) -> Generated:
        source: bytes | Mapping[str, Any] = self.source
        options = self._options
        text = self.source[:2000].decode("utf-8", "replace")
        if is_generated(text) and not text.lstrip().startswith("{"):
            source, options = _of_module(self.source, self.label, options)
        return generate(
            source,
            name=self.name,
            source=self.label,
            options=options,
            workflow_in=self.picked,
            view_comfy=self.view_comfy,
        )


def types_of(workflow: Workflow, catalog: Catalog) -> dict[WireKey, ParameterType]:
    """The type of each input that holds a value."""
    return {
        each.key: (
            joined_type([each.type, *(branch.type for branch in each.branches)])
            if each.branches
            else each.type
        )
        for each in analyze(workflow, catalog).drafts
    }


def overridden(
    served: Served, text: str | None
) -> tuple[Workflow, Mapping[WireKey, ParameterType]]:
    """The workflow that a call runs, and the types of its inputs. Raises Rejected for an override
    that cannot be read.
    """
    if text is None:
        return served.workflow, served.types
    try:
        workflow, _ = read_workflow(text.encode("utf-8", "replace"), "workflow_api")
    except CodegenError as error:
        raise Rejected(
            400, "workflow_api is not a workflow", diagnostics_text(error)
        ) from None
    return workflow, types_of(workflow, served.catalog)


def diagnostics_text(error: CodegenError) -> str:
    """An error's diagnostics as one text."""
    return "; ".join(str(each) for each in error.diagnostics)


def _of_module(
    source: bytes, label: str, options: Options
) -> tuple[Mapping[str, Any], Options]:
    """The workflow that a generated module embeds, and the names of its inputs. Raises
    CodegenError.
    """
    module = PYTHON.read(source.decode("utf-8", "replace"), label)
    if module.graph is None:
        raise CodegenError(
            Diagnostic(
                label,
                "this module does not embed its workflow",
                "serve the workflow itself, or generate the module without --no-embed",
            )
        )
    shown = {key: Wish(origin=label) for keys in module.names for key in keys}
    names = {
        keys[0]: Wish(origin=label, name=name) for keys, name in module.names.items()
    }
    shared = tuple(Shared(keys) for keys in module.names if len(keys) > 1)
    return module.graph, replace(
        options, wishes=shown, curated=True, wanted=names, shared=shared
    )

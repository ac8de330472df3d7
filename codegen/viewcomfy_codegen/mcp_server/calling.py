"""Run a workflow from its description, without generating or importing code."""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, field, make_dataclass
from functools import partial
from typing import Any

from viewcomfy_runtime.json_types import JsonValue
from viewcomfy_runtime.parameters.fields import Field
from viewcomfy_runtime.parameters.format import FORMAT
from viewcomfy_runtime.results.result import PromptResult
from viewcomfy_runtime.workflow import Workflow


class ReadWorkflow(Workflow[Any, PromptResult]):
    """A workflow described by its parameters and call schema; `fallback` is sent by calls without a
    value.
    """

    def __init__(
        self,
        schema: Mapping[str, JsonValue],
        fields: Sequence[Field],
        graph: Mapping[str, Mapping[str, object]] | None,
        fallback: Mapping[str, JsonValue],
    ) -> None:
        super().__init__(
            _parameters(fields),
            PromptResult,
            format=FORMAT,
            title=str(schema.get("title", "Workflow")),
            about=json.dumps({"outputs": schema.get("x-viewcomfy-outputs", {})}),
            graph=None if graph is None else json.dumps(graph),
            fallback=fallback,
        )
        self.__dict__["fields"] = tuple(fields)


def _parameters(fields: Sequence[Field]) -> type[Any]:
    """A dataclass with these fields, like the one in a generated module."""
    members: list[tuple[str, Any, Any]] = [
        (
            (each.name, Any, field(default_factory=partial(copy.copy, each.default)))
            if each.default is not MISSING
            else (each.name, Any, field())
        )
        for each in fields
    ]
    return make_dataclass("Parameters", members, kw_only=True, slots=True)

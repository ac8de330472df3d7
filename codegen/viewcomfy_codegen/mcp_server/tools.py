"""A workflow as a tool: what a model reads about it, and what a call returns."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import mcp_types as types

from viewcomfy_runtime.errors import (
    InvalidParametersError,
    MissingSettingsError,
    RejectedError,
    ViewComfyError,
)
from viewcomfy_runtime.faults import Fault
from viewcomfy_runtime.json_types import JsonObject
from viewcomfy_runtime.results.result import PromptResult

from ..errors import visible
from ..targets.rules import takes
from .calling import ReadWorkflow
from .contents import content_of
from .files import RefusedFile, file_of
from .kept_files import KeptFiles

_MOST_TITLE: Final = 100


@dataclass(frozen=True)
class WorkflowTool:
    """One workflow under a name that every host accepts.

    `schema` describes its calls; `all` also offers the parameters that people rarely set. Files are
    read from `folder`.
    """

    name: str
    workflow: ReadWorkflow
    schema: Mapping[str, Any]
    all: bool = False
    folder: Path | None = None

    @property
    def parameters(self) -> dict[str, JsonObject]:
        """The schemas of the parameters a call may set, by name."""
        required = frozenset(self.schema.get("required", ()))
        return {
            name: each
            for name, each in self.schema["properties"].items()
            if self.all or name in required or each["x-viewcomfy-group"] == "basic"
        }

    def described(self) -> types.Tool:
        """The tool as hosts list it. The workflow's title appears in it as quoted text."""
        title = visible(" ".join(self.workflow.title.split()))[:_MOST_TITLE]
        outputs = ", ".join(
            f"{each.name} ({each.kind})" for each in self.workflow.outputs
        )
        quoted = json.dumps(title, ensure_ascii=False)
        return types.Tool(
            name=self.name,
            title=title,
            description=f"Runs the ComfyUI workflow {quoted}. Outputs: {outputs or 'files'}.",
            input_schema={
                "type": "object",
                "properties": {
                    name: self._property(each) for name, each in self.parameters.items()
                },
                "required": list(self.schema.get("required", ())),
                "additionalProperties": False,
            },
            annotations=types.ToolAnnotations(
                read_only_hint=False, destructive_hint=False, open_world_hint=True
            ),
        )

    def _property(self, schema: Mapping[str, Any]) -> JsonObject:
        plain = {
            name: value
            for name, value in schema.items()
            if not name.startswith("x-viewcomfy-")
        }
        if "x-viewcomfy-media" in schema:
            takes = "Takes a data: URI"
            if self.folder is not None:
                del plain["pattern"]
                takes += ", or the path of a file in the server's folder"
            plain["description"] = f"{plain.get('description', '')} {takes}.".strip()
        return plain

    def parsed(self, arguments: Mapping[str, Any]) -> Any:
        """The call that a model's arguments describe. Raises InvalidParametersError with every
        fault.
        """
        offered = self.parameters
        faults = [
            Fault(name, f"is not a parameter; the parameters are {', '.join(offered)}")
            for name in arguments
            if name not in offered
        ]
        values = {}
        for name in arguments.keys() & offered.keys():
            media = "x-viewcomfy-media" in offered[name]
            try:
                value = arguments[name]
                values[name] = file_of(value, self.folder) if media else value
            except RefusedFile as refused:
                faults.append(Fault(name, str(refused)))
        named = {each.parameter for each in faults}
        call = None
        try:
            call = self.workflow.parse(values)
            if not faults:
                return call
        except InvalidParametersError as error:
            faults += [each for each in error.faults if each.parameter not in named]
        raise InvalidParametersError(tuple(faults))

    async def answer(
        self, result: PromptResult, kept: KeptFiles
    ) -> types.CallToolResult:
        """A run's files, a description of each, and the seeds that were drawn."""
        names = {each.node: each.name for each in self.workflow.outputs}
        seeds = {
            field.name: getattr(result.parameters, field.name)
            for field in self.workflow.fields
            if field.is_seed
        }
        contents = [await content_of(file, kept) for file in result.outputs]
        files = [
            {
                "output": names.get(file.node or "", ""),
                "filename": file.filename,
                "content_type": file.content_type,
                "size": file.size,
            }
            for file in result.outputs
        ]
        about = {"seeds": seeds, "files": files}
        described = types.TextContent(text=json.dumps(about, ensure_ascii=False))
        return types.CallToolResult(
            content=[*contents, described], structured_content=about
        )

    def failure(self, error: ViewComfyError) -> types.CallToolResult:
        """An error as an answer: which parameters are wrong, and what each accepts."""
        faults: list[str] = []
        if isinstance(error, InvalidParametersError):
            faults = [self._told(each.parameter, each.message) for each in error.faults]
        elif isinstance(error, RejectedError):
            faults = [
                self._told(each.parameter, each.message)
                for each in error.faults
                if each.parameter
            ]
        if isinstance(error, MissingSettingsError):
            error.hint = "set these environment variables where the server is started"
        text = "\n".join(faults) or str(error)
        if error.retryable:
            text += "\nThe same call may succeed later."
        return types.CallToolResult(
            content=[types.TextContent(text=text)], is_error=True
        )

    def _told(self, name: str, message: str) -> str:
        schema = self.parameters.get(name)
        return f"{name}: {message}" + (
            f" (accepts: {takes(schema, {})})" if schema else ""
        )

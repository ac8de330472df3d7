"""The result of a run, and how it is saved."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from ..errors import ProtocolError, RunCancelledError
from ..texts import hide_secrets
from .files import DOWNLOAD_TIMEOUT, OutputFile
from .origins import Origin, errors_about

if TYPE_CHECKING:
    from pathlib import Path

    from ..http.client import Http
    from ..json_types import ApiNode, ApiWorkflow, JsonValue


@dataclass(frozen=True, slots=True)
class PromptResult:
    """The result of a run.

    `outputs` are the files it produced, `prompt` is the workflow that ran, `logs` are the last
    lines of the server's log, if requested, and `extra` holds all other fields of the server's
    response. `parameters` is the call as it ran, including the seeds that were drawn, and `params`
    contains the same values by wire key. In a batch, `attempt` is the number of the successful
    attempt, `wall_seconds` the time of all attempts, and `saved` the paths of the saved files.
    `output_names` are the names of the outputs by node id.
    """

    prompt_id: str
    status: str
    completed: bool
    execution_time_seconds: float | None
    outputs: tuple[OutputFile, ...]
    prompt: ApiWorkflow = field(repr=False)
    params: Mapping[str, JsonValue] = field(repr=False)
    logs: tuple[str, ...] = field(default=(), repr=False)
    extra: Mapping[str, JsonValue] = field(default_factory=dict, repr=False)
    parameters: Any = field(default=None, repr=False)
    attempt: int = 1
    wall_seconds: float | None = None
    saved: tuple[Path, ...] = field(default=(), repr=False)
    output_names: Mapping[str, str] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        hide_secrets(self, "prompt_id", "status")
        origin = Origin(self.prompt_id, self.parameters)
        outputs = tuple(
            each if each.origin == origin else replace(each, origin=origin)
            for each in self.outputs
        )
        object.__setattr__(self, "outputs", outputs)

    @property
    def images(self) -> tuple[OutputFile, ...]:
        """The outputs that are images."""
        return tuple(
            each for each in self.outputs if each.content_type.startswith("image/")
        )

    @property
    def by_node(self) -> dict[str, tuple[OutputFile, ...]]:
        """The outputs by the id of the node that made them. Those of an unknown node are only in
        `outputs`.
        """
        found: dict[str, list[OutputFile]] = {}
        for output in self.outputs:
            if output.node is not None:
                found.setdefault(output.node, []).append(output)
        return {node: tuple(outputs) for node, outputs in found.items()}

    def of(self, node: str) -> list[OutputFile]:
        """The files that the node with this id made; empty if it made none."""
        return [each for each in self.outputs if each.node == node]

    def texts_of(self, node: str) -> list[str]:
        """The texts that the node with this id made. Raises ViewComfyError if one can't be
        downloaded.
        """
        return [each.text() for each in self.of(node)]

    def __getitem__(self, node: str) -> list[OutputFile]:
        """The files of an output node, by its id or its title. Raises KeyError if it isn't in the
        workflow.
        """
        for id, about in self.prompt.items():
            if node in (id, _title(about)):
                return self.of(id)
        if found := self.of(node):
            return found
        raise KeyError(node)

    __iter__ = None  # or Python would call `__getitem__` with numbers

    def save(
        self,
        directory: str | os.PathLike[str],
        name: str | None = None,
        *,
        timeout: float = DOWNLOAD_TIMEOUT,
    ) -> list[Path]:
        """Write all outputs into `directory`, as `OutputFile.save` does, and return their paths.

        `name` is a pattern such as `"{stem}-{output}-{index}{ext}"`: `stem` and `ext` are the parts
        of a file's own name, `output` is the name of its output (or the node's id if it has none),
        `index` counts an output's files from 1, `node` and `prompt_id` are ids. `timeout` is in
        seconds for each file. Raises ValueError for a pattern with an unknown field. If files can't
        be downloaded or written, raises SaveError naming them after saving the others.
        """
        from .patterns import names_for
        from .saving import save_all

        names = names_for(self.outputs, name, self.output_names, self.prompt_id)
        with errors_about(Origin(self.prompt_id, self.parameters)):
            return save_all(self.outputs, names, directory, timeout)

    async def asave(
        self,
        directory: str | os.PathLike[str],
        name: str | None = None,
        *,
        timeout: float = DOWNLOAD_TIMEOUT,
    ) -> list[Path]:
        """`save` for asynchronous code."""
        import asyncio

        return await asyncio.to_thread(self.save, directory, name, timeout=timeout)

    @classmethod
    def from_wire(
        cls,
        response: object,
        *,
        params: Mapping[str, JsonValue],
        logs: Iterable[str] = (),
        http: Http | None = None,
    ) -> PromptResult:
        """The result in a server's response; unknown fields are kept in `extra`.

        `http` downloads files from links. Raises ProtocolError if the response isn't the result of
        a run, ExecutionError if the run failed, and RunCancelledError if it was canceled.
        """
        from . import response_fields as read

        known, extra = read.known_fields(response)
        if not known:
            raise ProtocolError(
                "the server's response isn't the result of a run",
                hint="check that the URL is the deployment's endpoint",
            )
        result = cls(
            prompt_id=read.text_in(known.get("prompt_id")),
            status=read.text_in(known.get("status")),
            completed=known.get("completed") is not False,
            execution_time_seconds=read.seconds_in(known.get("execution_time_seconds")),
            outputs=tuple(read.outputs_in(known.get("outputs"), http)),
            prompt=read.graph_in(known.get("prompt")),
            params=dict(params),
            logs=tuple(logs),
            extra=extra,
        )
        _raise_failed(result, known.get("error_data") or extra.get("errorMsg"))
        return result


def _title(about: ApiNode) -> object:
    meta = about.get("_meta")
    return meta.get("title") if isinstance(meta, Mapping) else None


def _raise_failed(result: PromptResult, details: JsonValue) -> None:
    from ..http.error_responses import execution_error

    status, about = result.status.lower(), result.prompt_id or None
    if status in ("cancelled", "canceled", "interrupted"):
        raise RunCancelledError(
            "the run was canceled at the server", at_server=True, prompt_id=about
        )
    if status in ("error", "failed", "failure") or (details and not result.completed):
        raise execution_error(details, prompt_id=about)
    if not result.completed and status != "success":
        raise execution_error(
            f"the response came before the run was over, with the status {result.status!r}",
            prompt_id=about,
        )

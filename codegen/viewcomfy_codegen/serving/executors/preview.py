"""Runs a workflow without models: each output node produces a real file of its kind that shows the
call.
"""

from __future__ import annotations

import json
import posixpath
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from tqdm import tqdm

from viewcomfy_runtime.json_types import JsonValue
from viewcomfy_runtime.parameters.key import WireKey

from ...catalog import Catalog, shipped
from ...graph.workflow import Node, Workflow
from .decoding import BadImage
from .drawing import Scene, thumbnail
from .executor import Artifact, Execution, Failed, Pace, PreviewImage, Step
from .file_kinds import FileKind, kind_of_output
from .image_batches import ImageBatch, image_batches, output_nodes

MOST_STEPS: Final = 20
"""Lines of a sampler's progress bar in the log, however many steps it has."""

MOST_COUNTED: Final = 1_000_000
"""The most steps that are simulated: in an unknown class, a value of this name may be anything."""

MOST_FILES: Final = 256
"""Files of one run."""


class PreviewExecutor:
    """The default executor of `viewcomfy-codegen serve`. The same call produces the same bytes.

    `step_time` is the duration in seconds of a sampler's step, or of each node in a workflow
    without samplers.
    """

    def __init__(self, step_time: float = 0.0) -> None:
        self._pace = Pace(step_time)

    def stored(self, folder: Path | None) -> frozenset[str]:
        """The names of the files in the server's input folder."""
        if folder is None:
            return frozenset()
        found = (path for path in folder.rglob("*") if path.is_file())
        return frozenset(path.relative_to(folder).as_posix() for path in found)

    def execute(self, execution: Execution) -> list[Artifact]:
        """The files of the workflow's output nodes. Raises Failed."""
        start = time.monotonic()
        execution.report("got prompt")
        catalog = shipped()
        workflow = execution.workflow
        ends = output_nodes(workflow, catalog)
        needed = workflow.leading_to(ends)
        found = image_batches(execution, needed, catalog)
        made = _Files(execution, found, catalog)
        pace = execution.pace or self._pace
        steps = {id: _steps(workflow.nodes[id]) for id in needed}
        if not any(steps.values()) and pace != Pace():
            steps = dict.fromkeys(needed, 1)
        for node in workflow.nodes.values():
            if execution.cancelled:
                raise _failed(node, "interrupted")
            if node.id in needed:
                _work(node, steps[node.id], execution, pace, found[node.id])
            if node.id in ends:
                made.add(node)
        seconds = time.monotonic() - start
        execution.report(f"Prompt executed in {seconds:.2f} seconds")
        return made.artifacts


def _steps(node: Node) -> int:
    """The steps that a sampler takes; 0 for any other node."""
    steps = node.values.get("steps")
    return steps if type(steps) is int and 1 <= steps <= MOST_COUNTED else 0


def _work(
    node: Node, steps: int, execution: Execution, pace: Pace, batch: ImageBatch
) -> None:
    """Simulate a sampler's steps, with the log lines that it would write. Raises Failed."""
    if not steps:
        return
    start = time.monotonic()
    every = max(1, steps // MOST_STEPS)
    for step in (*range(0, steps, every), steps):
        if execution.cancelled:
            raise _failed(node, "interrupted")
        if pace.fail_at is not None and step >= min(pace.fail_at, steps):
            raise _failed(node, f"failed at step {step} of {steps}, as requested")
        passed = time.monotonic() - start if pace.step_time else step * 0.001
        execution.report(tqdm.format_meter(step, steps, passed, ncols=60))
        execution.report(Step(node.id, step, steps))
        if execution.watched and step:
            execution.report(_preview_image(node, step / steps, batch))
        if pace.step_time and step < steps:
            execution.wait(pace.step_time * min(every, steps - step))


def _preview_image(node: Node, done: float, batch: ImageBatch) -> PreviewImage:
    """A small preview of the running node."""
    scene = Scene(
        title=f"{done:.0%}",
        lines=(),
        width=batch.width or 512,
        height=batch.height or 512,
        seed=node.id,
        background=batch.background,
    )
    return PreviewImage(node.id, "image/jpeg", thumbnail(scene))


class _Files:
    """The files of a run, collected node by node."""

    def __init__(
        self,
        execution: Execution,
        batches: Mapping[str, ImageBatch],
        catalog: Catalog,
    ) -> None:
        self.artifacts: list[Artifact] = []
        self._execution = execution
        self._batches = batches
        self._catalog = catalog
        self._counters: Counter[str] = Counter()
        self._lines = tuple(_lines(execution.values))
        self._seed = json.dumps(dict(execution.values), sort_keys=True, default=str)

    def add(self, node: Node) -> None:
        """Add the node's files. Raises Failed."""
        workflow = self._execution.workflow
        kind = kind_of_output(node, workflow, self._catalog)
        batch = self._batches[node.id]
        count = batch.count if kind.single else 1
        if len(self.artifacts) + count > MOST_FILES:
            raise _failed(node, f"serve makes at most {MOST_FILES} files per run")
        lines = self._lines
        if kind.content_type == "text/plain":
            lines = _given_text(node, workflow) or lines
        for number in range(count):
            scene = Scene(
                title=node.title or node.class_type,
                lines=lines,
                width=batch.width or 512,
                height=batch.height or 512,
                seed=f"{self._seed}{number or ''}",
                background=batch.background,
            )
            self._add(node, kind, scene)

    def _add(self, node: Node, kind: FileKind, scene: Scene) -> None:
        prefix = _prefix(node)
        self._counters[prefix] += 1
        name = prefix.rpartition("/")[2] or "ComfyUI"
        if node.class_type.startswith("Preview"):
            name += "_temp_serve"  # as ComfyUI names what it doesn't keep
        filename = f"{name}_{self._counters[prefix]:05d}_{kind.suffix}"
        try:
            content = kind.make(scene)
        except BadImage as error:
            raise _failed(node, f"the image cannot be read: {error}") from None
        self.artifacts.append(Artifact(filename, kind.content_type, content, node.id))


def _prefix(node: Node) -> str:
    """The path prefix of the node's files. Raises Failed for a path outside of ComfyUI's output
    folder.
    """
    found = node.values.get("filename_prefix")
    prefix = found.replace("\\", "/") if isinstance(found, str) and found else "ComfyUI"
    place = posixpath.normpath(prefix)
    if place.startswith(("/", "../")) or place == ".." or ":" in place[:2]:
        raise _failed(node, "Saving image outside the output folder is not allowed.")
    return prefix


def _given_text(node: Node, workflow: Workflow) -> tuple[str, ...]:
    """The text that is linked to a node, if it is a constant."""
    for link in node.links.values():
        source = workflow.nodes.get(link.node)
        if source is not None and not source.links and len(source.values) == 1:
            [value] = source.values.values()
            return (value if isinstance(value, str) else json.dumps(value),)
    return ()


def _failed(node: Node, message: str) -> Failed:
    return Failed(message, node=node.id, class_type=node.class_type)


def _lines(values: Mapping[str, JsonValue]) -> Iterator[str]:
    for text, value in values.items():
        key = WireKey.parse(text)
        yield f"{key.node} {key.name}: {value}" if key else f"{text}: {value}"

"""Workflows of any size."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.helpers.shared import shared_files
from tests.helpers.support import Workflow, text_to_image


def repeated(count: int) -> Workflow:
    """`count` nodes at least: text-to-image again and again, each on the picture before it."""
    workflow: Workflow = {}
    before: str | None = None
    while len(workflow) < count:
        offset = len(workflow)
        for id, node in text_to_image().items():
            inputs: dict[str, Any] = {
                name: (
                    [str(int(value[0]) + offset), value[1]]
                    if isinstance(value, list)
                    else value
                )
                for name, value in node["inputs"].items()
            }
            workflow[str(int(id) + offset)] = {**node, "inputs": inputs}
        if before is not None:
            workflow[str(3 + offset)]["inputs"]["latent_image"] = [before, 0]
        before = str(3 + offset)
    return workflow


def largest() -> Path | None:
    """The workflow of the corpus with the most nodes, where there is a corpus."""
    files = shared_files("corpus/api/*.json")
    return max(
        files, key=lambda file: file.read_bytes().count(b'"class_type"'), default=None
    )

"""What is said of the parameters of small workflows."""

from __future__ import annotations

from typing import Any

from .support import Workflow, node, schema, text_to_image


def about(workflow: Workflow, name: str) -> dict[str, Any]:
    """What the schema says of a parameter."""
    found: dict[str, Any] = schema(workflow)["properties"][name]
    return found


def said(workflow: Workflow, name: str) -> str:
    """The sentence without the place of the input."""
    return str(about(workflow, name)["description"]).partition(" Node ")[0]


def shown(class_type: str, **inputs: Any) -> Workflow:
    """Text to image whose image goes through one more node."""
    workflow = text_to_image()
    workflow["20"] = node(class_type, image=["8", 0], **inputs)
    workflow["9"]["inputs"]["images"] = ["20", 0]
    return workflow

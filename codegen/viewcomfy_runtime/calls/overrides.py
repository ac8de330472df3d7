"""Workflows that a call runs in place of the deployed one, and how two workflows differ."""

from __future__ import annotations

import json
import os
import warnings
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ..errors import DifferentWorkflowWarning, InvalidWorkflowError
from ..parameters.key import MASK_SUFFIX

if TYPE_CHECKING:
    from ..calls.call import Call
    from ..results.result import PromptResult

MOST_TOLD: Final = 5
"""Differences that a warning lists."""


def read_override(
    override: bool | str | os.PathLike[str] | Mapping[str, Any],
    own: Mapping[str, Any] | None,
) -> Mapping[str, Any] | None:
    """The workflow that `override` means: `own` for True, the content of a file, or itself.

    Raises InvalidWorkflowError for what is no workflow in ComfyUI's API format.
    """
    if override is False:
        return None
    if override is True:
        if own is None:
            raise InvalidWorkflowError(
                "the module does not carry its workflow",
                hint="generate it again without --no-embed, or give the workflow's file",
            )
        return own
    if isinstance(override, Mapping):
        return _checked(override, "override_workflow")
    try:
        content: Any = json.loads(Path(override).read_bytes())
    except OSError as error:
        raise InvalidWorkflowError(
            f"{override} cannot be read: {error.strerror}", hint="check the path"
        ) from None
    except (ValueError, RecursionError):
        raise InvalidWorkflowError(
            f"{override} is no JSON", hint="export it with Workflow > Export (API)"
        ) from None
    return _checked(content, str(override))


def _checked(workflow: Any, place: str) -> Mapping[str, Any]:
    nodes = workflow.values() if isinstance(workflow, Mapping) else ()
    if not nodes or not all(
        isinstance(node, Mapping) and isinstance(node.get("class_type"), str)
        for node in nodes
    ):
        raise InvalidWorkflowError(
            f"{place} is no workflow in ComfyUI's API format",
            hint="export it with Workflow > Export (API)",
        )
    return dict(workflow)


def applied(
    graph: Mapping[str, Any], params: Mapping[str, Any]
) -> tuple[dict[str, Any], list[str]]:
    """`graph` with the values of a call in it, and the keys for which it has no input."""
    found = {
        node: {**about, "inputs": dict(about.get("inputs") or {})}
        for node, about in graph.items()
    }
    unknown = []
    for key, value in params.items():
        node, _, name = key.partition("-inputs-")
        if node in found:
            found[node]["inputs"][name] = value
        else:
            unknown.append(key)
    return found, unknown


def differences(
    ran: Mapping[str, Any], known: Mapping[str, Any], sent: Collection[str]
) -> Iterator[str]:
    """What a workflow that ran does otherwise than the one that is known, values that were `sent` aside."""
    for node in known:
        if node not in ran:
            yield f"node {node} ({_class(known[node])}) is not in it"
    for node, about in ran.items():
        if node not in known:
            yield f"node {node} ({_class(about)}) is new"
        elif _class(about) != _class(known[node]):
            yield f"node {node} is {_class(about)}, not {_class(known[node])}"
        else:
            inputs, own = _inputs(about), _inputs(known[node])
            for name in sorted(inputs.keys() & own.keys()):
                if f"{node}-inputs-{name}" not in sent and inputs[name] != own[name]:
                    yield f"node {node} ({_class(about)}) has another {name}"


def warn_of_another(title: str, call: Call, result: PromptResult) -> None:
    """Warns where the answer shows that another workflow ran than the call was made for."""
    known = call.override or call.graph
    if not result.prompt or known is None:
        return
    sent = {*call.params, *(key.removesuffix(MASK_SUFFIX) for key in call.files)}
    found = list(differences(result.prompt, known, sent))
    if not found:
        return
    shown = found[:MOST_TOLD]
    if len(found) > len(shown):
        shown.append(f"and {len(found) - len(shown)} more")
    warnings.warn(
        "\n  ".join(
            [f"another workflow ran than {title!r} was generated from:", *shown]
        )
        + "\nhint: generate the module from the deployed workflow, or pass override_workflow=True",
        DifferentWorkflowWarning,
        stacklevel=4,
    )


def _class(node: Any) -> str:
    return str(node.get("class_type")) if isinstance(node, Mapping) else "?"


def _inputs(node: Any) -> dict[str, Any]:
    inputs = node.get("inputs") if isinstance(node, Mapping) else None
    return dict(inputs) if isinstance(inputs, Mapping) else {}

"""Workflows that run instead of the deployed one, and how two workflows differ."""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Final

from ..errors import InvalidParametersError, InvalidWorkflowError
from ..faults import Fault
from ..http.bodies import NOT_JSON, json_in
from ..json_types import nodes_in
from ..parameters.key import MASK_SUFFIX, WireKey
from ..reading import read_path
from ..warning_types import DifferentWorkflowWarning, warn

if TYPE_CHECKING:
    from ..calls.call import Call
    from ..json_types import ApiWorkflow, JsonObject, JsonValue
    from ..results.result import PromptResult

MOST_LISTED: Final = 5
"""Maximum number of differences listed in a warning."""


def read_override(
    override: bool | str | os.PathLike[str] | Mapping[str, object] | None,
    own: ApiWorkflow | None,
) -> ApiWorkflow | None:
    """The workflow that `override` refers to: `own` for True, the content of a file, or the nodes
    themselves.

    Raises InvalidWorkflowError if it isn't a workflow in ComfyUI's API format, and TypeError for
    values of another type.
    """
    if override is None or override is False:
        return None
    if override is True:
        if own is None:
            raise InvalidWorkflowError(
                "the module doesn't contain its workflow",
                hint="generate it again without --no-embed, or give the workflow's file",
            )
        return own
    if isinstance(override, Mapping):
        return _checked(override, "override_workflow")
    if not isinstance(override, str | os.PathLike):
        raise TypeError(
            "override_workflow must be True, a file's path or a workflow's nodes,"
            f" not {override!r:.80}"
        )
    try:
        content = json_in(read_path(override))
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise InvalidWorkflowError(
            f"{override} can't be read: {reason}", hint="check the path"
        ) from None
    if content is NOT_JSON:
        raise InvalidWorkflowError(
            f"{override} isn't valid JSON", hint="export it with File > Export (API)"
        )
    return _checked(content, str(override))


def own_workflow(call: Call, server: str) -> ApiWorkflow:
    """The workflow of a call. Raises InvalidWorkflowError if the call has none."""
    workflow = call.override or call.graph
    if workflow is None:
        raise InvalidWorkflowError(
            f"{server} runs the workflow that the call "
            "carries, and this module doesn't contain its own",
            hint="generate it again without --no-embed, or pass override_workflow",
        )
    return workflow


def values_for(
    workflow: ApiWorkflow,
    params: Mapping[str, JsonValue],
    files: Collection[str],
    defaults: Mapping[str, JsonValue],
) -> JsonObject:
    """The values of a call that apply to `workflow`: those that differ from the module's
    `defaults`. All others keep the workflow's own values.

    Raises InvalidParametersError for values and files whose node `workflow` lacks.
    """
    values = {
        key: value
        for key, value in params.items()
        if key not in defaults or defaults[key] != value
    }
    require_nodes(workflow, (*values, *files))
    return values or dict(_any_value(workflow))


def require_nodes(workflow: ApiWorkflow, keys: Iterable[str]) -> None:
    """Raises InvalidParametersError for wire keys whose node the workflow lacks."""
    faults = tuple(
        Fault(key, "the workflow doesn't have this node")
        for key in keys
        if _node_of(key) not in workflow
    )
    if faults:
        raise InvalidParametersError(faults)


def _any_value(workflow: ApiWorkflow) -> Iterator[tuple[str, JsonValue]]:
    """Any value that the workflow already has, preferably a seed: ViewComfy rejects calls without
    values.
    """
    literals = {
        str(WireKey(node, name)): value
        for node, about in workflow.items()
        for name, value in about["inputs"].items()
        if isinstance(value, str | int | float)
    }
    for key in sorted(literals, key=lambda each: not each.endswith("seed"))[:1]:
        yield key, literals[key]


def _checked(workflow: object, place: str) -> ApiWorkflow:
    nodes = nodes_in(workflow)
    if not (isinstance(workflow, Mapping) and len(nodes) == len(workflow) > 0):
        raise InvalidWorkflowError(
            f"{place} isn't a workflow in ComfyUI's API format",
            hint="export it with File > Export (API)",
        )
    try:
        json.dumps(nodes, allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        reason = str(error)
    else:
        return nodes
    raise InvalidWorkflowError(
        f"{place} has values that JSON can't hold: {reason}",
        hint="give the nodes as File > Export (API) writes them",
    )


def applied(graph: ApiWorkflow, params: Mapping[str, JsonValue]) -> ApiWorkflow:
    """`graph` with a call's values filled in; values of nodes that it lacks are left out."""
    found: ApiWorkflow = {
        node: {**about, "inputs": dict(about["inputs"])}
        for node, about in graph.items()
    }
    for key, value in params.items():
        place = WireKey.parse(key)
        if place is not None and place.node in found:
            found[place.node]["inputs"][place.name] = value
    return found


def differences(
    ran: ApiWorkflow, known: ApiWorkflow, sent: Collection[str]
) -> Iterator[str]:
    """How the workflow that ran differs from the known one, apart from the values that were
    `sent`.
    """
    for node, about in known.items():
        if node not in ran:
            yield f"node {node} ({about['class_type']}) is missing"
    for node, about in ran.items():
        kind = about["class_type"]
        if node not in known:
            yield f"node {node} ({kind}) is new"
        elif kind != known[node]["class_type"]:
            yield f"node {node} is {kind}, not {known[node]['class_type']}"
        else:
            inputs, own = about["inputs"], known[node]["inputs"]
            for name in sorted(inputs.keys() & own.keys()):
                if str(WireKey(node, name)) not in sent and inputs[name] != own[name]:
                    yield f"node {node} ({kind}) has a different {name}"


def warn_if_different(title: str, call: Call, result: PromptResult) -> None:
    """Warn if the result shows that another workflow ran than the one the call was made for."""
    known = call.override or call.graph
    if not result.prompt or known is None:
        return
    sent = {*call.params, *(key.removesuffix(MASK_SUFFIX) for key in call.files)}
    found = list(differences(result.prompt, known, sent))
    if not found:
        return
    lines = found[:MOST_LISTED]
    if len(found) > len(lines):
        lines.append(f"and {len(found) - len(lines)} more")
    warn(
        "\n  ".join(
            [
                f"a different workflow ran than the one {title!r} was generated from:",
                *lines,
            ]
        )
        + "\nhint: generate the module from the deployed workflow,"
        " or override that with the module's own",
        DifferentWorkflowWarning,
    )


def _node_of(key: str) -> str:
    place = WireKey.parse(key)
    return place.node if place else ""

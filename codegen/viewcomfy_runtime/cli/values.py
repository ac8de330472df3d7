"""The values that a command line gives its workflow: in flags, and in files of calls."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ..calls.call import Call
from ..http.bodies import NOT_JSON, json_in
from ..parameters.types import Media
from .arguments import file_of
from .output import UsageError
from .terminal import read

if TYPE_CHECKING:
    from ..json_types import JsonObject
    from ..workflow import Workflow


def values_in(workflow: Workflow[Any, Any], path: str | None) -> dict[str, object]:
    """The values in the file of `--params`, if there is one."""
    if path is None:
        return {}
    call = json_in(read(path))
    if call is NOT_JSON:
        raise UsageError(f"{path} isn't valid JSON")
    if not isinstance(call, dict):
        raise UsageError(f"{path} must contain an object of names and values")
    return with_files(workflow, call)


def with_files(workflow: Workflow[Any, Any], call: JsonObject) -> dict[str, object]:
    """The call with file paths allowed: whoever writes a file of calls may read files on this
    machine.
    """
    files = {field.name for field in workflow.fields if isinstance(field.type, Media)}
    return {
        name: file_of(value) if name in files and isinstance(value, str) else value
        for name, value in call.items()
    }


def drawn(
    workflow: Workflow[Any, Any],
    asked: object,
    given: Mapping[str, object],
    own: argparse.Namespace,
) -> object:
    """The call with its open seeds drawn, and with --random-seeds all seeds that weren't given."""
    if not own.random_seeds:
        return workflow.drawn(asked)
    fixed = {
        field.name: value
        for field in workflow.fields
        if field.is_seed
        and field.name in given
        and (value := getattr(asked, field.name)) is not None
    }
    return replace(workflow.drawn(asked, all=True), **fixed)


def seeds_of(workflow: Workflow[Any, Any], call: Call) -> JsonObject:
    """The seeds that a call is sent with, by name."""
    return {
        field.name: call.params[key]
        for field in workflow.fields
        if field.is_seed and (key := field.inputs[0].key) in call.params
    }

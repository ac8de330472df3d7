"""Records calls, for tests."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..served import Served


@dataclass(frozen=True, slots=True)
class RecordedCall:
    """A call that was run.

    `workflow` is the name of the called workflow; `params` and `files` are what was sent, by wire
    key, with files as their content; `parameters` are both, by the names in the workflow's schema.
    """

    workflow: str
    params: Mapping[str, Any]
    files: Mapping[str, bytes]
    parameters: Mapping[str, Any]


def recorded(
    served: Served, params: Mapping[str, Any], files: Mapping[str, Path]
) -> RecordedCall:
    """The call with these values and files."""
    contents = {key: path.read_bytes() for key, path in files.items()}
    sent = {**params, **contents}
    parameters = {
        name: sent[key]
        for name, about in json.loads(served.schema)["properties"].items()
        for key in _keys(about)
        if key in sent
    }
    return RecordedCall(served.name, dict(params), contents, parameters)


def _keys(about: Mapping[str, Any]) -> list[str]:
    found = about["x-viewcomfy-key"]
    return found if isinstance(found, list) else [found]

"""What the command prints once the server is up: environment variables, and a call to paste."""

from __future__ import annotations

import json
import os
import shlex
from collections.abc import Iterator, Mapping

from viewcomfy_runtime.json_types import JsonObject
from viewcomfy_runtime.parameters.key import WireKey
from viewcomfy_runtime.parameters.types import Media

from .served import Served


def variables(found: Mapping[str, str]) -> Iterator[str]:
    """The commands that set environment variables: PowerShell's on Windows, otherwise those of
    POSIX shells.
    """
    for name, value in found.items():
        if os.name == "nt":
            quoted = value.replace("'", "''")
            yield f"$env:{name} = '{quoted}'"
        else:
            yield f"export {name}={shlex.quote(value)}"


def curl(served: Served) -> str:
    """A call with the workflow's own values, for a shell in which the variables are set."""
    shown = json.loads(served.schema)["properties"].values()
    keys = [key for each in shown for key in _keys(each["x-viewcomfy-key"])]
    workflow, types = served.workflow, served.types
    values: JsonObject = {}
    files: list[str] = []
    for key in keys:
        if isinstance(types.get(key), Media):
            files.append(f"{key}=@FILE")
        elif key in types and not values:
            values[str(key)] = workflow.nodes[key.node].values[key.name]
    parts = [f"params={json.dumps(values)}", *files]
    forms = " ".join(f"-F {shlex.quote(part)}" for part in parts)
    return (
        'curl "$VIEWCOMFY_API_URL" -H "client_id: $VIEWCOMFY_CLIENT_ID"'
        f' -H "client_secret: $VIEWCOMFY_CLIENT_SECRET" {forms}'
    )


def _keys(found: str | list[str]) -> list[WireKey]:
    texts = found if isinstance(found, list) else [found]
    return [key for each in texts if (key := WireKey.parse(each)) is not None]

"""The flattened parameters of a workflow, as ViewComfy's own examples name them."""

from __future__ import annotations

import json
from collections.abc import Mapping

from viewcomfy_runtime.parameters.key import WireKey


def flattened(nodes: Mapping[str, Mapping[str, object]]) -> str:
    """Every input of every node by its wire key, preceded for each node by a description of it.

    The text is the one that ViewComfy's tool writes: with links, in the file's order, non-ASCII
    characters escaped.
    """
    found: dict[str, object] = {}
    for id, node in nodes.items():
        meta = node.get("_meta")
        title = meta.get("title") if isinstance(meta, dict) else None
        found[f"_{id}-node-class_type-info"] = title or node.get("class_type")
        inputs = node.get("inputs")
        for name, value in inputs.items() if isinstance(inputs, dict) else ():
            found[str(WireKey(id, name))] = value
    return json.dumps(found, indent=4)

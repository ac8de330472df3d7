"""Lists of choices keep their order, whatever else a process imported."""

from __future__ import annotations

import json
from pathlib import Path

from viewcomfy_codegen import Options, generate

from ...helpers.support import imported, node


def made_with(order: list[str], folder: Path) -> None:
    """A module whose choices have this order says the same as its schema file."""
    described = {
        "Picker": {
            "input": {"required": {"open": [order], "mode": [order]}},
        }
    }
    workflow = {"1": node("Picker", mode=order[0], open="another")}
    files = generate(
        json.dumps(workflow), name="made", options=Options(object_info=described)
    ).files
    folder.mkdir()
    module = imported(files["made.py"], folder)
    assert module.WORKFLOW.schema == json.loads(files["made.schema.json"])
    options = [each.type.options for each in module.WORKFLOW.fields]
    assert options == [tuple(order)] * 2


def test_two_modules_of_one_process_keep_their_own_order(tmp_path: Path) -> None:
    made_with(["a", "b", "c"], tmp_path / "first")
    made_with(["c", "b", "a"], tmp_path / "second")

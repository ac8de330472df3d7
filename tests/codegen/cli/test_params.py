"""`params` writes the flattened file that ViewComfy's own tool writes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ...helpers.commands import run
from ...helpers.shared import shared_files
from ...helpers.support import node, text_to_image

EXPECTED = """\
{
    "_6-node-class_type-info": "Prompt \\u2764",
    "6-inputs-text": "a \\u00e9",
    "6-inputs-clip": [
        "4",
        1
    ],
    "_57:8-node-class_type-info": "KSampler",
    "57:8-inputs-seed": 18446744073709551615,
    "57:8-inputs-cfg": 1.0
}"""


def flat(workflow: object, folder: Path) -> str:
    """What the command writes for a workflow."""
    source, written = folder / "workflow_api.json", folder / "flat.json"
    source.write_text(json.dumps(workflow), encoding="utf-8")
    done = run("params", source, "-o", written)
    assert done.exit_code == 0, done.output
    return written.read_bytes().decode("ascii")


def test_every_input_follows_a_note_of_its_node(tmp_path: Path) -> None:
    workflow = {
        "6": node("CLIPTextEncode", "Prompt ❤", text="a é", clip=["4", 1]),
        "57:8": node("KSampler", "", seed=2**64 - 1, cfg=1.0),
    }
    assert flat(workflow, tmp_path) == EXPECTED


def test_the_order_is_that_of_the_file(tmp_path: Path) -> None:
    workflow = dict(reversed(text_to_image().items()))
    keys = [key for key in json.loads(flat(workflow, tmp_path)) if key[0] == "_"]
    assert keys == [f"_{id}-node-class_type-info" for id in workflow]


def test_a_node_without_a_class_is_noted_as_null(tmp_path: Path) -> None:
    workflow = {
        "1": node("LoadImage", "", image="a.png"),
        "2": {"inputs": {"image": ["1", 0]}, "_meta": {}},
    }
    found = json.loads(flat(workflow, tmp_path))
    assert found["_2-node-class_type-info"] is None
    assert found["2-inputs-image"] == ["1", 0]


def reference(workflow: dict[str, Any]) -> str:
    """What ViewComfy's tool says of a workflow: each node's title or else its class, then every
    input.
    """
    lines: dict[str, Any] = {}
    for id, each in workflow.items():
        title = each.get("_meta", {}).get("title")
        lines[f"_{id}-node-class_type-info"] = title or each.get("class_type")
        for name in each.get("inputs", {}):
            lines[f"{id}-inputs-{name}"] = each["inputs"][name]
    return json.dumps(lines, indent=4, ensure_ascii=True)


@pytest.mark.skipif(not shared_files("corpus/api/*.json"), reason="no shared workflows")
def test_every_real_workflow_is_flattened_byte_for_byte(tmp_path: Path) -> None:
    for path in shared_files("corpus/api/*.json"):
        workflow = json.loads(path.read_bytes())
        assert flat(workflow, tmp_path) == reference(workflow), path.name


def test_a_client_is_not_generated_from_the_flattened_file(tmp_path: Path) -> None:
    path = tmp_path / "workflow_api_parameters.json"
    path.write_text(flat(text_to_image(), tmp_path), "utf-8")
    done = run(path, "-o", tmp_path / "made.py")
    assert done.exit_code == 1
    assert "flattened parameters" in done.stderr and "migrate" in done.stderr

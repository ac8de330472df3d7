"""`viewcomfy-codegen convert`: whatever form a workflow was saved in, the API format comes out."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from viewcomfy_codegen.targets.python.target import PYTHON

from ...helpers.commands import run
from ...helpers.page_classes import CLASSES
from ...helpers.pages import Page
from ...helpers.support import text_to_image


@pytest.fixture
def known(tmp_path: Path) -> Path:
    """What a server with our classes answers at /object_info."""
    path = tmp_path / "object_info.json"
    path.write_text(json.dumps(CLASSES))
    return path


def page() -> Page:
    made = Page()
    image = made.add("Load", "face.png", "image", title="Gesicht ✓")
    off = made.add("Invert", takes={"image": image}, mode=4)
    made.add("Save", "out", takes={"images": off})
    return made


def test_it_writes_the_api_format(tmp_path: Path, known: Path) -> None:
    source, target = tmp_path / "page.json", tmp_path / "api.json"
    source.write_bytes(page().data)
    done = run("convert", source, "-o", target, "--object-info", known)
    assert done.exit_code == 0, done.output
    assert json.loads(target.read_text("utf-8")) == {
        "1": {
            "inputs": {"image": "face.png"},
            "class_type": "Load",
            "_meta": {"title": "Gesicht ✓"},
        },
        "3": {
            "inputs": {"prefix": "out", "images": ["1", 0]},
            "class_type": "Save",
            "_meta": {"title": "Save"},
        },
    }


def test_it_says_what_it_left_out(tmp_path: Path, known: Path) -> None:
    source = tmp_path / "page.json"
    source.write_bytes(page().data)
    done = run("convert", source, "-o", tmp_path / "api.json", "--object-info", known)
    assert "note: left out, since bypassed in ComfyUI" in done.stderr
    assert "node 2 (Invert)" in done.stderr


def test_it_writes_the_same_bytes_each_time(tmp_path: Path, known: Path) -> None:
    source = tmp_path / "page.json"
    source.write_bytes(page().data)
    texts = set()
    for name in ("a.json", "b.json"):
        run("convert", source, "-o", tmp_path / name, "--object-info", known)
        texts.add((tmp_path / name).read_bytes())
    texts.add(run("convert", source, "--object-info", known).stdout_bytes)
    assert len(texts) == 1


def test_what_is_in_api_format_stays_what_it_is(tmp_path: Path) -> None:
    source = tmp_path / "workflow_api.json"
    source.write_text(json.dumps(text_to_image()))
    assert json.loads(run("convert", source).stdout) == text_to_image()


def test_standard_input_is_a_file_like_any_other(known: Path) -> None:
    done = run("convert", "-", "--object-info", known, text=page().data.decode())
    assert list(json.loads(done.stdout)) == ["1", "3"]


def test_half_a_surrogate_pair_survives(tmp_path: Path) -> None:
    made = Page()
    made.add("CLIPTextEncode", "a \ud83d fox")
    source = tmp_path / "page.json"
    source.write_bytes(made.data)
    done = run("convert", source)
    assert json.loads(done.stdout)["1"]["inputs"]["text"] == "a \ud83d fox"


def test_nothing_is_written_where_a_node_cannot_be_told(tmp_path: Path) -> None:
    made = Page()
    made.add("NobodyKnowsThis", 1, 2, 3)
    source, target = tmp_path / "page.json", tmp_path / "api.json"
    source.write_bytes(made.data)
    done = run("convert", source, "-o", target)
    assert done.exit_code == 1
    assert "node 1 (NobodyKnowsThis)" in done.stderr and "--object-info" in done.stderr
    assert not target.exists()


def test_a_client_is_generated_from_the_page_s_file_and_carries_the_api_graph(
    tmp_path: Path, known: Path
) -> None:
    source, module = tmp_path / "page.json", tmp_path / "made.py"
    source.write_bytes(page().data)
    done = run(source, "-o", module, "--object-info", known)
    assert done.exit_code == 0, done.output
    graph = PYTHON.read(module.read_text("utf-8"), "made.py").graph
    assert graph is not None and list(graph) == ["1", "3"]


@pytest.mark.parametrize("command", ["inspect", "validate", "diff"])
def test_every_command_takes_the_page_s_file(command: str, tmp_path: Path) -> None:
    made = Page()
    model = made.add(
        "CheckpointLoaderSimple", "sd.safetensors", outputs=["MODEL", "CLIP"]
    )
    made.add("CLIPTextEncode", "a fox", takes={"clip": (model, 1)})
    source, call = tmp_path / "page.json", tmp_path / "call.json"
    source.write_bytes(made.data)
    call.write_text("{}")
    other = {"inspect": [], "validate": [call], "diff": [source]}[command]
    done = run(command, source, *other)
    assert done.exit_code == 0, done.output


@pytest.mark.parametrize("end", range(1, 400, 37))
def test_a_truncated_file_is_refused_without_a_traceback(end: int, known: Path) -> None:
    text = page().data.decode()[:-end]
    done = run("convert", "-", "--object-info", known, text=text)
    assert done.exit_code == 1
    assert "hint:" in done.stderr and "Traceback" not in done.output


def test_it_is_the_same_in_every_process(tmp_path: Path, known: Path) -> None:
    import subprocess

    source = tmp_path / "page.json"
    source.write_bytes(page().data)
    command = [sys.executable, "-m", "viewcomfy_codegen", "convert", str(source)]
    command += ["--object-info", str(known)]
    found = {
        subprocess.run(
            command, env={"PYTHONHASHSEED": seed}, stdout=subprocess.PIPE, check=True
        ).stdout
        for seed in ("1", "2")
    }
    assert len(found) == 1

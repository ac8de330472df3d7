"""`catalog update`, `show` and `diff`: how what is known of node classes stays fresh."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import click
import pytest

from viewcomfy_codegen.cli.files import users_catalog

from ...helpers.commands import run
from ...helpers.servers import Answer, Server
from ...helpers.support import text_to_image

TABLE = """\
[tool.viewcomfy-codegen]
catalog = "comfyui/catalog.json"

[tool.viewcomfy-codegen.workflows.portrait]
source = "workflow_api.json"
"""


def described(**inputs: Any) -> dict[str, Any]:
    return {"input": {"required": inputs}, "output": ["LATENT"]}


def info(steps: int = 10, **classes: Any) -> dict[str, Any]:
    sampler = described(
        steps=["INT", {"max": steps, "tooltip": "Somebody's words."}],
        sampler_name=[["euler", "heun"]],
    )
    return {"KSampler": sampler, "Unused": described(), **classes}


@pytest.fixture
def folder(
    tmp_path: Path,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> Path:
    """A folder with a workflow and a server's saved answer, and nothing in its user's own."""
    home = str(tmp_path_factory.mktemp("home"))
    for name in ("HOME" if sys.platform == "darwin" else "XDG_CONFIG_HOME", "APPDATA"):
        monkeypatch.setenv(name, home)
    (tmp_path / "workflow_api.json").write_text(json.dumps(text_to_image()), "utf-8")
    save(tmp_path / "info.json", info())
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def project(folder: Path) -> Path:
    (folder / "pyproject.toml").write_text(TABLE, "utf-8")
    return folder


def save(path: Path, classes: Any) -> None:
    path.write_text(json.dumps(classes), encoding="utf-8")


def done(*arguments: str) -> str:
    result = run(*arguments)
    assert result.exit_code == 0, result.output
    return result.output


# update


def test_outside_of_a_project_it_is_the_users_own(folder: Path) -> None:
    assert "(2 classes)" in done("catalog", "update", "info.json")
    kept = json.loads(users_catalog().read_text(encoding="utf-8"))
    assert list(kept) == ["KSampler", "Unused"]
    assert Path(click.get_app_dir("viewcomfy-codegen")) == users_catalog().parent


def test_a_projects_has_the_classes_that_its_workflows_use(project: Path) -> None:
    done("catalog", "update", "info.json")
    kept = json.loads((project / "comfyui/catalog.json").read_text(encoding="utf-8"))
    assert list(kept) == ["KSampler"]
    assert not users_catalog().exists()


def test_in_a_project_the_users_own_is_updated_on_demand(project: Path) -> None:
    done("catalog", "update", "info.json", "--user")
    assert users_catalog().is_file()
    assert not (project / "comfyui").exists()


def test_an_update_reads_workflows_by_what_the_server_says(project: Path) -> None:
    node = {"id": 1, "type": "KSampler", "inputs": [], "outputs": []}
    values = [7, 30, 6.5, "heun", "karras", 1.0]  # of before seeds had a control
    page = {"nodes": [{**node, "widgets_values": values}], "links": []}
    save(project / "workflow_api.json", page)
    names = ("seed", "steps", "cfg", "sampler_name", "scheduler", "denoise")
    kinds = ("INT", "INT", "FLOAT", ["heun"], ["karras"], "FLOAT")
    inputs = {name: [kind] for name, kind in zip(names, kinds, strict=True)}
    save(project / "info.json", {"KSampler": described(**inputs)})
    assert run("inspect", "workflow_api.json").exit_code == 1
    done("catalog", "update", "info.json")
    done()


def test_a_workflow_that_cannot_be_read_is_reported_and_loses_no_facts(
    project: Path,
) -> None:
    done("catalog", "update", "info.json")
    table = TABLE.replace("portrait", "broken").replace("workflow_api", "broken")
    (project / "pyproject.toml").write_text(TABLE + table.split("\n\n")[1], "utf-8")
    (project / "broken.json").write_text("{", encoding="utf-8")
    catalog = project / "comfyui/catalog.json"
    old = json.loads(catalog.read_text(encoding="utf-8"))
    save(catalog, {**old, "OfTheBroken": described()})
    save(project / "info.json", info(steps=77))
    result = run("catalog", "update", "info.json")
    assert result.exit_code == 1
    assert "broken.json:" in result.output and "wrote comfyui" in result.output
    kept = json.loads(catalog.read_text(encoding="utf-8"))
    assert {"KSampler", "OfTheBroken"} <= set(kept)
    assert kept["KSampler"]["input"]["required"]["steps"][1]["max"] == 77
    assert "77" not in run("catalog", "diff", "info.json").output


def test_a_project_of_workflows_that_cannot_be_read_writes_no_catalog(
    project: Path,
) -> None:
    (project / "workflow_api.json").write_text("{", encoding="utf-8")
    result = run("catalog", "update", "info.json")
    assert result.exit_code == 1
    assert result.output.startswith("workflow_api.json:")
    assert "none of the classes" not in result.output
    assert not (project / "comfyui").exists()


def test_a_class_is_shown_where_a_workflow_cannot_be_read(project: Path) -> None:
    (project / "workflow_api.json").write_text("{")
    assert "steps" in done("catalog", "show", "KSampler")


def test_a_second_update_changes_nothing(project: Path) -> None:
    done("catalog", "update", "info.json")
    first = (project / "comfyui/catalog.json").read_bytes()
    done("catalog", "update", "info.json")
    assert (project / "comfyui/catalog.json").read_bytes() == first


def test_no_sentence_of_the_server_is_kept_unless_it_is_asked_for(folder: Path) -> None:
    done("catalog", "update", "info.json")
    assert b"words" not in users_catalog().read_bytes()
    done("catalog", "update", "info.json", "--tooltips")
    assert b"words" in users_catalog().read_bytes()


def test_what_an_earlier_server_said_of_other_classes_stays(folder: Path) -> None:
    save(folder / "other.json", {"Other": described()})
    done("catalog", "update", "info.json")
    done("catalog", "update", "other.json")
    kept = json.loads(users_catalog().read_text(encoding="utf-8"))
    assert list(kept) == ["KSampler", "Other", "Unused"]


def test_a_server_is_asked_by_its_address(folder: Path) -> None:
    body = json.dumps(info()).encode()
    with Server(Answer(200, body)) as server:
        done("catalog", "update", server.url)
        assert server.requests[0].path == "/object_info"
    assert users_catalog().is_file()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"<!doctype html><p>Welcome", "this is an HTML page"),
        (b"", "the file is empty"),
        (b'{"KSampler": {"input"', "truncated"),
        (b'{"prompt": {"1": {"class_type": "A"}}}', "not the content of ComfyUI's"),
        (b"[" * 100_000, "nested too deeply"),
        (b"[1, 2]", "not the content of ComfyUI's"),
    ],
)
def test_anything_else_is_refused_and_nothing_is_written(
    folder: Path, content: bytes, message: str
) -> None:
    done("catalog", "update", "info.json")
    before = users_catalog().read_bytes()
    (folder / "bad.json").write_bytes(content)
    result = run("catalog", "update", "info.json", "bad.json")
    assert result.exit_code == 1
    assert message in result.output
    assert "/object_info" in result.output
    assert users_catalog().read_bytes() == before
    assert [each.name for each in users_catalog().parent.iterdir()] == ["catalog.json"]


def test_hostile_names_and_choices_stay_out(folder: Path) -> None:
    huge = "x" * 10_000_000
    save(
        folder / "bad.json",
        {huge: described(), "Mine": described(a=[[huge]], **{huge: ["INT"]})},
    )
    done("catalog", "update", "bad.json")
    assert users_catalog().stat().st_size < 1000


def test_a_server_without_the_projects_classes_is_reported(project: Path) -> None:
    save(project / "other.json", {"Other": described()})
    result = run("catalog", "update", "other.json")
    assert result.exit_code == 1
    assert "none of the classes" in result.output
    assert not (project / "comfyui/catalog.json").exists()


# What consults it


def steps_of(text: str) -> Any:
    return json.loads(text)["properties"]["steps"]


def test_runs_outside_of_a_project_consult_the_users_own(folder: Path) -> None:
    save(folder / "info.json", info(steps=77))
    done("catalog", "update", "info.json")
    done("workflow_api.json", "-o", "made.py")
    schema = (folder / "made.schema.json").read_text(encoding="utf-8")
    assert steps_of(schema)["maximum"] == 77


def test_what_was_generated_with_the_users_own_is_the_workflow_still(
    folder: Path,
) -> None:
    save(folder / "info.json", info(steps=77))
    done("catalog", "update", "info.json")
    done("workflow_api.json", "-o", "made.py")
    assert "nothing changed" in done("diff", "made.py", "workflow_api.json")


def test_a_project_consults_its_own_file_and_never_the_users(project: Path) -> None:
    save(project / "info.json", info(steps=77))
    done("catalog", "update", "info.json", "--user")
    save(project / "info.json", info(steps=55))
    done("catalog", "update", "info.json")
    done()
    schema = (project / "portrait.schema.json").read_text(encoding="utf-8")
    assert steps_of(schema)["maximum"] == 55


def test_a_project_without_a_catalog_has_the_shipped_one_alone(project: Path) -> None:
    save(project / "info.json", info(steps=77))
    done("catalog", "update", "info.json", "--user")
    table = TABLE.replace('catalog = "comfyui/catalog.json"\n', "")
    (project / "pyproject.toml").write_text(table, "utf-8")
    done()
    schema = (project / "portrait.schema.json").read_text(encoding="utf-8")
    assert steps_of(schema)["maximum"] == 10_000


def test_a_project_whose_catalog_is_missing_says_how_to_write_it(project: Path) -> None:
    result = run()
    assert result.exit_code == 1
    assert "there is no such catalog" in result.output
    assert "catalog update" in result.output


def test_inspect_names_the_catalogs_that_it_asked(folder: Path) -> None:
    shown = done("inspect", "workflow_api.json")
    assert "Node facts from the shipped catalog (" in shown
    done("catalog", "update", "info.json")
    told = json.loads(run("inspect", "workflow_api.json", "--json").stdout)
    asked = told["catalogs"]
    assert asked[0] == str(users_catalog())
    assert asked[1].startswith("the shipped catalog (")


# show


def test_show_prints_what_is_known_and_whence(folder: Path) -> None:
    shown = done("catalog", "show", "KSampler")
    assert "steps: INT, 1 to 10000, default 20" in shown
    assert "followed by control_after_generate" in shown
    assert "According to the shipped catalog (" in shown
    done("catalog", "update", "info.json")
    shown = done("catalog", "show", "KSampler")
    assert "steps: INT, … to 10" in shown
    assert f"According to {users_catalog()}" in shown


def test_show_prints_the_inputs_of_each_choice(folder: Path) -> None:
    shown = done("catalog", "show", "ResizeImageMaskNode")
    assert "with scale by multiplier:\n      multiplier: FLOAT" in shown
    assert "loras.0.strength: FLOAT" in done("catalog", "show", "LoadLoraModel")


def test_a_class_that_nobody_knows_gets_its_nearest_name(folder: Path) -> None:
    result = run("catalog", "show", "Ksamplr\x1b[31m")
    assert result.exit_code == 1
    assert "did you mean KSampler" in result.output
    assert "\x1b" not in result.output


# diff


def test_diff_says_what_a_server_changed(project: Path) -> None:
    done("catalog", "update", "info.json")
    changed = info(steps=20)
    sampler = changed["KSampler"]["input"]["required"]
    sampler["sampler_name"] = [["euler", "dpm"]]
    sampler["shift"] = ["FLOAT", {}]
    save(project / "new.json", changed)
    assert done("catalog", "diff", "new.json").splitlines() == [
        "KSampler: steps: maximum 10 → 20",
        "KSampler: sampler_name: new choices dpm",
        "KSampler: sampler_name: no longer heun",
        "KSampler: shift: new, FLOAT, required",
    ]


def test_diff_of_the_same_facts_is_empty(project: Path) -> None:
    done("catalog", "update", "info.json")
    assert "nothing changed since" in done("catalog", "diff", "info.json")


def test_diff_reports_branches_and_classes_that_are_new(folder: Path) -> None:
    def model(most: int) -> dict[str, Any]:
        inner = {"required": {"size": ["INT", {"max": most}]}}
        options = [{"key": "pro", "inputs": inner}]
        return {
            "Mine": described(model=["COMFY_DYNAMICCOMBO_V3", {"options": options}])
        }

    save(folder / "info.json", model(1))
    done("catalog", "update", "info.json")
    save(folder / "info.json", {**model(2), "Newer": described()})
    assert done("catalog", "diff", "info.json").splitlines() == [
        "Mine: model[pro].size: maximum 1 → 2",
        "Newer: new",
    ]

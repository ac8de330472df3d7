"""The command, as a user types it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from viewcomfy_codegen import __version__

from ...helpers.cases import CASES
from ...helpers.commands import run as run_here
from ...helpers.support import made, text_to_image


def run(
    *arguments: str, cwd: Path, stdin: bytes = b""
) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "viewcomfy_codegen", *arguments],
        cwd=cwd,
        input=stdin,
        capture_output=True,
        check=False,
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "workflow_api.json").write_text(json.dumps(text_to_image()), "utf-8")
    return tmp_path


def names(folder: Path) -> list[str]:
    return sorted(each.name for each in folder.iterdir())


def test_one_command_writes_the_module_and_its_schema(folder: Path) -> None:
    done = run("workflow_api.json", "-o", "my_workflow.py", cwd=folder)
    assert (done.returncode, done.stdout) == (0, b"")
    assert names(folder) == [
        "my_workflow.py",
        "my_workflow.schema.json",
        "workflow_api.json",
    ]
    assert (
        (folder / "my_workflow.py")
        .read_text("utf-8")
        .startswith('"""My workflow: typed')
    )


def test_the_command_may_be_named(folder: Path) -> None:
    assert (
        run("generate", "workflow_api.json", "-o", "a.py", cwd=folder).returncode == 0
    )
    assert "a.py" in names(folder)


def test_without_output_the_module_is_named_after_the_workflow(folder: Path) -> None:
    (folder / "workflow_api.json").rename(folder / "My Portrait-2.json")
    assert run("My Portrait-2.json", cwd=folder).returncode == 0
    assert "my_portrait_2.py" in names(folder)


def test_a_dash_prints_the_module_and_writes_nothing(folder: Path) -> None:
    done = run("workflow_api.json", "-o", "-", cwd=folder)
    assert done.stdout.startswith(b'"""Workflow api: typed client')
    assert b"\r" not in done.stdout
    assert names(folder) == ["workflow_api.json"]


def test_a_dash_reads_standard_input(tmp_path: Path) -> None:
    stdin = json.dumps(text_to_image()).encode()
    done = run("-", "-o", "made.py", cwd=tmp_path, stdin=stdin)
    assert done.returncode == 0
    assert b"standard input" in (tmp_path / "made.py").read_bytes()


def test_a_file_too_large_to_be_a_workflow_is_refused_unread(folder: Path) -> None:
    with (folder / "huge.mp4").open("wb") as file:
        file.truncate((1 << 30) + 1)
    done = run("huge.mp4", cwd=folder)
    assert done.returncode == 1
    assert done.stderr.decode().splitlines() == [
        "huge.mp4: cannot be read: it is larger than 1024 MiB",
        "hint: for a workflow, export it alone with File > Export (API)",
    ]


def test_standard_input_goes_to_standard_output(tmp_path: Path) -> None:
    done = run("-", cwd=tmp_path, stdin=json.dumps(text_to_image()).encode())
    assert b"class Parameters" in done.stdout
    assert names(tmp_path) == []


def test_the_schema_can_be_elsewhere_or_left_out(folder: Path) -> None:
    run("workflow_api.json", "-o", "a.py", "--schema", "s.json", cwd=folder)
    run("workflow_api.json", "-o", "b.py", "--no-schema", cwd=folder)
    assert names(folder) == ["a.py", "b.py", "s.json", "workflow_api.json"]


def test_several_outputs_are_written_in_one_go(folder: Path) -> None:
    outputs = ["-o", "web/a.ts", "-o", "a.py"]
    (folder / "web").mkdir()
    done = run("workflow_api.json", *outputs, cwd=folder)
    assert done.returncode == 0, done.stderr
    assert (folder / "web" / "a.ts").read_text("utf-8").count("positivePrompt")
    assert (folder / "web" / "a.schema.json").exists()
    assert run("workflow_api.json", *outputs, "--check", cwd=folder).returncode == 0
    assert run("workflow_api.json", *outputs, cwd=folder).returncode == 0


def test_a_typescript_module_that_was_edited_is_kept(folder: Path) -> None:
    run("workflow_api.json", "-o", "a.ts", cwd=folder)
    path = folder / "a.ts"
    path.write_text(path.read_text("utf-8") + "// mine\n", "utf-8")
    done = run("workflow_api.json", "-o", "a.ts", cwd=folder)
    assert done.returncode == 1
    assert b"a.ts: was edited by hand" in done.stderr


def test_names_are_remembered_by_typescript_alone(folder: Path) -> None:
    workflow = text_to_image()
    run("workflow_api.json", "-o", "a.ts", "--no-schema", cwd=folder)
    workflow["30"] = {**workflow["3"], "inputs": {**workflow["3"]["inputs"]}}
    (folder / "workflow_api.json").write_text(json.dumps(workflow), "utf-8")
    done = run("workflow_api.json", "-o", "a.ts", "--no-schema", cwd=folder)
    assert b"is new (30-inputs-seed)" in done.stderr
    assert b"breaking" not in done.stderr


def test_flags_reach_the_plan(folder: Path) -> None:
    workflow = json.dumps(CASES["image_to_image"]())
    (folder / "workflow_api.json").write_text(workflow, "utf-8")
    flags = [
        "--include",
        "KSampler",
        "--include",
        "image",
        "--exclude",
        "*-cfg",
        "--optional-files",
        "--no-embed",
    ]
    run("workflow_api.json", "-o", "a.py", *flags, cwd=folder)
    schema = json.loads((folder / "a.schema.json").read_text("utf-8"))
    assert {"image", "seed", "steps"} <= schema["properties"].keys()
    assert not {"cfg", "positive_prompt"} & schema["properties"].keys()
    assert schema["required"] == []
    assert b"graph=" not in (folder / "a.py").read_bytes()


def test_marks_can_be_overruled(folder: Path) -> None:
    (folder / "workflow_api.json").write_text(json.dumps(CASES["marked"]()), "utf-8")
    run("workflow_api.json", "-o", "few.py", cwd=folder)
    run("workflow_api.json", "-o", "all.py", "--all", cwd=folder)
    few = json.loads((folder / "few.schema.json").read_text("utf-8"))["properties"]
    every = json.loads((folder / "all.schema.json").read_text("utf-8"))["properties"]
    assert list(few) == [
        "wish_prompt",
        "width",
        "height",
        "batch_size",
    ]
    assert few.items() <= every.items() and len(every) > len(few)


def test_version_and_help(tmp_path: Path) -> None:
    assert __version__.encode() in run("--version", cwd=tmp_path).stdout
    assert b"workflow_api.json -o my_workflow.py" in run("--help", cwd=tmp_path).stdout
    assert b"--optional-files" in run("generate", "--help", cwd=tmp_path).stdout


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["nowhere.json"], 1, "there is no such file"),
        (["help"], 2, "--help lists the commands"),
        (["workflow_apy.json"], 1, "did you mean workflow_api.json?"),
        (["cat.json"], 1, "check the path; this folder has workflow_api.json"),
        (["no/such/a.json"], 1, f"the folder {Path('no/such')} cannot be read"),
        (["."], 1, "this is a folder"),
        (["workflow_api.json", "-o", "no/such/a.py"], 1, "does not exist"),
        (["workflow_api.json", "-o", "."], 2, "is a folder"),
        (["workflow_api.json", "-o", "my-module.py"], 2, "my_module.py"),
        (
            ["workflow_api.json", "-o", "class.py"],
            2,
            "not a module that Python can import",
        ),
        (
            ["workflow_api.json", "-o", "module.txt"],
            2,
            "does not say what to write",
        ),
        (["workflow_api.json", "-o", "module.txt"], 2, "for instance module.py"),
        (["workflow_api.json", "-o", "module.tsx"], 2, "for instance module.ts"),
        (["workflow_api.json", "-o", "a.json"], 2, "for instance a.schema.json"),
        (["workflow_api.json", "-o", "a.py", "-o", "a.py"], 2, "is given twice"),
        (
            ["workflow_api.json", "-o", "a.py", "-o", "A.py"],
            2,
            "A.py and a.py are the same file on Windows and macOS",
        ),
        (["workflow_api.json", "-o", "json.py"], 2, "which this one would hide"),
        (["workflow_api.json", "-o", "a.py", "--schema", "a.py"], 2, "the same file"),
        (
            ["workflow_api.json", "-o", "a.py", "--schema", "./b/../a.py"],
            2,
            "the same file",
        ),
        (
            ["workflow_api.json", "-o", "a.py", "--schema", "workflow_api.json"],
            2,
            "the same file",
        ),
        (
            ["workflow_api.json", "--schema", "s", "--no-schema"],
            2,
            "cannot be combined",
        ),
        (["workflow_api.json", "--nonsense"], 2, "No such option"),
        ([], 2, "Usage"),
    ],
)
def test_wrong_usage_says_what_is_wrong_and_writes_nothing(
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    code: int,
    words: str,
) -> None:
    monkeypatch.chdir(folder)
    done = run_here(*arguments)
    assert done.exit_code == code
    assert isinstance(done.exception, SystemExit)
    assert words in " ".join(done.output.split())
    assert names(folder) == ["workflow_api.json"]


def test_an_invalid_workflow_leaves_the_old_files_as_they_were(folder: Path) -> None:
    run("workflow_api.json", "-o", "a.py", cwd=folder)
    before = {each: each.read_bytes() for each in folder.iterdir()}
    broken = folder / "broken.json"
    broken.write_text(
        '{"1": {"class_type": "KSampler", "inputs": {"seed": NaN}}}', "utf-8"
    )
    done = run("broken.json", "-o", "a.py", cwd=folder)
    assert done.returncode == 1
    assert "broken.json: node 1 (KSampler), inputs.seed: NaN" in done.stderr.decode()
    assert "hint: " in done.stderr.decode()
    broken.unlink()
    assert {each: each.read_bytes() for each in folder.iterdir()} == before


def test_notes_go_to_standard_error_and_do_not_fail(folder: Path) -> None:
    workflow = {**text_to_image(), "99": {"inputs": {}}}
    (folder / "workflow_api.json").write_text(json.dumps(workflow), "utf-8")
    done = run("workflow_api.json", "-o", "a.py", cwd=folder)
    assert done.returncode == 0
    assert b"node 99: note: looks like a node" in done.stderr


@pytest.mark.skipif(os.name == "nt", reason="POSIX permissions")
def test_the_old_files_permissions_stay(folder: Path) -> None:
    run("workflow_api.json", "-o", "a.py", cwd=folder)
    (folder / "a.py").chmod(0o640)
    run("workflow_api.json", "-o", "a.py", cwd=folder)
    assert (folder / "a.py").stat().st_mode & 0o777 == 0o640


def test_the_library_touches_no_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    generated = made(text_to_image())
    assert list(generated.files) == ["made.py", "made.schema.json"]
    assert generated.diagnostics == ()
    assert names(tmp_path) == []


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="has no full device")
@pytest.mark.parametrize(
    "command",
    [
        ["inspect"],
        ["inspect", "--json"],
        ["-o", "-"],
        ["params", "-o", "-"],
        ["convert"],
        ["--help"],
        ["inspect", "--help"],
    ],
)
def test_a_full_disk_behind_standard_output_is_an_error(
    tmp_path: Path, command: list[str]
) -> None:
    path = tmp_path / "w.json"
    path.write_text(json.dumps(text_to_image()))
    made = [sys.executable, "-m", "viewcomfy_codegen", *command, str(path)]
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(made, stdout=full, stderr=subprocess.PIPE, text=True)
    assert done.returncode != 0
    assert "Error: can't be written" in done.stderr
    assert "Traceback" not in done.stderr

"""One entry of the project's table for all workflows that match a pattern."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from viewcomfy_codegen.targets.python.reading import read_module

from ...helpers.commands import run
from ...helpers.support import text_to_image

ALL = """
[tool.viewcomfy-codegen.workflows.all]
source = "flows/**/*.json"
output = "app/{name}.py"
exclude = ["cfg"]
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with three workflows, one of them in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    for path in ("flows/My Cat-1.json", "flows/dog.json", "flows/old/bird.json"):
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        Path(path).write_text(json.dumps(text_to_image()))
    Path("app").mkdir()
    Path("pyproject.toml").write_text(ALL)
    return tmp_path


def modules() -> list[str]:
    return sorted(path.stem for path in Path("app").glob("*.py"))


def names(path: str) -> set[str]:
    return {each.name for each in read_module(Path(path).read_text(), path).fields}


def test_each_file_that_matches_has_a_client_of_its_name(project: Path) -> None:
    assert run().exit_code == 0
    assert modules() == ["bird", "dog", "my_cat_1"]
    assert all("cfg" not in names(f"app/{each}.py") for each in modules())
    assert run("--check").exit_code == 0


def test_a_new_file_is_missing_until_it_is_generated(project: Path) -> None:
    run()
    Path("flows/fish.json").write_text(json.dumps(text_to_image()))
    done = run("--check")
    assert done.exit_code == 1
    assert f"{Path('app/fish.py')} is missing" in done.output


def test_a_file_with_an_entry_of_its_own_belongs_to_that_one(project: Path) -> None:
    own = """
[tool.viewcomfy-codegen.workflows.hound]
source = "flows/dog.json"
output = "app/hound.py"
rename = { cfg = "strictness" }
"""
    Path("pyproject.toml").write_text(own + ALL)
    assert run().exit_code == 0
    assert modules() == ["bird", "hound", "my_cat_1"]
    assert "strictness" in names("app/hound.py")


def test_what_was_generated_beside_the_workflows_is_not_taken_for_one(
    project: Path,
) -> None:
    text = ALL.replace("app/{name}.py", "flows/{name}.py")
    Path("pyproject.toml").write_text(text + 'openapi = "flows/{name}.openapi.json"')
    assert run().exit_code == 0
    assert run("--check").exit_code == 0


def test_folders_that_link_to_each_other_are_not_walked(project: Path) -> None:
    for name in ("here", "again"):
        Path("flows", name).symlink_to(".", target_is_directory=True)
    Path("flows", ".hidden").mkdir()
    Path("flows", ".hidden", "no.json").write_text("{}")
    assert run().exit_code == 0
    assert modules() == ["bird", "dog", "my_cat_1"]


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("flows/*.json", ["dog", "my_cat_1"]),
        ("flows/**/**/**/bird.json", ["bird"]),
        ("**/old/*.json", ["bird"]),
        ("flows/o*/b?rd.json", ["bird"]),
        ("./flows/../flows/dog*.json", ["dog"]),
    ],
)
def test_a_pattern_matches_as_in_a_shell(
    project: Path, pattern: str, found: list[str]
) -> None:
    Path("pyproject.toml").write_text(ALL.replace("flows/**/*.json", pattern))
    assert run().exit_code == 0
    assert modules() == found


def test_two_files_of_one_module_are_named(project: Path) -> None:
    Path("flows/old/dog.json").write_text(json.dumps(text_to_image()))
    done = run()
    assert done.exit_code == 1
    one, other = Path("flows/dog.json"), Path("flows/old/dog.json")
    assert f"{one} and {other} both write it" in done.stderr


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("app/{name}.py", "app/one.py", "output is the same file, app/one.py, for"),
        ("flows/", "nowhere/", "no file matches nowhere/**/*.json"),
    ],
)
def test_a_pattern_that_cannot_be_right_is_refused(
    project: Path, old: str, new: str, says: str
) -> None:
    Path("pyproject.toml").write_text(ALL.replace(old, new))
    done = run()
    assert done.exit_code == 1
    assert "[tool.viewcomfy-codegen.workflows.all]" in done.stderr
    assert says in done.stderr
    assert modules() == []

"""The tables that the documentation shows work as they stand, on the example's workflow."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from ...helpers.commands import run

ROOT = Path(__file__).parents[3]


def tables(name: str) -> list[str]:
    found = re.findall(r"```toml\n(.*?)```", (ROOT / name).read_text("utf-8"), re.S)
    return [each for each in found if "[tool.viewcomfy-codegen" in each]


@pytest.mark.parametrize(
    "table",
    [each for name in ("README.md", "docs/project.md") for each in tables(name)],
)
def test_a_table_that_is_shown_generates_and_stays_up_to_date(
    table: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for folder in ("app", "web", "workflows"):
        (tmp_path / folder).mkdir()
    for path in ("workflow_api.json", "workflows/portrait.json", "workflows/cat.json"):
        example = ROOT / "generated_example" / "workflow_api.json"
        shutil.copy(example, tmp_path / path)
    (tmp_path / "pyproject.toml").write_text(table, "utf-8")
    for arguments in ([], ["--check"], [], ["--check"]):
        done = run(*arguments)
        assert done.exit_code == 0, done.output

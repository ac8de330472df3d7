"""`inspect`: the flow, and where every parameter came from."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ...helpers.commands import run
from ...helpers.support import node


def test_inspect_shows_the_flow_and_where_everything_came_from(
    files: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "90")
    done = run("inspect", "w.json")
    assert done.exit_code == 0
    assert "3  KSampler  ← 4, 6, 7, 5" in done.output
    assert "positive_prompt: multiline text" in done.output
    assert "its role in the graph" in done.output
    assert "\x1b" not in done.output
    assert all(len(line) <= 90 for line in done.output.splitlines())


def test_inspect_informs_programs_too(files: dict[str, str]) -> None:
    told = json.loads(run("inspect", "w.json", "--json").stdout)
    assert told["nodes"][0].keys() == {"id", "class_type", "title", "from"}
    by_name = {each["name"]: each for each in told["parameters"]}
    assert by_name["seed"]["type"] == "integer 0 to 18446744073709551615, or random"
    assert by_name["seed"]["kind"] == "int"
    assert by_name["positive_prompt"]["kind"] == "multiline"
    assert by_name["seed"]["origins"] == {
        "name": "its input",
        "type": "its class",
        "doc": "the glossary, on its class",
    }


def test_inspect_says_when_a_title_or_a_number_made_a_name(tmp_path: Path) -> None:
    twin = {"class_type": "SaveOdd", "inputs": {"level": 1}}
    workflow = {
        "1": node("Mine", "Main light", value=1),
        "2": twin,
        "3": twin,
        "4": node("LoadImage", image="a.png"),
        "5": node(
            "Taker", flag=True, words=["a"], table={"a": 1}, none=None, end=["4", 0]
        ),
    }
    path = tmp_path / "w.json"
    path.write_text(json.dumps(workflow))
    told = json.loads(run("inspect", str(path), "--json", "--all").stdout)
    by_name = {each["name"]: each["origins"]["name"] for each in told["parameters"]}
    assert by_name["main_light"] == "its node's title"
    assert "a number" in by_name["level_1"]
    types = {each["type"] for each in told["parameters"]}
    assert {"file (image/*)", "true or false", "JSON array", "JSON object"} <= types


def test_inspect_writes_nothing_that_a_terminal_would_obey(tmp_path: Path) -> None:
    path = tmp_path / "w.json"
    path.write_text(json.dumps({"1": node("Mine", "\x1b[31mred\x07", value="\x1b[0m")}))
    done = run("inspect", str(path))
    assert done.exit_code == 0
    assert "\x1b" not in done.output
    assert run("inspect", "nowhere.json").exit_code == 1


def test_a_long_id_widens_no_other_line(tmp_path: Path) -> None:
    path = tmp_path / "w.json"
    path.write_text(json.dumps({"1": node("Odd", x=1), "9" * 10_000: node("Odd", x=2)}))
    [short] = [
        line for line in run("inspect", path).output.splitlines() if "1  Odd" in line
    ]
    assert len(short) < 60

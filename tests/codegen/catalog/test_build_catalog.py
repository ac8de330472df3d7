"""The script that distills servers' answers into the shipped catalog."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from viewcomfy_codegen.catalog import Catalog
from viewcomfy_codegen.catalog.titles import plain_title

from ...helpers.shared import shared_file

SCRIPT = Path(__file__).parents[3] / "scripts" / "build_catalog.py"
SHIPPED = Path(__file__).parents[3] / "codegen/viewcomfy_codegen/catalog/nodes.tsv"


def described(module: str | None = "nodes", **inputs: Any) -> dict[str, Any]:
    vouched = {"python_module": module} if module else {}
    return {"input": {"required": inputs}, "output": ["IMAGE"], **vouched}


def built(
    folder: Path, *answers: dict[str, Any], seed: str = "0", **extras: Any
) -> bytes:
    """The catalog that the script makes of these answers."""
    arguments: list[str] = []
    for number, answer in enumerate(answers):
        path = folder / f"answer{number}.json"
        path.write_text(json.dumps(answer), encoding="utf-8")
        arguments.append(str(path))
    for name, value in extras.items():
        path = folder / f"{name}.json"
        path.write_text(json.dumps(value), encoding="utf-8")
        arguments += [f"--{name}", str(path)]
    return run(folder / "nodes.tsv", arguments, seed)


def run(output: Path, arguments: list[str], seed: str = "0") -> bytes:
    command = [sys.executable, str(SCRIPT), *arguments, "-o", str(output)]
    command += ["--comfyui", "0.33.0", "--date", "2026-11-26"]
    environment = {**os.environ, "PYTHONHASHSEED": seed}
    subprocess.run(command, check=True, env=environment)
    return output.read_bytes()


def test_a_later_response_counts_over_an_earlier_one(tmp_path: Path) -> None:
    old, new = {"A": described(n=["INT"])}, {"A": described(n=["FLOAT"])}
    facts = Catalog(built(tmp_path, old, new)).node("A")
    assert facts is not None
    assert facts.inputs["n"].type == "FLOAT"


def test_a_class_that_newer_responses_lack_stays_known(tmp_path: Path) -> None:
    found = Catalog(built(tmp_path, {"A": described()}, {"B": described()}))
    assert list(found.classes()) == ["A", "B"]


def test_that_an_input_lists_files_is_never_lost(tmp_path: Path) -> None:
    old = {"A": described(name=[["one.safetensors"]])}
    new = {"A": described(name=["COMBO", {"options": ["Default", "Other"]}])}
    facts = Catalog(built(tmp_path, old, new)).node("A")
    assert facts is not None
    assert facts.inputs["name"].files
    assert facts.inputs["name"].choices == ()


def test_files_are_marked_where_a_list_says_so_in_rows_too(tmp_path: Path) -> None:
    row = {"required": {"lora_name": ["COMBO", {"options": ["a", "b"]}]}}
    classes = {
        "A": described(loras=["COMFY_DYNAMICGROUP_V3", {"template": row}]),
    }
    found = Catalog(built(tmp_path, classes, files={"A": ["loras.*.lora_name"]}))
    facts = found.node("A")
    assert facts is not None
    lora = facts.input("loras.3.lora_name")
    assert lora is not None
    assert lora.files


def test_a_list_with_none_alone_is_one_of_files(tmp_path: Path) -> None:
    facts = Catalog(built(tmp_path, {"A": described(lora=[["None"]])})).node("A")
    assert facts is not None
    assert facts.inputs["lora"].files
    assert facts.inputs["lora"].choices == ()


def test_choices_that_no_server_vouches_for_are_incomplete(tmp_path: Path) -> None:
    spec = ["COMBO", {"options": ["a", "b"]}]
    classes = {"A": described(None, c=spec), "B": described(c=spec)}
    found = Catalog(built(tmp_path, classes))
    marks = [facts.inputs["c"].incomplete for facts in map(found.node, "AB") if facts]
    assert marks == [True, False]


def test_dotted_inputs_that_a_response_lacks_are_added_to_their_branches(
    tmp_path: Path,
) -> None:
    options: list[Any] = [{"key": key, "inputs": {}} for key in ("a", "b")]
    classes = {"A": described(model=["COMFY_DYNAMICCOMBO_V3", {"options": options}])}
    dotted = {
        "model.size": [
            "INT",
            {"max": 9, "group": "optional", "when": {"model": ["b"]}},
        ],
        "model.all": ["IMAGE", {"group": "required"}],
    }
    facts = Catalog(built(tmp_path, classes, dynamic={"A": dotted})).node("A")
    assert facts is not None
    [size] = facts.variants("model.size")
    assert (size.when, size.facts.hi, size.facts.required) == ({"model": "b"}, 9, False)
    assert len(facts.variants("model.all")) == 2


def test_titles_of_all_languages_and_earlier_names_are_kept(tmp_path: Path) -> None:
    old = {"A.1": {**described(), "display_name": "Load Things"}}
    new = {"A.1": {**described(), "display_name": "Load a Thing"}}
    titles = {"A_1": ["Load a Thing", "加载物品"]}
    facts = Catalog(built(tmp_path, old, new, titles=titles)).node("A.1")
    assert facts is not None
    assert facts.titles == {
        plain_title(each) for each in ("A.1", "Load a Thing", "Load Things", "加载物品")
    }


def test_no_sentence_of_a_server_is_kept(tmp_path: Path) -> None:
    spec = ["INT", {"tooltip": "Somebody's words."}]
    branch = {"options": [{"key": "k", "inputs": {"required": {"n": spec}}}]}
    classes = {
        "A": {
            **described(n=spec, m=["COMFY_DYNAMICCOMBO_V3", branch]),
            "description": "Somebody's words.",
        }
    }
    assert b"words" not in built(tmp_path, classes)


def test_what_a_class_does_is_said_in_american_spelling(tmp_path: Path) -> None:
    does = {"A": "Mixes colours around their centre"}
    facts = Catalog(built(tmp_path, {"A": described()}, does=does)).node("A")
    assert facts is not None
    assert facts.does == "Mixes colors around their center"


def test_unknown_classes_are_guessed_by_what_most_say(tmp_path: Path) -> None:
    classes = {
        **{f"A{n}": described(steps=["INT"], mode=[["a", "b"]]) for n in range(9)},
        "B": described(steps=["FLOAT"]),
    }
    found = Catalog(built(tmp_path, classes))
    guess, choice = found.guess("my_steps", 20), found.guess("mode", "b")
    assert guess is not None
    assert guess.type == "INT"
    assert choice is not None
    assert choice.choices == ("a", "b")


def test_choices_are_guessed_by_a_value_that_is_one_of_them(tmp_path: Path) -> None:
    classes = {
        "A": described(noise=[["enable", "disable"]]),
        "B": described(noise=[["gaussian", "uniform"]]),
        "C": described(noise=["BOOLEAN"]),
    }
    found = Catalog(built(tmp_path, classes))
    guess = found.guess("noise", "uniform")
    assert guess is not None
    assert guess.choices == ("gaussian", "uniform")
    assert found.guess("noise", "another") is None


def test_the_catalog_says_what_it_is_of(tmp_path: Path) -> None:
    found = Catalog(built(tmp_path, {"A": described()}))
    assert (found.version, found.date) == ("0.33.0", "2026-11-26")


def test_the_same_responses_give_the_same_bytes(tmp_path: Path) -> None:
    choices = [f"choice number {n}" for n in range(9)]
    classes = {
        f"A{n}": {**described(c=[choices], n=["INT"]), "display_name": f"Title {n}"}
        for n in range(20)
    }
    titles = {name: ["甲", "乙", "丙"] for name in classes}
    first, second = (
        built(tmp_path, classes, titles=titles, seed=seed) for seed in ("1", "2")
    )
    assert first == second
    lines = first.splitlines()
    keys = [line.partition(b"\t")[0] for line in lines]
    assert keys == sorted(keys)


def test_the_shipped_catalog_is_what_the_documented_command_makes(
    tmp_path: Path,
) -> None:
    folder = shared_file("object_info")
    names = ("comfyui", "packs", "comfyui-0.33.0", "late2026")
    arguments = [str(folder / f"{name}.json") for name in names]
    extras = {
        **{"dynamic": "dynamic", "files": "files"},
        **{"titles": "display_names", "does": "what"},
    }
    for option, name in extras.items():
        arguments += [f"--{option}", str(folder / f"{name}.json")]
    assert run(tmp_path / "nodes.tsv", arguments) == SHIPPED.read_bytes()


@pytest.mark.parametrize("missing", ["--comfyui", "--date"])
def test_a_catalog_without_its_date_or_version_is_not_built(
    tmp_path: Path, missing: str
) -> None:
    answer = tmp_path / "answer.json"
    answer.write_text("{}", encoding="utf-8")
    options = {"--comfyui": "1", "--date": "2026-11-26", "-o": str(tmp_path / "out")}
    del options[missing]
    command = [sys.executable, str(SCRIPT), str(answer)]
    command += [text for pair in options.items() for text in pair]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode == 2
    assert missing in ended.stderr
    assert not (tmp_path / "out").exists()

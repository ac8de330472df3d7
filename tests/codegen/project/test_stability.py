"""Regeneration: names stay, changes are told, and nobody's edits are lost."""

from __future__ import annotations

import copy
import json
import os
import random
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from hypothesis import given, settings
from hypothesis import strategies as st

from viewcomfy_codegen import Options
from viewcomfy_codegen.graph.workflow import is_link
from viewcomfy_codegen.project.regenerate import Product, Task, produce
from viewcomfy_codegen.sources import read_source
from viewcomfy_codegen.sources.api_format import workflow_of
from viewcomfy_codegen.targets.checksums import LINE, marked
from viewcomfy_codegen.targets.python.reading import read_module
from viewcomfy_codegen.targets.python.target import PYTHON
from viewcomfy_codegen.targets.target import Earlier

from ...helpers.cases import base_and_refiner, video
from ...helpers.commands import run
from ...helpers.support import node, text_to_image


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(workflow: Any, *flags: str) -> Result:
    Path("w.json").write_text(json.dumps(workflow))
    return run("w.json", "-o", "made.py", *flags)


def names() -> dict[str, str]:
    module = read_module(Path("made.py").read_text(), "made.py")
    return {each.inputs[0].key: each.name for each in module.fields}


def again(workflow: Any, earlier: str | None = None, **how: Any) -> Product:
    """What a generation over an earlier module makes, without a disk."""
    task = Task("w.json", "made", {Path("made.py"): PYTHON}, **how)
    return produce(task, lambda _: json.dumps(workflow).encode(), lambda _: earlier)


def module_of(product: Product) -> Earlier:
    return read_module(product.outputs[Path("made.py")], "made.py")


def with_a_second_sampler() -> dict[str, Any]:
    more = copy.deepcopy(text_to_image())
    more["30"] = {**more["3"], "inputs": {**more["3"]["inputs"], "seed": 9}}
    more["31"] = node("VAEDecode", samples=["30", 0], vae=["4", 2])
    more["32"] = node("SaveImage", images=["31", 0], filename_prefix="second")
    return more


def test_a_new_node_renames_no_old_parameter(here: Path) -> None:
    write(text_to_image())
    before = names()
    done = write(with_a_second_sampler())
    assert done.exit_code == 0
    assert {key: names()[key] for key in before} == before
    assert names()["30-inputs-seed"] != "seed"
    assert "is new (30-inputs-seed)" in done.output


def test_fresh_names_all_anew(here: Path) -> None:
    write(text_to_image())
    write(with_a_second_sampler(), "--fresh")
    fresh = names()
    Path("made.py").unlink()
    write(with_a_second_sampler())
    assert names() == fresh
    assert fresh["3-inputs-seed"] != "seed"


def test_a_node_with_another_number_keeps_its_names(here: Path) -> None:
    write(with_a_second_sampler())
    before = names()
    moved = renumbered(with_a_second_sampler(), {"3": "130", "30": "3", "6": "99"})
    done = write(moved)
    after = names()
    assert after["130-inputs-seed"] == before["3-inputs-seed"]
    assert after["3-inputs-seed"] == before["30-inputs-seed"]
    assert "breaking" not in done.output


def test_a_module_without_its_graph_keeps_names_by_number(here: Path) -> None:
    write(text_to_image(), "--no-embed")
    before = names()
    write(with_a_second_sampler(), "--no-embed")
    assert {key: names()[key] for key in before} == before


def test_the_same_again_changes_nothing(here: Path) -> None:
    write(text_to_image())
    first = Path("made.py").read_bytes()
    done = write(text_to_image())
    assert Path("made.py").read_bytes() == first
    assert "breaking" not in done.output
    assert run("w.json", "-o", "made.py", "--check").exit_code == 0


def test_what_somebody_edited_is_named_and_kept(here: Path) -> None:
    write(text_to_image())
    path = Path("made.py")
    path.write_text(path.read_text().replace("blurry", "my own words"))
    edited = path.read_bytes()
    done = write(with_a_second_sampler())
    assert done.exit_code == 1
    assert "made.py: was edited by hand" in done.output
    assert path.read_bytes() == edited
    assert write(with_a_second_sampler(), "--force").exit_code == 0


def test_an_edited_schema_is_noticed_too(here: Path) -> None:
    write(text_to_image())
    schema = Path("made.schema.json")
    schema.write_text(schema.read_text().replace('"title"', '"Title"', 1))
    assert "made.schema.json: was edited" in write(text_to_image()).output


def test_other_ends_of_lines_are_no_edit(here: Path) -> None:
    write(text_to_image())
    path = Path("made.py")
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert write(text_to_image()).exit_code == 0


@pytest.mark.parametrize("name", ["made.py", "made.schema.json"])
def test_what_was_not_generated_is_not_overwritten(here: Path, name: str) -> None:
    Path(name).write_text('{"mine": 1}' if name.endswith("json") else "print('mine')")
    before = Path(name).read_bytes()
    done = write(text_to_image())
    assert done.exit_code == 1
    assert f"{name}: already exists" in done.output
    assert Path(name).read_bytes() == before
    assert write(text_to_image(), "--force").exit_code == 0


def test_an_empty_file_is_overwritten(here: Path) -> None:
    Path("made.py").touch()
    assert write(text_to_image()).exit_code == 0


def test_a_module_without_its_checksum_is_taken_to_be_edited(here: Path) -> None:
    write(text_to_image())
    path = Path("made.py")
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join(each for each in lines if "Checksum" not in each))
    assert "made.py: was edited by hand" in write(text_to_image()).output
    assert write(text_to_image(), "--force").exit_code == 0


@pytest.mark.parametrize("body", ["(", "not " * 100_000, "(" * 100_000, "-" * 100_000])
def test_a_module_that_cannot_be_read_any_more_is_an_error(
    here: Path, body: str
) -> None:
    text = f'"""x"""\n# Generated by viewcomfy-codegen 0.0.1; x\n# {LINE}\n{body}'
    Path("made.py").write_text(marked(text, ""))
    done = write(text_to_image())
    assert done.exit_code == 1
    assert "can't be read any more" in done.output
    assert write(text_to_image(), "--force").exit_code == 0


def test_a_schema_of_ones_own_is_not_overwritten(here: Path) -> None:
    schema = Path("made.schema.json")
    schema.write_text('{"$schema": "https://json-schema.org/x", "properties": {}}')
    assert "made.schema.json: already exists" in write(text_to_image()).output


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights on Windows")
def test_a_link_is_not_overwritten_in_silence(here: Path) -> None:
    target = here / "elsewhere.py"
    Path("made.py").symlink_to(target)
    done = write(text_to_image())
    assert done.exit_code == 1
    assert "made.py: is a symbolic link to" in done.output
    assert not target.exists()
    assert write(text_to_image(), "--force").exit_code == 0
    assert Path("made.py").is_symlink()
    assert target.is_file()


def test_a_link_to_itself_is_named(here: Path) -> None:
    Path("made.py").symlink_to("made.py")
    done = write(text_to_image())
    assert (done.exit_code, done.exception.__class__) == (1, SystemExit)
    assert "made.py: " in done.output


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="has no pipes with names")
def test_a_pipe_is_not_waited_on(here: Path) -> None:
    os.mkfifo("made.py")
    done = write(text_to_image())
    assert done.exit_code == 1
    assert "made.py: is not an ordinary file" in done.output


def test_an_earlier_module_is_never_run(here: Path) -> None:
    write(text_to_image())
    path = Path("made.py")
    path.write_text(path.read_text() + "\nopen('ran', 'w').close()\n")
    write(text_to_image(), "--force")
    assert not Path("ran").exists()


# Over the module of another workflow


def exchanged() -> dict[str, Any]:
    """The same nodes under the same numbers, with the prompts in each other's place."""
    workflow = copy.deepcopy(text_to_image())
    inputs = workflow["3"]["inputs"]
    inputs["positive"], inputs["negative"] = ["7", 0], ["6", 0]
    workflow["6"]["inputs"]["text"] = "a dog"
    workflow["7"]["inputs"]["text"] = "a cat"
    return workflow


def test_a_number_alone_keeps_no_name(here: Path) -> None:
    write(text_to_image())
    assert names()["6-inputs-text"] == "positive_prompt"
    write(exchanged())
    assert names()["6-inputs-text"] == "negative_prompt"
    assert names()["7-inputs-text"] == "positive_prompt"


def test_a_node_of_another_class_under_an_old_number_is_named_anew(
    here: Path,
) -> None:
    write(text_to_image())
    other = copy.deepcopy(text_to_image())
    other["5"] = node("EmptySD3LatentImage", width=640, height=640, batch_size=1)
    done = write(other)
    assert "node 5 (EmptySD3LatentImage)" in done.output
    assert "breaking: width was removed (5-inputs-width)" in done.output
    assert "width is new (5-inputs-width)" in done.output


def test_a_node_in_between_is_no_other_place(here: Path) -> None:
    workflow = copy.deepcopy(text_to_image())
    workflow["10"] = node("LoadImage", image="a.png")
    workflow["11"] = node("LoadImage", image="b.png")
    workflow["12"] = node("ImageBlend", image1=["10", 0], image2=["11", 0])
    workflow["13"] = node("PreviewImage", images=["12", 0])
    write(workflow)
    before = names()
    workflow["14"] = node("ImageScale", image=["10", 0], width=64)
    workflow["12"]["inputs"]["image1"] = ["14", 0]
    workflow["10"]["inputs"]["image"] = "c.png"
    write(workflow)
    assert names()["10-inputs-image"] == before["10-inputs-image"]


# Over any change of a workflow


def renumbered(workflow: dict[str, Any], ids: dict[str, str]) -> dict[str, Any]:
    """The workflow with other ids for some nodes, and all links following them."""

    def follow(value: Any) -> Any:
        return [ids.get(value[0], value[0]), value[1]] if is_link(value) else value

    return {
        ids.get(id, id): {
            **about,
            "inputs": {name: follow(value) for name, value in about["inputs"].items()},
        }
        for id, about in workflow.items()
    }


def changed(
    workflow: dict[str, Any], rng: random.Random
) -> tuple[dict[str, Any], dict[str, str]]:
    """The workflow with nodes inserted, removed and retitled,
    or renumbered; the new ids of what survives, by the old.
    """
    new = copy.deepcopy(workflow)
    ids = {id: id for id in new}
    kind = rng.choice(["insert", "remove", "retitle", "renumber"])
    if kind == "insert":
        source = new[rng.choice(list(new))]
        new[f"9{rng.randrange(10**6):06}"] = copy.deepcopy(source)
    elif kind == "remove":
        gone = rng.choice(list(new))
        del new[gone], ids[gone]
        for about in new.values():
            about["inputs"] = {
                name: value
                for name, value in about["inputs"].items()
                if not (is_link(value) and value[0] == gone)
            }
    elif kind == "retitle":
        about = new[rng.choice(list(new))]
        about["_meta"] = {"title": rng.choice(["Wish", "Other", "My sampler"])}
    else:
        order = list(new)
        rng.shuffle(order)
        ids = {id: str(1000 + place) for place, id in enumerate(order)}
        new = renumbered(new, ids)
    return new, ids


def check_stability(workflow: dict[str, Any], rng: random.Random) -> None:
    first = again(workflow)
    new, ids = changed(workflow, rng)
    if not new:
        return
    second = again(new, first.outputs[Path("made.py")])
    before, after = module_of(first), module_of(second)
    now = {each.inputs[0].key: each.name for each in after.fields}
    twins = _twins(workflow)
    survived = set()
    for field in before.fields:
        at = field.inputs[0]
        if at.node in ids and f"{ids[at.node]}-inputs-{at.name}" in now:
            if at.node in twins and ids[at.node] != at.node:
                continue
            assert now[f"{ids[at.node]}-inputs-{at.name}"] == field.name
            survived.add(field.name)
    told = {change.parameter for change in second.changes if change.kind == "removed"}
    gone = {field.name for field in before.fields} - {
        each.name for each in after.fields
    }
    assert told >= gone
    assert not told & survived
    added = {change.parameter for change in second.changes if change.kind == "added"}
    assert added <= {each.name for each in after.fields} - survived


def _twins(workflow: dict[str, Any]) -> set[str]:
    """Nodes that nothing tells apart once their numbers are gone: not even a person could."""
    from viewcomfy_codegen.graph.matching import ROUNDS, _Shapes, _with_title

    looks = _Shapes().looks(workflow, ROUNDS, _with_title)[ROUNDS]
    found: dict[int, list[str]] = {}
    for id, look in looks.items():
        found.setdefault(look, []).append(id)
    return {id for ids in found.values() if len(ids) > 1 for id in ids}


@given(
    st.sampled_from([text_to_image, with_a_second_sampler, base_and_refiner, video]),
    st.randoms(use_true_random=False),
)
@settings(max_examples=60, deadline=None)
def test_no_surviving_parameter_changes_its_name(
    workflow: Any, rng: random.Random
) -> None:
    check_stability(workflow(), rng)


def test_no_surviving_parameter_changes_its_name_in_the_corpus(
    corpus_file: Path,
) -> None:
    source = read_source(corpus_file.read_bytes(), "w")
    graph = workflow_of(source.document, source.flawed, "w")[0].graph
    for seed in range(3):
        check_stability(graph, random.Random(seed))


def test_another_workflow_with_the_same_numbers_gets_names_of_its_own() -> None:
    other = {
        "6": node("CLIPTextEncode", text="fog", clip=["4", 1]),
        "4": node("CheckpointLoaderSimple", ckpt_name="other.safetensors"),
        "30": node("OddSampler", strictness=3, negative=["6", 0], model=["4", 0]),
    }
    product = again(other, again(text_to_image()).outputs[Path("made.py")])
    made = {each.inputs[0].key: each.name for each in module_of(product).fields}
    assert made["6-inputs-text"] == "negative_prompt"
    told = [each for each in product.diagnostics if "named anew" in each.message]
    assert any("node 6 " in each.location for each in told)


def test_what_an_earlier_module_had_stays_though_it_would_be_hidden() -> None:
    workflow = text_to_image()
    workflow["20"] = node("PointsEditor", points_store="{}", width=512, height=512)
    workflow["21"] = node("PreviewAny", source=["20", 0])
    first = again(workflow, options=Options(all=True))
    second = again(workflow, first.outputs[Path("made.py")])
    kept = {each.inputs[0].key for each in module_of(second).fields}
    assert "20-inputs-points_store" in kept
    assert "20-inputs-points_store" not in {
        each.inputs[0].key for each in module_of(again(workflow)).fields
    }

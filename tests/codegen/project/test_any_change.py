"""Over any change of a workflow, what survives keeps its name."""

from __future__ import annotations

import copy
import json
import random
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from viewcomfy_codegen import Options
from viewcomfy_codegen.graph.workflow import is_link
from viewcomfy_codegen.project.regenerate import Product, Task, produce
from viewcomfy_codegen.sources import read_source
from viewcomfy_codegen.sources.api_format import workflow_of
from viewcomfy_codegen.targets.python.reading import read_module
from viewcomfy_codegen.targets.python.target import PYTHON
from viewcomfy_codegen.targets.target import Earlier

from ...helpers.cases import base_and_refiner, video
from ...helpers.chains import renumbered, with_a_second_sampler
from ...helpers.support import node, text_to_image


def again(workflow: Any, earlier: str | None = None, **how: Any) -> Product:
    """What a generation over an earlier module makes, without a disk."""
    task = Task("w.json", "made", {Path("made.py"): PYTHON}, **how)
    return produce(task, lambda _: json.dumps(workflow).encode(), lambda _: earlier)


def module_of(product: Product) -> Earlier:
    return read_module(product.outputs[Path("made.py")], "made.py")


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


def check_stability(
    workflow: dict[str, Any], first: Product, rng: random.Random
) -> None:
    """Over a change of the workflow, which the first product is made of."""
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
@settings(max_examples=60)
def test_no_surviving_parameter_changes_its_name(
    workflow: Any, rng: random.Random
) -> None:
    check_stability(workflow(), again(workflow()), rng)


def test_no_surviving_parameter_changes_its_name_in_the_corpus(
    corpus_file: Path,
) -> None:
    source = read_source(corpus_file.read_bytes(), "w")
    graph = workflow_of(source.document, source.flawed, "w")[0].graph
    first = again(graph)
    for seed in range(3):
        check_stability(graph, first, random.Random(seed))


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

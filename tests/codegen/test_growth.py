"""Twice the workflow takes about twice the time, whatever its texts and its graph."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from viewcomfy_codegen import CodegenError, generate
from viewcomfy_codegen.project.changes import changes_between
from viewcomfy_codegen.project.regenerate import Task, produce
from viewcomfy_codegen.targets.python.target import PYTHON
from viewcomfy_codegen.targets.rules import rules_page
from viewcomfy_codegen.targets.target import Target
from viewcomfy_codegen.targets.typescript.target import TYPESCRIPT

from ..helpers.growth import MOST, growth
from ..helpers.support import node

SUBGRAPH = "0f3c6a52-8f0e-4b9d-9c57-2f6b1c0d9e11"
SAMPLER = [1, "fixed", 20, 8, "euler", "normal", 1]


def page_node(id: int, kind: str, values: list[Any], *inputs: Any, **about: Any) -> Any:
    slots = [{"name": name, "type": type, "link": link} for name, type, link in inputs]
    given = {"id": id, "type": kind, "widgets_values": values, "inputs": slots}
    return {
        "mode": 0,
        "outputs": [{"name": "o", "type": "*"}],
        "properties": {},
        **given,
        **about,
    }


def bypassed(id: int, kinds: list[str], output: str) -> Any:
    inputs = [(f"i{place}", kind, None) for place, kind in enumerate(kinds)]
    outputs = [{"name": "o", "type": output}]
    return page_node(id, "Odd", [], *inputs, mode=4, outputs=outputs)


def page(nodes: list[Any], links: list[Any] = [], **about: Any) -> Any:  # noqa: B006
    return {"nodes": nodes, "links": links, **about}


def app(*inputs: Any) -> Any:
    return {
        "extra": {
            "linearMode": True,
            "linearData": {"inputs": list(inputs), "outputs": []},
        }
    }


def samplers(count: int) -> list[Any]:
    return [page_node(id, "KSampler", SAMPLER, pos=[10 * id, 5]) for id in range(count)]


WORKFLOWS: dict[str, Callable[[int], Any]] = {
    "equal titles": lambda n: {
        str(i): node("CLIPTextEncode", "My prompt", text="a") for i in range(n)
    },
    "inputs of one node": lambda n: {
        "1": node("Odd", "T", **{f"x{i}": i for i in range(n)})
    },
    "slots of one node": lambda n: {
        "1": node(
            "Odd", "T", **{f"lora_{i}_name": "None" for i in range(n)}, lora_count=3
        )
    },
    "inputs of a choice": lambda n: {
        "1": node("Odd", "T", model="x", **{f"model.size.{i}.w": i for i in range(n)})
    },
    "dots of an input": lambda n: {"1": node("KSampler", None, **{"x." * n: 3})},
    "brackets of a title": lambda n: {
        "1": node("KSampler", "(1-" * n, seed=1),
        "2": node("Odd", "[" * n + "]" * n, x=1),
    },
    "signs of a text": lambda n: {
        "1": node("CLIPTextEncode", text="{a|b} // /* \"'\\\n" * n)
    },
    "users of one value": lambda n: {
        "p": node("PrimitiveInt", value=3),
        **{
            str(i): node("EmptyLatentImage", width=["p", 0], height=5) for i in range(n)
        },
    },
    "samplers": lambda n: page(samplers(n)),
    "groups of a canvas": lambda n: page(
        samplers(n),
        groups=[{"title": f"g{i}", "bounding": [10 * i, 0, 90, 90]} for i in range(n)],
    ),
    "inputs of an app": lambda n: page(
        samplers(n), **app(*([i, "steps"] for i in range(n)))
    ),
    "links of a primitive": lambda n: page(
        [
            page_node(n, "PrimitiveNode", [5, "fixed"]),
            *(page_node(i, "KSampler", SAMPLER, ("seed", "INT", i)) for i in range(n)),
        ],
        [[i, n, 0, i, 0, "INT"] for i in range(n)],
        **app(*[[n, "value"]] * n),
    ),
    "inputs of a bypassed node": lambda n: page(
        [
            bypassed(n, [f"KIND{i}" for i in range(n)], "OTHER"),
            *(
                page_node(i, "KSampler", SAMPLER, ("m", f"KIND{i}", i))
                for i in range(n)
            ),
        ],
        [[i, n, 0, i, 0, f"KIND{i}"] for i in range(n)],
    ),
    "uses of a subgraph": lambda n: page(
        [page_node(i, SUBGRAPH, []) for i in range(n)],
        **app(*([f"{i}:1", "steps"] for i in range(n))),
        definitions={
            "subgraphs": [{"id": SUBGRAPH, **page([page_node(1, "KSampler", SAMPLER)])}]
        },
    ),
}


@pytest.mark.heavy
@pytest.mark.parametrize("name", WORKFLOWS)
def test_twice_the_workflow_takes_twice_the_time(name: str) -> None:
    outputs: dict[Path, Target] = {
        Path("made.py"): PYTHON,
        Path("made.ts"): TYPESCRIPT,
    }

    def generated(size: int) -> None:
        data = json.dumps(WORKFLOWS[name](size)).encode()
        produce(Task("w.json", "made", outputs), lambda _: data, lambda _: None)

    assert growth(generated, 250, 0.15) <= MOST


@pytest.mark.parametrize("depth", [60, 600, 3000])
def test_values_nested_too_deeply_are_refused_wherever_they_stand(depth: int) -> None:
    value = "[" * depth + "1" + "]" * depth
    kept = {"api": '{"1": {"class_type": "Odd", "inputs": {"a": %s}}}'}
    kept["page"] = json.dumps(page([page_node(1, "CLIPTextEncode", ["%s"])]))
    for text in kept.values():
        with pytest.raises(CodegenError):
            generate(text.replace('"%s"', "%s") % value)


def calls_of(size: int, shift: int = 0) -> dict[str, Any]:
    """The JSON Schema of calls with so many parameters, choices and inputs of one parameter."""
    inputs = [f"{place + shift}-inputs-x" for place in range(size)]
    choices = [f"choice {place + shift}" for place in range(size)]
    single = {
        f"p{key[0]}_{n}": {"x-viewcomfy-key": key} for n, key in enumerate(inputs)
    }
    shared = {"x-viewcomfy-key": [f"{key}y" for key in inputs], "enum": choices}
    return {"properties": {**single, "all": shared}, "required": [*single]}


@pytest.mark.heavy
def test_twice_the_schema_takes_twice_the_time() -> None:
    def compared(size: int) -> None:
        list(changes_between(calls_of(size), calls_of(size, size // 2)))

    assert growth(compared, 1000, 0.15) <= MOST
    assert growth(lambda size: rules_page({"m": calls_of(size)}), 500, 0.15) <= MOST

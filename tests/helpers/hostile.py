"""Workflows of any kind whose texts try to become code, or to break what is written around them."""

from __future__ import annotations

import builtins
import json
import sys
from pathlib import Path
from random import Random
from types import ModuleType
from typing import Any

from viewcomfy_codegen import CodegenError
from viewcomfy_codegen.project.regenerate import Product, Task, produce
from viewcomfy_codegen.targets.json_schema import JSON_SCHEMA
from viewcomfy_codegen.targets.openapi import OPENAPI
from viewcomfy_codegen.targets.python.target import PYTHON
from viewcomfy_codegen.targets.typescript.target import TYPESCRIPT

PAYLOAD = "__import__('builtins').__dict__.update(hostile=1)"
TEXTS = [
    PAYLOAD,
    f'"""\n{PAYLOAD}\n"""',
    f"'''\n{PAYLOAD}\n'''",
    f'")\n{PAYLOAD}\n("',
    f"\\\n{PAYLOAD}",
    '\\"""',
    '"',
    "\\",
    "\x00\x1b[31m",
    "\ud800",
    "\u202e\u2066",
    "{{ 7*7 }}{% raw %}",
    "#",
    "run",
    "Parameters",
    "WORKFLOW",
    "__init__",
    "self",
    "class",
    "float",
    "Annotated",
    "x" * 10_000,
]
_MORE = [
    *TEXTS[:-1],
    *(
        "",
        " ",
        "\r\n",
        "\u2028",
        "`${1}`",
        "*/",
        "-->",
        "</script><script>",
        "](x)",
        "|",
    ),
    *(
        "ﬁeld",
        "ſeed",
        "ｃlass",
        "mro",
        "İ",
        "日本語",
        "👩‍🚀",
        "a" * 200,
        "NaN",
        "None",
        "%s",
    ),
    *("VC_BASIC", "VC_ADV x", "57:8", "-inputs-", "..", "con", "a.b.c", "true"),
]
_CLASSES = [
    *(
        "KSampler",
        "KSamplerAdvanced",
        "CLIPTextEncode",
        "LoadImage",
        "SaveImage",
        "Odd",
    ),
    *("LoraLoader", "PrimitiveInt", "PrimitiveStringMultiline", "GeminiNode", "Note"),
    *("EmptyLatentImage", "ComfySwitchNode", "ControlNetApplyAdvanced", "PreviewAny"),
    *("Reroute", "PrimitiveNode", "SetNode", "GetNode", "CustomCombo", "VAEDecode"),
]
_INPUTS = [
    *("seed", "text", "image", "cfg", "steps", "value", "filename_prefix", "lora_name"),
    *("positive", "negative", "model", "width", "height", "control_after_generate"),
]
_SUBGRAPH = "0f3c6a52-8f0e-4b9d-9c57-2f6b1c0d9e11"
_MODULE = "hostile_workflow"


def document(chance: Random) -> Any:
    """A workflow in the API format or as the page saves it, a view_comfy.json, or nearly one."""
    kind = chance.randrange(10)
    if kind < 5:
        return _api(chance)
    if kind < 8:
        return _page(chance)
    return _view_comfy(chance) if kind < 9 else _value(chance)


def refused_or_harmless(workflow: Any) -> bool:
    """Whether a client is generated; its module is imported, and generating it again changes
    nothing.

    Raises whatever is raised but CodegenError, and AssertionError where a text became code.
    """
    data = json.dumps(workflow).encode()
    outputs = {
        Path(f"made{target.suffix}"): target
        for target in (PYTHON, JSON_SCHEMA, TYPESCRIPT, OPENAPI)
    }
    task = Task("w.json", "made", outputs)
    try:
        made = produce(task, lambda _: data, lambda _: None)
    except CodegenError:
        return False
    _import(made)
    again = produce(task, lambda _: data, made.outputs.get)
    assert not again.stale and not again.changes, again.changes
    return True


def _import(made: Product) -> None:
    module = sys.modules[_MODULE] = ModuleType(_MODULE)
    try:
        exec(compile(made.outputs[Path("made.py")], "made.py", "exec"), vars(module))
        assert not hasattr(builtins, "hostile")
        assert module.WORKFLOW.schema == json.loads(
            made.outputs[Path("made.schema.json")]
        )
    finally:
        del sys.modules[_MODULE]


def _text(chance: Random) -> str:
    if chance.random() < 0.1:
        return "".join(
            chr(chance.randrange(0xD7FF)) for _ in range(chance.randrange(8))
        )
    return chance.choice(_MORE)


def _value(chance: Random, depth: int = 0) -> Any:
    kind = chance.randrange(10 if depth < 3 else 8)
    if kind < 4:
        return _text(chance)
    if kind < 6:
        return chance.choice([0, 1, -1, 2**63, 2**64 - 1, 10**30, True, False, None])
    if kind < 8:
        return chance.choice([0.5, -0.0, 1e308, 6.0, 1e-7])
    if kind < 9:
        return [_value(chance, depth + 1) for _ in range(chance.randrange(4))]
    return {
        _text(chance): _value(chance, depth + 1) for _ in range(chance.randrange(3))
    }


def _some(chance: Random, usual: list[str]) -> str:
    return _text(chance) if chance.random() < 0.3 else chance.choice(usual)


def _api(chance: Random) -> dict[str, Any]:
    ids = [_some(chance, [str(i), f"5:{i}"]) for i in range(chance.randrange(1, 6))]
    return {id: _node(chance, ids) for id in ids}


def _node(chance: Random, ids: list[str]) -> dict[str, Any]:
    def held() -> Any:
        if chance.random() < 0.4:
            return [chance.choice([*ids, "gone"]), chance.choice([0, 1, -1, 99])]
        return _value(chance)

    inputs = {_some(chance, _INPUTS): held() for _ in range(chance.randrange(5))}
    about = {"class_type": _some(chance, _CLASSES), "inputs": inputs}
    return (
        {**about, "_meta": {"title": _text(chance)}} if chance.random() < 0.7 else about
    )


def _page(chance: Random) -> dict[str, Any]:
    page = _graph(chance, inside=False)
    if chance.random() < 0.5:
        inner = _graph(chance, inside=True)
        page["definitions"] = {"subgraphs": [{"id": _SUBGRAPH, **inner}]}
    if chance.random() < 0.5:
        shown = [[chance.randrange(7), _some(chance, _INPUTS)] for _ in range(3)]
        page["extra"] = {
            "linearMode": True,
            "linearData": {"inputs": shown, "outputs": [1]},
        }
    return page


def _graph(chance: Random, *, inside: bool) -> dict[str, Any]:
    ends = [*range(1, 6), *((-10, -20) if inside else ())]
    links = [
        [
            n,
            chance.choice(ends),
            chance.randrange(2),
            chance.choice(ends),
            chance.randrange(2),
        ]
        for n in range(8)
    ]
    ports = [
        {"name": _text(chance), "type": "INT", "label": _text(chance)} for _ in range(2)
    ]
    return {
        "name": _text(chance),
        "nodes": [_page_node(chance, id) for id in range(1, chance.randrange(2, 6))],
        "links": [[*link, "*"] for link in links],
        "groups": [{"title": _text(chance), "bounding": [0, 0, 500, 500]}],
        **({"inputs": ports, "outputs": ports} if inside else {}),
    }


def _page_node(chance: Random, id: int) -> dict[str, Any]:
    slots = [
        {
            "name": (name := _some(chance, _INPUTS)),
            "type": chance.choice(["INT", "*", "IMAGE", _text(chance)]),
            "link": chance.choice([None, *range(8)]),
            "label": chance.choice([None, _text(chance)]),
            **({"widget": {"name": name}} if chance.random() < 0.5 else {}),
        }
        for _ in range(chance.randrange(3))
    ]
    values = [_value(chance) for _ in range(chance.randrange(8))]
    return {
        "id": id,
        "type": _some(chance, [*_CLASSES, _SUBGRAPH]),
        "mode": chance.choice([0, 0, 0, 2, 4]),
        "title": chance.choice([None, _text(chance)]),
        "inputs": slots,
        "outputs": [{"name": "o", "type": "*"}],
        "properties": (
            {"proxyWidgets": [["1", "seed"]]} if chance.random() < 0.2 else {}
        ),
        "widgets_values": values if chance.random() < 0.8 else {"text": _value(chance)},
        "pos": [chance.randrange(900), chance.randrange(900)],
    }


def _view_comfy(chance: Random) -> dict[str, Any]:
    workflow = _api(chance)
    keys = [
        f"{id}-inputs-{name}"
        for id, node in workflow.items()
        for name in node["inputs"]
    ]
    inputs = [
        {
            "title": _text(chance),
            "helpText": _text(chance),
            "value": _value(chance),
            "valueType": _some(chance, ["select", "slider", "seed", "image", "number"]),
            "options": [
                {"label": _text(chance), "value": _value(chance)} for _ in range(2)
            ],
            "step": _value(chance),
            "visibility": chance.choice(["hidden", "visible"]),
            "validations": {"required": chance.random() < 0.5, "min": _value(chance)},
            "key": key,
            "workflowPath": key.split("-"),
        }
        for key in keys
    ]
    groups = [{"title": _text(chance), "inputs": inputs}]
    about = {"title": _text(chance), "inputs": groups, "advancedInputs": []}
    return {"workflows": [{"viewComfyJSON": about, "workflowApiJSON": workflow}]}

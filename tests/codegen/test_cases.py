"""Small workflows that came out wrong once, each for a whole kind of fault, and what is right.

Each file in `cases` holds one: its nodes, alone or over a base, and facts about what is generated.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from viewcomfy_codegen import Generated, Options, generate
from viewcomfy_codegen.model import Parameter
from viewcomfy_runtime.parameters.fields import REQUIRED

from ..helpers.inside import app_of, called
from ..helpers.support import Workflow, text_to_image

CASES: Final = {
    file.stem: json.loads(file.read_text(encoding="utf-8"))
    for file in sorted((Path(__file__).parent / "cases").glob("*.json"))
}
BASES: Final = {"text_to_image": text_to_image}
OF_PARAMETERS: Final = ("names", "kinds", "groups", "sentences")
MORE_OF_PARAMETERS: Final = ("says", "required", "hidden")


def those_with(*facts: str) -> list[Any]:
    """The cases that state one of these facts."""
    return [
        pytest.param(case, id=name)
        for name, case in CASES.items()
        if not case.keys().isdisjoint(facts)
    ]


def workflow_of(case: dict[str, Any]) -> Workflow:
    base = BASES[case["base"]]() if "base" in case else {}
    return {id: node for id, node in (base | case["nodes"]).items() if node is not None}


def deployed(case: dict[str, Any]) -> bytes:
    """The file that a user has: JSON, perhaps in a wrapper, or an image that ComfyUI saved."""
    document: Any = workflow_of(case)
    for key in reversed(case.get("wrapped", [])):
        document = {key: document}
    text = json.dumps(document)
    if not case.get("image"):
        return text.encode()
    notes = PngInfo()
    notes.add_text("prompt", text.replace('"NaN"', "NaN"))
    file = io.BytesIO()
    Image.new("RGB", (8, 8)).save(file, "PNG", pnginfo=notes)
    return file.getvalue()


def made_of(case: dict[str, Any], *, share: bool = False) -> Generated:
    return generate(deployed(case), name="made", options=Options(share=share))


def facts_of(parameter: Parameter) -> Iterator[tuple[str, Any]]:
    yield "names", parameter.name
    yield "kinds", type(parameter.type).__name__
    yield "groups", parameter.group
    yield "sentences", parameter.about.sentence
    yield "required", parameter.default is REQUIRED


@pytest.mark.parametrize("case", those_with(*OF_PARAMETERS, *MORE_OF_PARAMETERS))
def test_the_parameters_are_what_a_careful_person_would_make_of_it(
    case: dict[str, Any],
) -> None:
    found: dict[str, dict[str, Any]] = {}
    for parameter in made_of(case).module.parameters:
        for fact, value in facts_of(parameter):
            found.setdefault(fact, {})[str(parameter.inputs[0])] = value
    for fact in OF_PARAMETERS:
        wanted = case.get(fact, {})
        assert {key: found[fact].get(key) for key in wanted} == wanted, case["right"]
    for key, part in case.get("says", {}).items():
        assert part in found["sentences"][key]
    for key in case.get("required", []):
        assert found["required"][key]
    assert found["names"].keys().isdisjoint(case.get("hidden", []))


@pytest.mark.parametrize("case", those_with("warnings"))
def test_its_author_is_warned(case: dict[str, Any]) -> None:
    told = {
        each.location.partition(": ")[2]: each.message
        for each in made_of(case).diagnostics
        if each.severity == "warning"
    }
    wanted = case["warnings"]
    assert {place: told.get(place) for place in wanted} == wanted


@pytest.mark.parametrize("case", those_with("refused"))
def test_the_local_server_refuses_it_as_comfyui_does(case: dict[str, Any]) -> None:
    response = called(app_of(workflow_of(case)), {"5-inputs-width": 512})
    assert response.status_code == 400, response.text


@pytest.mark.parametrize("case", those_with("shared"))
def test_what_must_agree_is_one_parameter(case: dict[str, Any]) -> None:
    found = {
        str(parameter.inputs[0]): [str(each) for each in parameter.inputs]
        for parameter in made_of(case, share=True).module.parameters
    }
    assert {key: found.get(key) for key in case["shared"]} == case["shared"]

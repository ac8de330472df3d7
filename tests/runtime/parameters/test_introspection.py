"""What a program learns of a module's parameters without reading its source."""

from __future__ import annotations

import dataclasses
import json
from io import BytesIO
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

from viewcomfy_runtime import DataURI, InvalidParametersError, Stored, Upload
from viewcomfy_runtime.parameters.docs import About
from viewcomfy_runtime.parameters.fields import Field
from viewcomfy_runtime.parameters.inputs import Input
from viewcomfy_runtime.parameters.types import Integer

from ...helpers.cases import CASES
from ...helpers.support import made, module_of

PNG = "data:image/png;base64,iVBORw0KGgo="


@pytest.fixture
def with_image(tmp_path: Path) -> ModuleType:
    return module_of(CASES["image_to_image"](), tmp_path)


def test_a_field_says_what_it_takes(module: ModuleType) -> None:
    steps = module.WORKFLOW.field("steps")
    assert (steps.kind, steps.minimum, steps.default, steps.group) == (
        "int",
        1,
        20,
        "basic",
    )
    assert (steps.node, steps.class_type) == ("3", "KSampler")
    assert module.WORKFLOW.field("sampler_name").choices[0] == "euler"
    assert module.WORKFLOW.field("sampler_name").open
    assert module.WORKFLOW.field("seed").is_seed
    assert module.WORKFLOW.field("positive_prompt").multiline


def test_a_name_that_is_not_a_parameter_has_no_field(module: ModuleType) -> None:
    with pytest.raises(KeyError):
        module.WORKFLOW.field("nothing")


def test_the_schema_says_the_same(module: ModuleType) -> None:
    seed = module.WORKFLOW.schema["properties"]["seed"]
    assert seed["x-viewcomfy-seed"] is True
    assert seed["x-viewcomfy-node"]["class"] == "KSampler"
    assert "null draws a new one" in seed["description"]


def test_defaults_are_the_workflows_own_values(module: ModuleType) -> None:
    assert module.WORKFLOW.defaults["steps"] == 20


def test_a_call_becomes_json_and_again_a_call(with_image: ModuleType) -> None:
    call = with_image.Parameters(image=b"\x89PNG\r\n\x1a\nx", steps=7, seed=None)
    text = json.dumps(with_image.WORKFLOW.to_json(call))
    again = with_image.WORKFLOW.parse(json.loads(text))
    assert (again.steps, again.seed) == (7, None)
    assert again.image.startswith("data:image/png;base64,")


def test_a_file_that_only_the_server_has_cannot_become_json(
    with_image: ModuleType,
) -> None:
    with pytest.raises(InvalidParametersError, match=r"a\.png is on the server"):
        with_image.WORKFLOW.to_json(with_image.Parameters(image=Stored("a.png")))


def test_check_lists_every_fault_and_sends_nothing(module: ModuleType) -> None:
    faults = module.WORKFLOW.check(module.Parameters(steps=0, width=-1))
    assert [each.parameter for each in faults] == ["width", "steps"]
    assert module.WORKFLOW.check(module.Parameters()) == []


def test_drawing_gives_every_open_seed_a_number(module: ModuleType) -> None:
    drawn = module.WORKFLOW.drawn(module.Parameters(seed=None))
    assert isinstance(drawn.seed, int)
    assert module.WORKFLOW.drawn(module.Parameters(seed=5)).seed == 5
    assert module.WORKFLOW.drawn(module.Parameters(seed=5), all=True).seed != 5


def test_a_form_is_read_as_a_command_line_is(with_image: ModuleType) -> None:
    upload = SimpleNamespace(
        filename="me.jpg", content_type="image/jpeg", file=BytesIO(b"x")
    )
    call = with_image.WORKFLOW.parse_texts(
        {"steps": "5", "seed": "random", "cfg": "", "image": upload, "denoise": "0.5"}
    )
    assert (call.steps, call.seed, call.cfg, call.denoise) == (5, None, 8, 0.5)
    assert isinstance(call.image, Upload)
    assert call.image.filename == "me.jpg"


def test_every_fault_of_a_form_is_named(with_image: ModuleType) -> None:
    with pytest.raises(InvalidParametersError) as caught:
        with_image.WORKFLOW.parse_texts({"steps": "many", "cfg": "x", "image": PNG})
    assert [each.parameter for each in caught.value.faults] == ["steps", "cfg"]


def test_a_call_is_shown_on_one_line_whatever_it_holds(with_image: ModuleType) -> None:
    shown = repr(
        with_image.Parameters(image=b"x" * 5_000_000, positive_prompt="a\n" * 500)
    )
    assert "<5000000 bytes>" in shown
    assert "\n" not in shown
    assert len(shown) < 1000


def test_a_call_as_a_dict_can_be_run_again(with_image: ModuleType) -> None:
    call = with_image.Parameters(image=Upload(BytesIO(b"x"), "me.jpg"))
    again = with_image.Parameters(**dataclasses.asdict(call))
    assert again.image is call.image


def test_help_shows_every_sentence(module: ModuleType) -> None:
    text = module.Parameters.__doc__ or ""
    for each in module.WORKFLOW.fields:
        assert each.help in text


def test_a_data_uri_is_a_file_to_the_type_checker_too() -> None:
    assert DataURI(PNG).startswith("data:")


def test_the_schema_has_the_outputs(module: ModuleType) -> None:
    schema = json.loads(made(CASES["image_to_image"]()).files["made.schema.json"])
    assert schema["x-viewcomfy-outputs"]["image"]["node"] == "9"


@pytest.mark.parametrize(
    ("others", "place"),
    [
        (1, "Node 5, EmptyLatentImage, and node 30."),
        (3, "Node 5, EmptyLatentImage, and nodes 30, 31 and 32."),
        (6, "Node 5, EmptyLatentImage, and 6 other nodes."),
    ],
)
def test_a_parameter_that_sets_several_nodes_names_them_all(
    others: int, place: str
) -> None:
    inputs = tuple(Input(str(id), "width") for id in (5, *range(30, 30 + others)))
    about = About("Width of the image in pixels.", "EmptyLatentImage")
    field = Field("width", Integer(1, 99), inputs, 8, about)
    assert field.doc == f"Width of the image in pixels. {place}"

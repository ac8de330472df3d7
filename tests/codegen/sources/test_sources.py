"""Other sources than workflow_api.json: a ComfyUI server's own facts, view_comfy.json, images."""

from __future__ import annotations

import io
import json
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin

from viewcomfy_codegen import CodegenError, Options, generate
from viewcomfy_codegen.cli.main import main
from viewcomfy_codegen.planning.types import TypeOrigin
from viewcomfy_codegen.sources import classes_in
from viewcomfy_codegen.sources.object_info import LARGEST, object_info
from viewcomfy_runtime.parameters.types import (
    Choice,
    Integer,
    Number,
    ParameterType,
    Text,
)

from ...helpers.servers import Answer, Server, redirect
from ...helpers.shared import shared_file, shared_files
from ...helpers.support import imported, node, text_to_image

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=12,
)


def properties(workflow: Any, **arguments: Any) -> dict[str, Any]:
    text = json.dumps(workflow)
    files = generate(text, name="made", **arguments).files
    found: dict[str, Any] = json.loads(files["made.schema.json"])["properties"]
    return found


def named(workflow: Any, **arguments: Any) -> dict[str, str]:
    found = properties(workflow, **arguments)
    return {each["x-viewcomfy-key"]: name for name, each in found.items()}


# A ComfyUI's own word on its nodes


def info(**inputs: Any) -> dict[str, Any]:
    return {
        "Mine": {
            "input": {"required": inputs},
            "output": ["IMAGE"],
            "display_name": "Mine",
        }
    }


def by_input(workflow: Any, **arguments: Any) -> dict[str, Any]:
    """The parameters by the names of their inputs."""
    found = properties(workflow, **arguments).values()
    return {each["x-viewcomfy-key"].split("-inputs-")[1]: each for each in found}


def mine(info_: Any, **values: Any) -> dict[str, Any]:
    return by_input({"1": node("Mine", **values)}, options=Options(object_info=info_))


def test_its_types_and_bounds_are_taken() -> None:
    described = info(level=["INT", {"min": 1, "max": 9}], speed=["FLOAT", {"min": 0.5}])
    found = mine(described, level=3, speed=1)
    assert (found["level"]["type"], found["level"]["maximum"]) == ("integer", 9)
    assert (found["speed"]["type"], found["speed"]["minimum"]) == ("number", 0.5)


@pytest.mark.parametrize(
    "spec", [[["a", "b"]], ["COMBO", {"options": ["a", "b"]}], [["a", "b"], {"x": 1}]]
)
def test_its_choices_are_all_there_are(spec: Any) -> None:
    assert mine(info(mode=spec), mode="a")["mode"]["enum"] == ["a", "b"]


def test_lists_of_files_stay_open() -> None:
    found = mine(info(model=[["a.safetensors"]]), model="b.safetensors")
    assert found["model"]["type"] == "string"
    assert "enum" not in found["model"]


def test_its_tooltips_are_sentences_and_never_code() -> None:
    tooltip = 'How strong"""\nimport os\nos.abort() it is'
    described = info(oddity=["INT", {"tooltip": tooltip}])
    found = mine(described, oddity=3)
    assert found["oddity"]["description"].startswith('How strong""" import os')


@pytest.mark.parametrize(
    "spec",
    [
        ["*"],
        ["INT,FLOAT", {}],
        ["COMFY_DYNAMICCOMBO_V3", {"options": ["a"]}],
        ["COMBO"],
        ["COMBO", {"options": None}],
        [],
        [["a", {"b": 1}]],
        [3],
    ],
)
def test_forms_that_it_does_not_know_leave_the_literal(spec: Any) -> None:
    assert mine(info(oddity=spec), oddity="text")["oddity"]["type"] == "string"


def test_multiselect_is_a_list() -> None:
    described = info(tags=["COMBO", {"options": ["a", "b"], "multiselect": True}])
    assert mine(described, tags=["a"])["tags"]["type"] == "array"


def test_a_contradiction_is_a_note_and_the_deployed_value_stays_right() -> None:
    described = info(mode=[["a", "b"]], level=["INT", {"max": 5}])
    workflow = {"1": node("Mine", mode="c", level=9), "2": node("Other", x=1)}
    made = generate(json.dumps(workflow), options=Options(object_info=described))
    told = [str(each) for each in made.diagnostics]
    assert any("inputs.mode" in each and "would refuse 'c'" in each for each in told)
    assert any("inputs.level" in each for each in told)
    assert any("no such class" in each for each in told)
    found = by_input(workflow, options=Options(object_info=described))
    assert "maximum" not in found["level"]
    assert "enum" not in found["mode"]


def test_an_answer_beyond_all_bounds_is_refused() -> None:
    with pytest.raises(CodegenError, match="larger than 64 MiB"):
        classes_in(b" " * (LARGEST + 1), "info.json")


def test_bounds_that_json_lacks_are_passed_over() -> None:
    text = json.dumps(info(level=["INT", {"min": 2, "max": float("inf")}]))
    assert "Infinity" in text
    found = mine(classes_in(text.encode(), "info.json"), level=3)["level"]
    assert found["minimum"] == 2
    assert "maximum" not in found


@given(JSON)
@settings(max_examples=60, deadline=None)
def test_any_description_of_a_class_generates(described: Any) -> None:
    workflow = {"1": node("Mine", a=1, b="x"), "2": node("KSampler", seed=1)}
    classes = {"Mine": {"input": described}, "KSampler": described}
    made = generate(json.dumps(workflow), options=Options(object_info=classes))
    compile(made.files["workflow.py"], "made", "exec")


@pytest.mark.parametrize("data", [b"{}", b"[]", b"{", b"<html>", b'{"a": 1}', b""])
def test_what_is_no_answer_of_a_comfyui_is_refused(data: bytes) -> None:
    with pytest.raises(CodegenError):
        classes_in(data, "info.json")


def run(*arguments: str) -> tuple[int, str]:
    done = CliRunner().invoke(main, list(arguments))
    return done.exit_code, done.output


@pytest.fixture
def workflow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(tmp_path)
    Path("w.json").write_text(json.dumps({"1": node("Mine", mode="a")}))
    return "w.json"


@pytest.mark.parametrize("path", ["", "/", "/object_info", "/object_info/"])
def test_a_server_is_asked_by_its_address(workflow: str, path: str) -> None:
    described = json.dumps(info(mode=[["a", "b"]])).encode()
    with Server(Answer(200, described)) as server:
        code, said = run(workflow, "--object-info", server.url + path)
    assert (code, server.requests[0].path.rstrip("/")) == (0, "/object_info")
    assert '"b"' in Path("w.py").read_text()


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (Answer(404), "404"),
        (Answer(200, b"<html>"), "HTML"),
        (Answer(200, b"{"), "ends too early"),
        (Answer(200, b"[]"), "not the content of ComfyUI"),
        (Answer(200, b"{", promised=99), "connection"),
        (redirect("ftp://h/x", 302), "URL"),
    ],
)
def test_a_server_that_does_not_say_is_an_error(
    workflow: str, answer: Answer, says: str
) -> None:
    with Server(answer) as server:
        code, said = run(workflow, "--object-info", server.url)
    assert code == 1
    assert says in said
    assert not Path("w.py").exists()


def test_a_server_that_is_down_or_hangs_is_an_error(workflow: str) -> None:
    with Server(Answer(silent=True)) as server:
        with pytest.raises(CodegenError, match="took longer"):
            object_info(server.url, timeout=0.3)
    code, said = run(workflow, "--object-info", server.url)
    assert code == 1
    assert "hint: start ComfyUI" in said


# view_comfy.json


def entry(key: str, **about: Any) -> dict[str, Any]:
    node_id, _, name = key.partition("-inputs-")
    usual = {"title": name, "placeholder": name, "helpText": "Helper Text"}
    path = {"workflowPath": [node_id, "inputs", name], "key": key}
    return {**usual, **path, "valueType": "string", "validations": {}, **about}


def app(
    basic: list[Any], advanced: list[Any] | None = None, title: str = "App"
) -> dict[str, Any]:
    return {
        "viewComfyJSON": {
            "title": title,
            "inputs": basic,
            "advancedInputs": advanced or [],
        },
        "workflowApiJSON": text_to_image(),
    }


def group(title: str, *inputs: Any, **about: Any) -> dict[str, Any]:
    return {"title": title, "inputs": list(inputs), "key": "x", **about}


def view_comfy(*apps: Any) -> dict[str, Any]:
    return {"file_type": "view_comfy", "workflows": list(apps)}


def test_a_view_comfy_json_is_a_workflow_with_names_and_groups() -> None:
    basic = [group("What to paint", entry("6-inputs-text"))]
    advanced = [
        group(
            "KSampler",
            entry("3-inputs-cfg", title="Strictness"),
            entry("3-inputs-steps", title="Steps"),
        )
    ]
    found = properties(view_comfy(app(basic, advanced)))
    assert list(found) == ["what_to_paint", "strictness", "steps"]
    assert found["strictness"]["x-viewcomfy-group"] == "advanced"


def test_what_it_does_not_show_is_left_out_unless_all_is_wanted() -> None:
    document = view_comfy(app([group("Image", entry("3-inputs-seed"))]))
    assert list(named(document)) == ["3-inputs-seed"]
    assert len(named(document, options=Options(all=True))) > 5


@pytest.mark.parametrize("visibility", ["deleted", "hidden"])
@pytest.mark.parametrize("where", ["group", "entry"])
def test_what_was_deleted_or_hidden_is_left_out(where: str, visibility: str) -> None:
    deleted = {"visibility": visibility}
    first = entry("3-inputs-cfg", **(deleted if where == "entry" else {}))
    groups = [
        group("A", first, **(deleted if where == "group" else {})),
        group("B", entry("3-inputs-seed")),
    ]
    assert list(named(view_comfy(app(groups)))) == ["3-inputs-seed"]


def test_help_that_somebody_wrote_is_the_sentence() -> None:
    groups = [
        group(
            "A",
            entry("3-inputs-cfg", helpText="How closely to\nfollow the text"),
            entry("3-inputs-steps", helpText="Helper Text", tooltip="More is better."),
            entry("3-inputs-seed", helpText="Helper Text"),
        )
    ]
    found = properties(view_comfy(app(groups)))
    assert found["cfg"]["description"].startswith("How closely to follow the text. ")
    assert found["steps"]["description"].startswith("More is better. ")
    assert "Helper" not in found["seed"]["description"]


def test_its_types_are_taken_where_they_say_more() -> None:
    options = [{"label": "One", "value": "euler"}, {"label": "Two", "value": "heun"}]
    groups = [
        group(
            "A",
            entry("3-inputs-sampler_name", valueType="select", options=options),
            entry("3-inputs-scheduler", valueType="string"),
            entry(
                "3-inputs-steps",
                valueType="slider",
                slider={"min": 5, "max": 40, "step": 1},
            ),
            entry(
                "3-inputs-denoise", valueType="slider", slider={"min": 0.2, "max": 0.5}
            ),
            entry("6-inputs-text", valueType="long-text"),
        )
    ]
    found = properties(view_comfy(app(groups)))
    assert found["sampler_name"]["enum"] == ["euler", "heun"]
    assert "karras" in str(found["scheduler"])
    assert (found["steps"]["minimum"], found["steps"]["maximum"]) == (5, 40)
    assert found["denoise"]["minimum"] == 0.2
    assert "maximum" not in found["denoise"], "1 is deployed, so that it is right"


def defaults(*entries: Any) -> dict[str, Any]:
    """What calls send by wire key where only these inputs are shown."""
    found = properties(view_comfy(app([group("A", *entries)])))
    return {each["x-viewcomfy-key"]: each.get("default") for each in found.values()}


def test_a_value_that_was_edited_in_the_app_is_the_default() -> None:
    found = defaults(
        entry("3-inputs-cfg", value=7.5),
        entry("3-inputs-steps", value=31),
        entry("6-inputs-text", value="a harbor"),
    )
    assert found == {
        "3-inputs-cfg": 7.5,
        "3-inputs-steps": 31,
        "6-inputs-text": "a harbor",
    }


@pytest.mark.parametrize("value", [None, {}, "20", True, ["3", 0]])
def test_a_value_of_another_kind_is_no_edit(value: Any) -> None:
    assert defaults(entry("3-inputs-steps", value=value)) == {"3-inputs-steps": 20}


def test_a_seed_that_a_browser_rounded_is_no_edit() -> None:
    seed = 2**64 - 1
    shown = app([group("A", entry("3-inputs-seed", value=int(float(seed))))])
    shown["workflowApiJSON"]["3"]["inputs"]["seed"] = seed
    [found] = properties(view_comfy(shown)).values()
    assert found["default"] == seed


@pytest.mark.parametrize("step", [1, "1", None, 10**400, [], "x", float(2)])
def test_a_slider_of_whole_steps_takes_whole_numbers(step: Any) -> None:
    slider = {"min": 5, "max": 40, "step": step}
    shown = entry("3-inputs-steps", valueType="slider", slider=slider)
    [found] = properties(view_comfy(app([group("A", shown)]))).values()
    assert (found["type"], found["minimum"], found["maximum"]) == ("integer", 5, 40)


@pytest.mark.parametrize("kind", [["slider"], {"a": 1}, 3, None])
def test_a_type_that_is_not_a_word_is_a_note(kind: Any) -> None:
    document = view_comfy(app([group("A", entry("3-inputs-cfg", valueType=kind))]))
    made = generate(json.dumps(document))
    assert "unknown type" in "\n".join(map(str, made.diagnostics))


def test_a_required_value_that_is_not_deployed_has_to_be_given() -> None:
    workflow = {**text_to_image(), "6": node("CLIPTextEncode", text="", clip=["4", 1])}
    needed = {"required": True}
    shown = app(
        [
            group("Wish", entry("6-inputs-text", validations=needed)),
            group("Seed", entry("3-inputs-seed", validations=needed)),
        ]
    )
    shown["workflowApiJSON"] = workflow
    files = generate(json.dumps(view_comfy(shown)), name="made").files
    assert len(json.loads(files["made.schema.json"])["required"]) == 1


def test_several_workflows_are_told_apart_by_number_or_title() -> None:
    document = view_comfy(
        app([group("A", entry("3-inputs-cfg"))], title="First"),
        app([group("B", entry("3-inputs-seed"))], title="Second"),
    )
    with pytest.raises(CodegenError, match="1 'First', 2 'Second'"):
        properties(document)
    for picked in ("2", "Second"):
        assert list(named(document, workflow_in=picked)) == ["3-inputs-seed"]
    for wrong in ("3", "Third", "0"):
        with pytest.raises(CodegenError, match="contains no workflow"):
            properties(document, workflow_in=wrong)


def test_a_view_comfy_json_stands_beside_a_workflow() -> None:
    document = view_comfy(app([group("A", entry("3-inputs-cfg", title="Strictness"))]))
    beside = (json.dumps(document).encode(), "view_comfy.json")
    found = named(text_to_image(), view_comfy=beside)
    assert found == {"3-inputs-cfg": "strictness"}


@pytest.mark.parametrize(
    ("document", "says"),
    [
        ({"file_type": "view_comfy", "workflows": []}, "contains no app"),
        ({"file_type": "view_comfy"}, "contains no app"),
        (view_comfy({"viewComfyJSON": {"inputs": []}}), "no workflowApiJSON"),
    ],
)
def test_a_view_comfy_json_without_a_workflow_is_refused(
    document: Any, says: str
) -> None:
    with pytest.raises(CodegenError, match=says):
        properties(document)


def test_something_else_beside_a_workflow_is_refused() -> None:
    with pytest.raises(CodegenError, match="not a view_comfy.json"):
        properties(text_to_image(), view_comfy=(b"{}", "other.json"))
    with pytest.raises(CodegenError, match="nothing to choose from"):
        properties(text_to_image(), workflow_in="2")


def test_what_it_shows_and_the_workflow_has_not_is_a_note() -> None:
    document = view_comfy(
        app(
            [
                group(
                    "A",
                    entry("99-inputs-cfg"),
                    entry("3-inputs-seed", valueType="hologram"),
                    {"key": "nonsense"},
                )
            ]
        )
    )
    made = generate(json.dumps(document))
    told = "\n".join(str(each) for each in made.diagnostics)
    assert "99-inputs-cfg" in told
    assert "hologram" in told
    assert "nonsense" in told


@given(JSON, JSON)
@settings(max_examples=80, deadline=None)
def test_any_view_comfy_json_generates_or_is_refused(shown: Any, more: Any) -> None:
    document = view_comfy(
        {"viewComfyJSON": {"inputs": shown}, "workflowApiJSON": text_to_image()},
    )
    document["workflows"][0]["viewComfyJSON"]["advancedInputs"] = [
        {
            "inputs": [
                entry(
                    "3-inputs-cfg",
                    validations=more,
                    options=more,
                    range=more,
                    value=more,
                    valueType=shown,
                    visibility=more,
                ),
                entry("3-inputs-steps", valueType="slider", slider={"step": more}),
            ]
        }
    ]
    made = generate(json.dumps(document))
    compile(made.files["workflow.py"], "made", "exec")


@pytest.mark.parametrize(
    "path", shared_files("view_comfy/*.json"), ids=lambda path: path.name
)
def test_real_view_comfy_files_work(path: Path, tmp_path: Path) -> None:
    count = len(json.loads(path.read_bytes())["workflows"])
    for number in range(1, count + 1):
        made = generate(
            path.read_bytes(),
            name="made",
            workflow_in=str(number) if count > 1 else None,
        )
        module = imported(made.files["made.py"], tmp_path)
        assert module.WORKFLOW.fields
        assert not [each for each in made.diagnostics if each.severity == "error"]


_OF_THE_SERVER = {
    TypeOrigin.SERVER,
    TypeOrigin.SERVER_LOOSENED,
    TypeOrigin.CONSUMER,
    TypeOrigin.OTHER_VERSION,
}


def test_with_a_servers_word_no_declared_input_is_guessed(corpus_file: Path) -> None:
    info_file = shared_file("object_info/comfyui.json")
    classes = classes_in(info_file.read_bytes(), "comfyui.json")
    made = generate(
        corpus_file.read_bytes(), options=Options(all=True, object_info=classes)
    )
    assert made.module is not None
    for parameter in made.module.parameters:
        at = parameter.inputs[0]
        described = classes.get(made.graph[at.node]["class_type"], {}).get("input", {})
        declared = {**described.get("required", {}), **described.get("optional", {})}
        if at.name in declared:
            assert parameter.origins.type in _OF_THE_SERVER


def test_a_server_makes_types_narrower_and_changes_no_name(corpus_file: Path) -> None:
    info_file = shared_file("object_info/comfyui-0.33.0.json")
    classes = classes_in(info_file.read_bytes(), "comfyui.json")
    told, alone = (
        generate(corpus_file.read_bytes(), options=options).module
        for options in (Options(all=True, object_info=classes), Options(all=True))
    )
    assert told is not None
    assert alone is not None
    by_key = {each.inputs[0]: each for each in told.parameters}
    for parameter in alone.parameters:
        other = by_key[parameter.inputs[0]]
        assert other.name == parameter.name
        assert is_within(other.type, parameter.type), parameter.name


def is_within(one: ParameterType, other: ParameterType) -> bool:
    """Whether one type takes nothing that the other doesn't take."""
    match one, other:
        case Integer() | Number(), Integer() | Number():
            whole = isinstance(one, Integer) or isinstance(other, Number)
            above = other.lo is None or (one.lo is not None and one.lo >= other.lo)
            below = other.hi is None or (one.hi is not None and one.hi <= other.hi)
            return whole and above and below
        case Choice(), Choice():
            return other.open or set(one.options) <= set(other.options)
        case Choice(), Text():
            return True
        case Text(), Text():
            return True
        case _:
            return one == other


# Images


def png(**texts: str) -> bytes:
    about = PngImagePlugin.PngInfo()
    for name, text in texts.items():
        about.add_text(name, text)
    return saved("PNG", pnginfo=about)


def saved(form: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (8, 8)).save(buffer, form, **options)
    return buffer.getvalue()


def chunked(kind: bytes, payload: bytes) -> bytes:
    """A PNG with one text chunk of this kind."""
    plain = saved("PNG")
    body = kind + payload
    chunk = struct.pack(">I", len(payload)) + body + struct.pack(">I", zlib.crc32(body))
    return plain[:33] + chunk + plain[33:]


def images() -> Iterator[Any]:
    text = json.dumps(text_to_image())
    packed = zlib.compress(text.encode())
    yield pytest.param(png(prompt=text), id="tEXt")
    yield pytest.param(chunked(b"zTXt", b"prompt\0\0" + packed), id="zTXt")
    yield pytest.param(chunked(b"iTXt", b"prompt\0\0\0\0\0" + text.encode()), id="iTXt")
    yield pytest.param(
        chunked(b"iTXt", b"prompt\0\1\0\0\0" + packed), id="compressed iTXt"
    )
    exif = Image.Exif()
    exif[0x0110] = f"prompt:{text}"
    exif[0x010F] = "workflow:{}"
    for form in ("WEBP", "JPEG"):
        yield pytest.param(saved(form, exif=exif), id=form)


@pytest.mark.parametrize("image", list(images()))
def test_an_image_holds_its_workflow(image: bytes) -> None:
    made = generate(image, name="made", source="image.png")
    assert "positive_prompt" in made.files["made.py"]


def test_an_image_is_an_argument_like_any_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("fox.png").write_bytes(png(prompt=json.dumps(text_to_image())))
    assert run("fox.png", "-o", "fox.py")[0] == 0
    assert "positive_prompt" in Path("fox.py").read_text()


@pytest.mark.parametrize(
    ("image", "says"),
    [
        (saved("PNG"), "there is no workflow"),
        (saved("JPEG"), "there is no workflow"),
        (png(workflow="{}"), "no node"),
        (png(prompt="{"), "JSON"),
        (png(prompt="{}"), "no node"),
        (saved("PNG")[:40], "damaged"),
        (b"\x89PNG\r\n\x1a\n", "damaged"),
        (b"\xff\xd8\xff", "damaged"),
    ],
)
def test_an_image_without_a_workflow_says_what_to_do(image: bytes, says: str) -> None:
    with pytest.raises(CodegenError, match=says):
        generate(image, source="image.png")


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"GIF89a", "an image"),
        (b"RIFF\0\0\0\0WAVE", "audio"),
        (b"RIFF\0\0\0\0AVI ", "a video"),
    ],
)
def test_a_movie_or_a_sound_says_that_it_is_one(data: bytes, says: str) -> None:
    with pytest.raises(CodegenError, match=f"movie.mp4: this is {says}"):
        generate(data + bytes(40), source="movie.mp4")


def test_a_bomb_is_refused() -> None:
    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    body = b"IHDR" + header
    bomb = b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + body
    bomb += struct.pack(">I", zlib.crc32(body)) + saved("PNG")[33:]
    with pytest.raises(CodegenError, match="far too large"):
        generate(bomb)
    huge = zlib.compress(bytes(100 << 20))
    with pytest.raises(CodegenError):
        generate(chunked(b"zTXt", b"prompt\0\0" + huge))


@given(
    st.binary(max_size=200), st.sampled_from([b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff"])
)
def test_any_bytes_of_an_image_are_read_or_refused(data: bytes, sign: bytes) -> None:
    with pytest.raises(CodegenError):
        generate(sign + data)

"""What an author set on the page: App mode's inputs and order, labels, and names of subgraphs and
groups.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from viewcomfy_codegen import CodegenError, generate
from viewcomfy_codegen.model import Parameter
from viewcomfy_codegen.pipeline import Generated
from viewcomfy_codegen.planning.options import Options

from ....helpers.commands import run
from ....helpers.page_classes import CLASSES
from ....helpers.pages import Page

UUID = "40d5a8a5-20a0-4632-b8fd-411ffdb33f2d"


def made(document: Page | dict[str, Any], **options: Any) -> Generated:
    content = document.document if isinstance(document, Page) else document
    return generate(
        json.dumps(content),
        source="page.json",
        options=Options(object_info=CLASSES, **options),
    )


def by_key(document: Page | dict[str, Any], **options: Any) -> dict[str, Parameter]:
    found = made(document, **options).module.parameters
    return {str(each.inputs[0]): each for each in found}


def sampling(mode: Any = None) -> Page:
    """A sampler with a prompt in a subgraph, which calls its inputs something."""
    page = Page()
    inner = page.subgraph("5a")
    text = inner.port("text", "STRING", label="Story")
    steps = inner.port("steps", "INT", label="steps")
    encoded = inner.add("Encode", "fox", widgets={"text": text}, id=21)
    latent = inner.add(
        *("Sample", 7, "fixed", 20, 8.0, "heun"),
        takes={"positive": encoded},
        widgets={"steps": steps},
        id=22,
    )
    inner.result(latent)
    hosted = page.add(inner.uuid, "a fox", 30, id=9)
    page.add("Keep", takes={"latent": hosted}, id=10)
    return page


def app(page: Page, inputs: list[Any], outputs: tuple[Any, ...] = ()) -> dict[str, Any]:
    shown = {"inputs": inputs, "outputs": list(outputs)}
    extra = {"linearMode": True, "linearData": shown}
    return {**page.document, "id": UUID, "extra": extra}


# Labels


def test_a_label_on_a_subgraph_is_the_name_of_what_it_sets() -> None:
    found = by_key(sampling())["9:21-inputs-text"]
    assert found.name == "story"
    assert "label on the subgraph '5a'" in str(found.origins.name)


def test_a_label_that_says_no_more_than_the_input_is_passed_over() -> None:
    assert "label" not in str(by_key(sampling())["9:22-inputs-steps"].origins.name)


def test_a_subgraph_s_input_that_was_renamed_is_as_good_as_labelled() -> None:
    page = Page()
    inner = page.subgraph("5a")
    port = inner.port("softness", "FLOAT")
    inner.result(inner.add("Blend", 0.5, widgets={"factor": port}, id=21))
    page.add("Save", "out", takes={"images": page.add(inner.uuid, 0.25, id=9)}, id=3)
    assert by_key(page)["9:21-inputs-factor"].name == "softness"


@pytest.mark.parametrize("port", ["factor", "factor_1"])
def test_a_name_that_the_page_made_up_is_no_label(port: str) -> None:
    page = Page()
    inner = page.subgraph("5a")
    slot = inner.port(port, "FLOAT")
    inner.result(inner.add("Blend", 0.5, widgets={"factor": slot}, id=21))
    page.add("Save", "out", takes={"images": page.add(inner.uuid, id=9)}, id=3)
    assert "label" not in str(by_key(page)["9:21-inputs-factor"].origins.name)


def test_the_instance_s_own_label_counts_before_its_definition_s() -> None:
    page = sampling()
    hosted = next(each for each in page.nodes if each["id"] == 9)
    hosted["inputs"] = [
        {
            "name": "text",
            "label": "Plot",
            "type": "STRING",
            "link": None,
            "widget": {"name": "text"},
        }
    ]
    assert by_key(page)["9:21-inputs-text"].name == "plot"


def test_a_label_on_a_node_s_own_input_names_it() -> None:
    page = Page()
    image = page.add("Load", "a.png", widgets={"image": None})
    page.add("Save", "out", takes={"images": image})
    page.nodes[0]["inputs"][0]["label"] = "Product (optional)"
    assert by_key(page)["1-inputs-image"].name.startswith("product")


def test_what_stands_in_the_project_s_table_counts_before_a_label(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "page.json").write_text(json.dumps(sampling().document))
    (tmp_path / "info.json").write_text(json.dumps(CLASSES))
    (tmp_path / "pyproject.toml").write_text(
        '[tool.viewcomfy-codegen.workflows.client]\nsource = "page.json"\n'
        'object_info = "info.json"\n'
        'rename = { "9:21-inputs-text" = "tale" }\n'
    )
    monkeypatch.chdir(tmp_path)
    done = run()
    assert done.exit_code == 0, done.output
    assert "tale: Annotated" in (tmp_path / "client.py").read_text("utf-8")


def test_a_label_that_two_inputs_share_is_told_apart() -> None:
    page = Page()
    for id, name in ((8, "Sunrise"), (9, "Midnight")):
        inner = page.subgraph(f"{id}a")
        text = inner.port("text", "STRING", label="Story")
        encoded = inner.add("Encode", "fox", widgets={"text": text}, id=10 * id)
        inner.result(
            inner.add(
                "Sample",
                *(7, "fixed", 20, 8.0, "heun"),
                takes={"positive": encoded},
                id=10 * id + 1,
            )
        )
        hosted = page.add(inner.uuid, f"at {name}", id=id, title=name)
        page.add("Keep", takes={"latent": hosted}, id=id + 20)
    found = by_key(page)
    assert found["8:80-inputs-text"].name == "sunrise_story"
    assert found["9:90-inputs-text"].name == "midnight_story"
    assert found["8:81-inputs-cfg"].name == "sunrise_cfg"
    assert "subgraph" in str(found["8:81-inputs-cfg"].origins.name)


def test_a_group_s_title_tells_apart_what_nothing_else_does() -> None:
    page = Page()
    for number in range(2):
        x = 1000 * number
        image = page.add("Load", "same.png", pos=[x, 0])
        blend = page.add("Blend", 0.5, takes={"first": image}, pos=[x + 50, 10])
        page.add("Save", "out", takes={"images": blend}, pos=[x + 60, 10])
    document = page.document
    document["groups"] = [
        {"title": title, "bounding": [1000 * number - 10, -10, 500, 500]}
        for number, title in enumerate(("Sunrise", "Midnight"))
    ]
    found = by_key(document)
    assert found["3-inputs-prefix"].name == "sunrise_prefix"
    assert found["6-inputs-prefix"].name == "midnight_prefix"
    assert "group" in str(found["3-inputs-prefix"].origins.name)


# App mode


def test_what_an_app_shows_is_basic_in_its_order_and_the_rest_advanced() -> None:
    shown = [["9:22", "cfg"], ["9:21", "text"]]
    found = by_key(app(sampling(), shown))
    assert [key for key, each in found.items() if each.group == "basic"] == [
        "9:22-inputs-cfg",
        "9:21-inputs-text",
    ]
    assert found["9:22-inputs-seed"].group == "advanced"


@pytest.mark.parametrize(
    "entry",
    [
        ["9:22", "cfg"],
        ["22", "cfg"],
        [22, "cfg"],
        [22, "cfg", {"height": 100}],
        [f"{UUID}:9:22:cfg"],
        f"{UUID}:9:22:cfg",
        [f"{UUID}:9:22", "cfg"],
        [f"{UUID}:9:22:cfg", "cfg"],
        [f"{UUID}:22:cfg"],
    ],
)
def test_an_input_of_an_app_may_be_named_in_every_form(entry: Any) -> None:
    found = by_key(app(sampling(), [entry]))
    assert found["9:22-inputs-cfg"].group == "basic"
    assert found["9:21-inputs-text"].group == "advanced"


@pytest.mark.parametrize("entry", [[9, "text"], ["9", "text"], f"{UUID}:9:text"])
def test_an_input_of_a_subgraph_stands_for_what_it_sets(entry: Any) -> None:
    assert by_key(app(sampling(), [entry]))["9:21-inputs-text"].group == "basic"


def test_a_primitive_in_an_app_stands_for_what_it_sets() -> None:
    page = Page()
    inner = page.subgraph("5a")
    port = inner.port("softness", "FLOAT")
    inner.result(inner.add("Blend", 0.5, widgets={"factor": port}, id=21))
    number = page.add("PrimitiveNode", 0.75, "fixed", outputs=["FLOAT"], id=1)
    blended = page.add(inner.uuid, widgets={"softness": number}, id=9)
    page.add("Blend", 0.5, takes={"first": blended}, widgets={"factor": number}, id=2)
    page.add("Save", "out", takes={"images": 2}, id=3)
    found = by_key(app(page, [[1, "value"]]))
    basic = {
        str(key)
        for each in found.values()
        if each.group == "basic"
        for key in each.inputs
    }
    assert basic == {"2-inputs-factor", "9:21-inputs-factor"}


def test_an_id_that_was_given_twice_stands_for_both_nodes_in_an_app() -> None:
    page = Page()
    for number in range(2):
        inner = page.subgraph(f"{number}a")
        inner.result(inner.add("Load", f"{number}.png", id=21))
        hosted = page.add(inner.uuid, id=8 + number)
        page.add("Save", "out", takes={"images": hosted}, id=30 + number)
    found = by_key(app(page, [[21, "image"]]))
    shown = [key for key, each in found.items() if each.group == "basic"]
    assert [key.endswith("-inputs-image") for key in shown] == [True, True]


def test_an_app_leaves_nothing_out_unless_it_is_asked_to() -> None:
    document = app(sampling(), [["9:22", "cfg"]])
    assert len(by_key(document)) > 1
    assert list(by_key(document, app_only=True)) == ["9:22-inputs-cfg"]


def test_without_an_app_there_is_nothing_to_leave_out_and_a_warning_says_so() -> None:
    found = made(sampling(), app_only=True)
    assert len(found.module.parameters) > 1
    assert any("--app-only" in str(each) for each in found.diagnostics)


def test_what_an_app_shows_but_the_workflow_lacks_is_reported() -> None:
    found = made(app(sampling(), [[77, "cfg"], ["22", "cfg"]], ("88",)))
    told = "\n".join(map(str, found.diagnostics))
    assert "the input 77 cfg" in told and "the output 88" in told


def test_viewcomfy_s_marks_count_before_an_app() -> None:
    page = sampling()
    inner = page.definitions[0]
    inner.nodes[1]["title"] = "VC_BASIC Sampler"
    found = by_key(app(page, [["9:21", "text"]]), all=True)
    assert found["9:22-inputs-seed"].group == "basic"


def test_an_app_s_outputs_come_first_in_its_order() -> None:
    page = Page()
    image = page.add("Load", "a.png")
    for number in range(3):
        page.add("Save", f"out{number}", takes={"images": image})
    found = made(app(page, [], ("4", 2)))
    assert [each.node for each in found.module.outputs] == ["4", "2", "3"]
    alone = made(app(page, [[1, "image"]], ("4", 2)), app_only=True)
    assert [each.node for each in alone.module.outputs] == ["4", "2"]


@pytest.mark.parametrize(
    "data",
    [
        None,
        [],
        {"inputs": None},
        {"inputs": [None, [], [None], {}, 3.5], "outputs": [None, [], {}]},
        {"inputs": ["::::", ["a:b:c"], [":", 5]]},
        {"inputs": {"a": 1}, "outputs": "9"},
    ],
)
def test_an_app_that_is_broken_stops_nobody(data: Any) -> None:
    document = {**sampling().document, "extra": {"linearData": data}}
    assert by_key(document)


@pytest.mark.parametrize(
    "label", ["\x1b]0;x\x07", "class", "'''\nimport os", "ſeed", "🦊", ""]
)
def test_a_hostile_label_is_no_more_than_a_name(label: str) -> None:
    page = sampling()
    page.definitions[0].ports[0]["label"] = label
    try:
        found = made(page)
    except CodegenError:
        pytest.fail("a label is never a reason to refuse")
    compile(found.files["workflow.py"], "workflow.py", "exec")
    assert all(each.name.isidentifier() for each in found.module.parameters)

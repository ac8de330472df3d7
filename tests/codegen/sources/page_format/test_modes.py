"""Muted, bypassed and other modes of a node, as the page exports them."""

from __future__ import annotations

import pytest

from ....helpers.pages import Page, inputs, notes


def test_a_muted_node_goes_and_its_consumers_lose_the_input() -> None:
    page = Page()
    image = page.add("Load", "a.png", mode=2)
    page.add("Save", "out", takes={"images": image})
    assert inputs(page) == {"2": {"prefix": "out"}}
    assert any("1 (Load)" in each and "muted" in each for each in notes(page))


def test_a_widget_linked_to_a_muted_node_has_its_own_value() -> None:
    page = Page()
    number = page.add("Number", 5, "fixed", "px", mode=2)
    page.add("Shuffle", 7, 3, widgets={"count": number})
    assert inputs(page)["2"] == {"seed": 7, "count": 3}


@pytest.mark.parametrize("mode", [1, 3])
def test_other_modes_are_exported_as_live(mode: int) -> None:
    page = Page()
    page.add("Load", "a.png", mode=mode)
    assert "1" in inputs(page)


def test_a_link_goes_around_a_bypassed_node() -> None:
    page = Page()
    image = page.add("Load", "a.png")
    inverted = page.add("Invert", takes={"image": image}, mode=4)
    page.add("Save", "out", takes={"images": inverted})
    assert inputs(page)["3"]["images"] == ["1", 0]
    assert "2" not in inputs(page)


def test_a_bypassed_node_hands_on_by_type() -> None:
    page = Page()
    model = page.add("Model", "sd.safetensors")
    lora = page.add(
        "Lora", 0.5, takes={"model": (model, 0), "clip": (model, 1)}, mode=4
    )
    page.add("Encode", "fox", takes={"clip": (lora, 1)})
    assert inputs(page)["3"]["clip"] == ["1", 1]


def test_a_bypassed_node_hands_on_a_socket_before_a_widget() -> None:
    page = Page()
    text = page.add("Join", "fox", id=1)
    described = page.add("Describe", "", widgets={"prompt": text}, mode=4, id=2)
    page.add("Join", "", widgets={"after": described}, id=3)
    assert inputs(page)["3"] == {"after": ""}


def test_two_outputs_of_one_type_hand_on_the_inputs_of_their_own_number() -> None:
    page = Page()
    good, bad = page.add("Encode", "good"), page.add("Encode", "bad")
    control = page.add(
        "Control", 1.0, takes={"positive": good, "negative": bad}, mode=4
    )
    page.add("Sample", 1, "fixed", 2, 3, "heun", takes={"positive": (control, 1)})
    assert inputs(page)["4"]["positive"] == ["2", 0]


def test_no_link_is_invented_where_the_input_that_fits_first_is_free() -> None:
    page = Page()
    image = page.add("Load", "a.png")
    blend = page.add("Blend", 0.5, takes={"first": None, "second": image}, mode=4)
    page.add("Save", "out", takes={"images": blend})
    assert "images" not in inputs(page)["3"]


def test_an_input_that_the_file_leaves_out_still_counts_for_what_is_handed_on() -> None:
    page = Page()
    image = page.add("Load", "a.png")
    blend = page.add("Blend", 0.5, takes={"second": image}, mode=4)
    page.add("Save", "out", takes={"images": blend})
    assert "images" not in inputs(page)["3"]


def test_where_no_type_fits_nothing_is_handed_on() -> None:
    page = Page()
    model = page.add("Model", "sd.safetensors")
    encoded = page.add("Encode", "fox", takes={"clip": (model, 1)}, mode=4)
    page.add("Sample", 1, "fixed", 2, 3, "heun", takes={"positive": encoded})
    assert "positive" not in inputs(page)["3"]


@pytest.mark.parametrize(
    ("takes", "gives", "wanted", "passed_on"),
    [
        ([], ["IMAGE"], "IMAGE", None),
        (["MASK", "IMAGE"], ["IMAGE"], "*", 0),
        (["MASK", "IMAGE"], ["IMAGE"], "IMAGE", 1),
        (["MASK", "IMAGE,VIDEO"], ["VIDEO"], "VIDEO", 1),
        (["MASK", "IMAGE"], ["LATENT"], "LATENT,*", 0),
        (["IMAGE"], [], "IMAGE", 0),
    ],
    ids=[
        "nothing",
        "anything",
        "its type",
        "one of its types",
        "any type",
        "no output",
    ],
)
def test_the_input_that_a_bypassed_node_passes_on_has_the_wanted_type(
    takes: list[str], gives: list[str], wanted: str, passed_on: int | None
) -> None:
    page = Page()
    files = [page.add("Load", f"{kind}.png") for kind in takes]
    linked = {f"in{index}": file for index, file in enumerate(files)}
    page.add("Strange", takes=linked, outputs=gives, mode=4, id="off")
    for slot, kind in zip(page.nodes[-1]["inputs"], takes, strict=True):
        slot["type"] = kind
    page.add("Other", takes={"in": ("off", 0)}, id="end")
    page.nodes[-1]["inputs"][0]["type"] = wanted
    found = inputs(page)["end"]
    assert found == ({} if passed_on is None else {"in": [str(files[passed_on]), 0]})

"""The page for people: what it shows, and that nothing of a workflow is more than text in it."""

from __future__ import annotations

import json
from collections import Counter
from html.parser import HTMLParser
from itertools import combinations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from viewcomfy_codegen import generate
from viewcomfy_codegen.model import GraphNode, Module
from viewcomfy_codegen.targets.checksums import is_edited, is_generated, marked
from viewcomfy_codegen.targets.html.layout import WIDEST_GAP, WIDTH, Layout, laid_out
from viewcomfy_codegen.targets.html.page import html_page

from ...helpers.cases import CASES, base_and_refiner
from ...helpers.support import made, node, text_to_image

HOSTILE = (
    "</title></style><script>alert(1)</script>\"'>"
    "<img src=x onerror=alert(1)>{{7*7}}\u202e\udc00"
)


class Elements(HTMLParser):
    """The elements of a page with their attributes, and its text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


def page_of(workflow: dict[str, Any]) -> str:
    return html_page([made(workflow).module])


def test_the_page_shows_nodes_parameters_outputs_and_calls() -> None:
    text = Elements(page_of(text_to_image())).text
    for part in (
        "6: CLIPTextEncode",
        "positive_prompt",
        "integer 1 to 10000",
        "6-inputs-text",
        "from made import Parameters, run",
        "curl",
    ):
        assert part in text


def test_links_lead_to_the_parameters_that_they_name() -> None:
    elements = Elements(page_of(base_and_refiner())).found
    ids = Counter(each["id"] for _, each in elements if "id" in each)
    targets = {str(each["href"])[1:] for _, each in elements if "href" in each}
    assert targets <= ids.keys()
    assert set(ids.values()) == {1}


TAGS = {tag for tag, _ in Elements(page_of(text_to_image())).found}
ATTRIBUTES = {
    name for _, each in Elements(page_of(text_to_image())).found for name in each
}


@given(st.one_of(st.just(HOSTILE), st.text(st.characters(codec=None), min_size=1)))
def test_no_text_of_a_workflow_is_markup(text: str) -> None:
    workflow = {
        "1": node("LoadImage", text, image=text),
        "2": node(text, text, image=["1", 0], value=text, **{text: text}),
        "3": node("SaveImage", text, images=["2", 0], filename_prefix=text),
    }
    module = generate(json.dumps(workflow), name="made", source=text).module
    page = html_page([module])
    elements = Elements(page).found
    assert {tag for tag, _ in elements} <= TAGS
    assert {name for _, each in elements for name in each} <= ATTRIBUTES
    page.encode("utf-8")


def test_the_policy_lets_nothing_run_or_load() -> None:
    [policy] = [
        str(each["content"])
        for tag, each in Elements(page_of(text_to_image())).found
        if each.get("http-equiv") == "Content-Security-Policy"
    ]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy and "script" not in policy


def test_an_edit_of_the_page_is_seen() -> None:
    page = marked(page_of(text_to_image()), "")
    assert is_generated(page) and not is_edited(page)
    assert is_edited(page.replace("positive_prompt", "other"))


def test_the_same_workflow_gives_the_same_page() -> None:
    assert page_of(text_to_image()) == page_of(text_to_image())


def drawing(module: Module) -> Layout:
    return laid_out(module.nodes, {})


def apart(drawn: Layout) -> bool:
    return all(
        one.x + WIDTH <= other.x
        or other.x + WIDTH <= one.x
        or one.bottom <= other.y
        or other.bottom <= one.y
        for one, other in combinations(drawn.boxes.values(), 2)
    )


def graph(size: int, placed: bool = False) -> list[GraphNode]:
    """A graph in which each node takes from some before it, in three bands."""
    return [
        GraphNode(
            str(number),
            "Node",
            "",
            tuple(
                str(source) for source in {number // 2, number // 3} if source < number
            ),
            group=("", "Load", "Sample")[number % 3],
            position=(1e9 * (number % 10), 300.0 * (number // 10)) if placed else None,
        )
        for number in range(size)
    ]


@pytest.mark.parametrize("case", sorted(CASES))
def test_no_two_nodes_overlap(case: str) -> None:
    assert apart(drawing(made(CASES[case]()).module))


@pytest.mark.parametrize("size", [1, 2, 30, 100])
def test_data_flows_to_the_right_in_layers(size: int) -> None:
    drawn = laid_out(graph(size), {})
    assert apart(drawn)
    for box in drawn.boxes.values():
        for source in box.node.sources:
            assert drawn.boxes[source].x + WIDTH < box.x


def test_a_band_holds_its_own_nodes_and_no_others() -> None:
    drawn = laid_out(graph(60), {})
    assert [each.title for each in drawn.frames] == ["Load", "Sample"]
    for frame in drawn.frames:
        inside = {
            box.node.group
            for box in drawn.boxes.values()
            if frame.y < box.y and box.bottom < frame.y + frame.height
        }
        assert inside == {frame.title}


def test_nodes_stand_as_their_author_placed_them_without_wide_gaps() -> None:
    drawn = laid_out(graph(100, placed=True), {})
    assert apart(drawn)
    row = [drawn.boxes[str(number)] for number in range(10)]
    assert len({box.y for box in row}) == 1
    steps = {other.x - one.x - WIDTH for one, other in zip(row, row[1:], strict=False)}
    assert steps == {WIDEST_GAP}


def test_a_circle_is_drawn_too() -> None:
    workflow = {"1": node("A", x=["2", 0]), "2": node("B", x=["1", 0])}
    assert drawing(made(workflow).module).boxes.keys() == {"1", "2"}


def test_the_canvas_of_a_subgraph_stands_below_in_a_frame() -> None:
    outer = GraphNode("1", "A", "", (), position=(0, 0))
    inner = GraphNode("5:1", "B", "", ("1",), ("Upscale",), "", (0, 0))
    drawn = laid_out([outer, inner], {})
    assert [each.title for each in drawn.frames] == ["Upscale"]
    assert drawn.boxes["5:1"].y > drawn.boxes["1"].bottom

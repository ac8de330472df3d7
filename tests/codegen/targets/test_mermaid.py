"""Graphs as Mermaid."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from viewcomfy_codegen.targets.mermaid import mermaid

from ...helpers.support import made, node, text_to_image

LINE = re.compile(
    r'flowchart LR|  n\d+\["[\w .,:/()+#;<>-]*"\]|  n\d+ --> n\d+'
    r"|  classDef parameters stroke-width:3px|  class [n\d,]+ parameters"
)


def test_nodes_links_and_parameters_are_there() -> None:
    lines = mermaid(made(text_to_image()).module).splitlines()
    assert '  n2["6: CLIPTextEncode<br>positive_prompt"]' in lines
    assert "  n2 --> n4" in lines


@given(st.text(st.characters(codec=None), min_size=1, max_size=80))
def test_no_title_is_more_than_text(title: str) -> None:
    workflow = {
        "1": node("LoadImage", title, image="a.png"),
        "2": node(title, None, image=["1", 0]),
    }
    lines = mermaid(made(workflow).module).splitlines()
    assert [line for line in lines if not LINE.fullmatch(line)] == []
    assert "<" not in "".join(lines).replace("<br>", "")

"""Prose in the documentation fits the same columns as the code."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ..helpers.blocks import ROOT

PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])


@pytest.mark.parametrize("page", PAGES, ids=lambda each: each.name)
def test_a_line_of_prose_has_at_most_100_columns(page: Path) -> None:
    prose = re.sub(r"^ *```.*?^ *```$", "", page.read_text("utf-8"), flags=re.M | re.S)
    free = ("|", "!", "    ")  # tables, images and code can't be wrapped
    long = [
        each
        for each in prose.splitlines()
        if len(each) > 100 and not each.startswith(free)
    ]
    assert not long

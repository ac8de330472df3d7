"""Placeholders in the names of saved files are filled as on the page."""

from __future__ import annotations

from typing import Any

import pytest

from ....helpers.pages import Page, inputs

PREFIX = "filename_prefix"


def saved(text: str, *others: tuple[str, list[Any], dict[str, Any]]) -> Page:
    page = Page()
    for class_type, values, fields in others:
        page.add(class_type, *values, **fields)
    page.add("Store", text, id=99)
    return page


def prefix(page: Page) -> Any:
    return inputs(page)["99"][PREFIX]


SAMPLE: tuple[str, list[Any], dict[str, Any]] = (
    "Sample",
    [7, "fixed", 30, 6.0, "heun"],
    {},
)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("run/%Sample.seed%", "run/7"),
        ("%Sample.steps%_%Sample.cfg%_%Sample.sampler%", "30_6_heun"),
        ("%Sample.nothing%", "%Sample.nothing%"),
        ("%Nobody.seed%", "%Nobody.seed%"),
        ("%width%x%height% at 100%", "%width%x%height% at 100%"),
    ],
)
def test_a_placeholder_is_what_its_widget_holds(text: str, found: str) -> None:
    assert prefix(saved(text, SAMPLE)) == found


def test_a_node_is_called_by_its_name_for_placeholders_before_its_title() -> None:
    titled = ("Number", [5, "fixed", "cm"], {"title": "Sample"})
    named: dict[str, Any] = {
        "properties": {"Node name for S&R": "Size"},
        "title": "Other",
    }
    page = saved("%Sample.seed% %Size.unit% %Other.value%", SAMPLE, titled)
    page.add("Number", 8, "fixed", "in", **named)
    assert prefix(page) == "7 in 8"


def test_a_primitive_has_its_value() -> None:
    primitive = ("PrimitiveNode", ["draft"], {"title": "Stage"})
    assert prefix(saved("%Stage.value%", primitive)) == "draft"


def test_what_no_file_s_name_may_hold_becomes_a_line() -> None:
    path = ("Store", ["a/b:c"], {"title": "Path"})
    assert prefix(saved(f"x_%Path.{PREFIX}%", path)) == "x_a_b_c"


def test_a_placeholder_that_was_filled_is_reported() -> None:
    (note,) = (str(each) for each in saved("%Sample.seed%", SAMPLE).converted().notes)
    assert f"node 99 (Store) {PREFIX}" in note


def test_the_date_of_a_run_is_left_to_the_page_and_reported() -> None:
    page = saved("%date:yyyy-MM-dd%/out")
    assert prefix(page) == "%date:yyyy-MM-dd%/out"
    (note,) = (str(each) for each in page.converted().notes)
    assert "date of each run" in note


def test_a_value_longer_than_any_file_s_name_is_not_filled_in() -> None:
    long = ("Store", ["x" * 256], {"title": "Long"})
    assert prefix(saved(f"%Long.{PREFIX}%", long)) == f"%Long.{PREFIX}%"

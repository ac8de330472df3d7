"""The page for people in a real browser: in both schemes, on a desktop and a phone."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from viewcomfy_codegen.targets.html.page import html_page

from ...helpers.browser import chromium, complaints, needs_browser
from ...helpers.cases import CASES
from ...helpers.support import made, node

if TYPE_CHECKING:
    from selenium.webdriver.chrome.webdriver import WebDriver

pytestmark = [needs_browser, pytest.mark.heavy]

HOSTILE = "</title></style><script>document.title=1</script><img src=x onerror=document.title=1>"


@pytest.fixture(scope="module")
def browser() -> Iterator[WebDriver]:
    with chromium() as driver:
        yield driver


def shown(driver: WebDriver, workflow: Mapping[str, object], path: Path) -> None:
    path.write_text(html_page([made(workflow).module]), "utf-8")
    driver.get(path.as_uri())


def test_nothing_of_a_workflow_runs(browser: WebDriver, tmp_path: Path) -> None:
    workflow = {"1": node(HOSTILE, HOSTILE, value=HOSTILE)}
    shown(browser, workflow, tmp_path / "page.html")
    assert browser.title == "Made"
    assert HOSTILE in browser.find_element("css selector", "tbody").text
    assert complaints(browser) == []


@pytest.mark.parametrize("case", sorted(CASES))
@pytest.mark.parametrize("width", [390, 1280])
def test_the_policy_lets_the_style_in_and_the_page_fits(
    browser: WebDriver, case: str, width: int, tmp_path: Path
) -> None:
    browser.set_window_size(width, 900)
    shown(browser, CASES[case](), tmp_path / "page.html")
    wide, screen = browser.execute_script(
        "return [document.documentElement.scrollWidth, document.documentElement.clientWidth]"
    )
    assert wide <= screen
    assert complaints(browser) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(
    browser: WebDriver, scheme: str, tmp_path: Path
) -> None:
    axe = pytest.importorskip("axe_core_python")
    script = (Path(axe.__file__).parent / "axe.min.js").read_text("utf-8")
    browser.set_window_size(1280, 900)
    features = [{"name": "prefers-color-scheme", "value": scheme}]
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
    shown(browser, CASES["image_to_image"](), tmp_path / "page.html")
    browser.execute_script(script)
    found = browser.execute_script("return axe.run().then(each => each.violations)")
    serious = [each for each in found if each["impact"] in ("serious", "critical")]
    assert serious == [], json.dumps(serious, indent=1)

"""Fixtures of the local server's tests."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from ...helpers.browser import chromium
from ...helpers.local import served, serving
from ...helpers.served import copying
from ...helpers.served_page import ServedPage
from ...helpers.support import text_to_image

if TYPE_CHECKING:
    from selenium.webdriver.chrome.webdriver import WebDriver


@pytest.fixture(scope="session")
def url() -> Iterator[str]:
    """A local server with two workflows, made and copying."""
    with serving(served(text_to_image()), served(copying(), "copying")) as base:
        yield base


@pytest.fixture(scope="session")
def browser() -> Iterator[WebDriver]:
    with chromium() as driver:
        yield driver


@pytest.fixture
def page(browser: WebDriver) -> Iterator[ServedPage]:
    with ServedPage(browser) as found:
        yield found
    assert found.complaints == []

"""A real headless Chromium, for what only a browser shows."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from selenium.webdriver.chrome.webdriver import WebDriver

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
DRIVER = shutil.which("chromedriver")

needs_browser = pytest.mark.skipif(
    CHROMIUM is None or DRIVER is None,
    reason="needs chromium and chromedriver (Debian: chromium, chromium-driver)",
)


@contextlib.contextmanager
def chromium(downloads: str | None = None) -> Iterator[WebDriver]:
    """The browser, at a desktop's size."""
    from selenium.webdriver.chrome.options import Options
    from selenium.webdriver.chrome.service import Service
    from selenium.webdriver.chrome.webdriver import WebDriver

    options = Options()
    options.binary_location = CHROMIUM or ""
    for each in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage"):
        options.add_argument(each)
    options.add_argument("--window-size=1280,1000")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = WebDriver(options, Service(DRIVER))
    try:
        yield driver
    finally:
        driver.quit()


def complaints(driver: WebDriver) -> list[str]:
    """What the browser's console says of errors since it was last asked."""
    log: Any = driver
    entries = log.get_log("browser")
    return [each["message"] for each in entries if each["level"] == "SEVERE"]

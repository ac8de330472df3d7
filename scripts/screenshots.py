"""Draws the README's images, docs/images/*.png, of the example's workflow: python
scripts/screenshots.py

Needs the extras `serve` and `dev`, chromium and chromedriver.
"""

from __future__ import annotations

import io
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tests.helpers.browser import chromium  # noqa: E402

from viewcomfy_codegen import generate  # noqa: E402
from viewcomfy_codegen.serving import Served, running  # noqa: E402
from viewcomfy_codegen.serving.http.sessions import Sessions  # noqa: E402
from viewcomfy_codegen.targets.html.page import html_page  # noqa: E402

if TYPE_CHECKING:
    from selenium.webdriver.chrome.webdriver import WebDriver

IMAGES = ROOT / "docs" / "images"
WORKFLOW = ROOT / "generated_example" / "workflow_api.json"
COLORS = 128
"""Enough for a page, and a third of the bytes."""


def main() -> None:
    IMAGES.mkdir(exist_ok=True)
    with chromium() as driver, tempfile.TemporaryDirectory() as folder:
        module = generate(WORKFLOW.read_bytes(), name="portrait").module
        page = Path(folder) / "portrait.html"
        page.write_text(html_page([module]), "utf-8")
        resize(driver, 1500, 820, "light")
        driver.get(page.as_uri())
        save(driver, "documents")
        photo = Path(folder) / "me.png"
        Image.linear_gradient("L").resize((512, 640)).convert("RGB").save(photo)
        sessions = Sessions()
        served = Served("portrait", WORKFLOW.read_bytes())
        with running(served, sessions=sessions) as client:
            driver.get(sessions.link(client.base))
            wait(driver, "return document.body.dataset.ready")
            field = driver.find_element("css selector", "[data-name=image] input")
            field.send_keys(str(photo))
            driver.find_element("id", "run").click()
            wait(driver, "return document.querySelector('#results img')?.naturalWidth")
            driver.execute_script("scrollTo(0, 0)")
            save(driver, "page")
            resize(driver, 390, 844, "dark")
            save(driver, "page-phone")
            driver.get("about:blank")


def resize(driver: WebDriver, width: int, height: int, scheme: str) -> None:
    size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    features = [{"name": "prefers-color-scheme", "value": scheme}]
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})


def wait(driver: WebDriver, code: str) -> None:
    for _ in range(400):
        if driver.execute_script(code):
            return
        time.sleep(0.05)
    raise SystemExit(f"waited in vain: {code}")


def save(driver: WebDriver, name: str) -> None:
    path = IMAGES / f"{name}.png"
    with Image.open(io.BytesIO(driver.get_screenshot_as_png())) as image:
        image.convert("RGB").quantize(COLORS).save(path, optimize=True)
    print(f"{path.relative_to(ROOT)}: {path.stat().st_size / 1024:.0f} KiB")


if __name__ == "__main__":
    main()

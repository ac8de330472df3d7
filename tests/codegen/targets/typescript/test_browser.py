"""A page in a real browser calls the local ViewComfy from another origin, with a token."""

from __future__ import annotations

import functools
import http.server
import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

from ....helpers.browser import chromium, needs_browser
from ....helpers.images import masked_image
from ....helpers.local import SECRET, served, serving
from ....helpers.typescript import bundled, module_text

if TYPE_CHECKING:
    from selenium.webdriver.chrome.webdriver import WebDriver

pytestmark = [needs_browser, pytest.mark.heavy]

SCRIPT = """
const [url, token, fault, done] = arguments;
const told = (error) => done({ error: error.name, message: String(error) });
import("/masked.mjs").then(async (module) => {
  if (fault) {
    const plain = globalThis.fetch;
    globalThis.fetch = (at, init) =>
      plain(at, { ...init, headers: { ...init.headers, "x-viewcomfy-fault": fault } });
  }
  const canvas = Object.assign(document.createElement("canvas"), { width: 8, height: 8 });
  const image = await new Promise((resolve) => canvas.toBlob(resolve));
  const logs = [];
  const result = await module.run(
    { image, imageMask: image },
    { client: new module.ViewComfy({ url, token }), onLog: (line) => logs.push(line), timeout: 50 },
  );
  const blob = await result.images[0].blob();
  const saved = await result.save("x").catch((error) => error.name);
  done({ status: result.status, size: blob.size, logs: logs.length, saved });
}).catch(told);
"""


class _Quiet(http.server.SimpleHTTPRequestHandler):
    extensions_map = {
        **http.server.SimpleHTTPRequestHandler.extensions_map,
        ".mjs": "text/javascript",
    }

    def log_message(self, format: str, *args: Any) -> None:
        """Tests print nothing."""


@pytest.fixture(scope="module")
def origin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A web server of another origin, with the module on it."""
    folder = tmp_path_factory.mktemp("web")
    bundled({"masked": module_text(masked_image())}, folder)
    (folder / "index.html").write_text("<!doctype html><title>app</title>", "utf-8")
    handler = functools.partial(_Quiet, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as web:
        thread = threading.Thread(target=web.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{web.server_port}"
        web.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def browser(origin: str) -> Iterator[WebDriver]:
    with chromium() as driver:
        driver.set_script_timeout(60)
        yield driver


def called(
    browser: WebDriver, origin: str, *, fault: str = "", token: str = SECRET
) -> Any:
    with serving(served(masked_image(), "masked"), origins=(origin,)) as url:
        browser.get(f"{origin}/index.html")
        return browser.execute_async_script(SCRIPT, f"{url}/masked", token, fault)


def test_a_page_sends_files_gets_the_log_and_reads_the_result(
    browser: WebDriver, origin: str
) -> None:
    found = called(browser, origin)
    assert found["status"] == "success", found
    assert found["size"] > 0 and found["logs"] > 0
    assert found["saved"] == "ConfigurationError"


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ("500", "ServerError"),
        ("422", "RejectedError"),
        ("invalid", "ProtocolError"),
        ("error", "ExecutionError"),
        ("drop-stream", "ConnectionFailedError"),
    ],
)
def test_a_page_gets_every_fault(
    fault: str, error: str, browser: WebDriver, origin: str
) -> None:
    assert called(browser, origin, fault=fault)["error"] == error


def test_a_wrong_token_is_refused(browser: WebDriver, origin: str) -> None:
    found = called(browser, origin, token="not-the-right-one")
    assert found["error"] == "AuthenticationError"
    assert "not-the-right-one" not in found["message"]

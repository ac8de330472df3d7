"""The local server's page, in a real browser."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from viewcomfy_codegen.serving import LocalViewComfy, Served, running
from viewcomfy_codegen.serving.http.sessions import Sessions

from .browser import complaints
from .waiting import LONGEST

if TYPE_CHECKING:
    from selenium.webdriver.chrome.webdriver import WebDriver


class ServedPage:
    """A server and a browser that logged in to it."""

    def __init__(self, driver: WebDriver) -> None:
        self.driver = driver
        self._context: Any = None
        self.complaints: list[str] = []

    def __enter__(self) -> ServedPage:
        return self

    def __exit__(self, *_: object) -> None:
        self.complaints = complaints(self.driver)
        # What the page still asks is not to meet a server that is gone.
        self.driver.get("about:blank")
        if self._context is not None:
            self._context.__exit__(None, None, None)

    def open(self, *workflows: Served, **options: Any) -> LocalViewComfy:
        sessions = Sessions()
        self._context = running(*workflows, sessions=sessions, **options)
        client: LocalViewComfy = self._context.__enter__()
        self.driver.get(sessions.link(client.base))
        self.wait(lambda: self.script("return document.body.dataset.ready"))
        return client

    def script(self, code: str, *arguments: object) -> Any:
        return self.driver.execute_script(code, *arguments)

    def wait(self, true: Callable[[], object], seconds: float = LONGEST) -> None:
        end = time.monotonic() + seconds
        while not true():
            assert time.monotonic() < end, self.status
            time.sleep(0.05)

    def find(self, selector: str) -> Any:
        return self.driver.find_element("css selector", selector)

    def control(self, name: str) -> Any:
        """A field's input, with the section open that it is in."""
        field = f"[data-name={json.dumps(name)}]"
        self.script(
            "document.querySelector(arguments[0]).closest('details')?.setAttribute('open','')",
            field,
        )
        return self.find(f"{field} :is(input, textarea, select)")

    def fill(self, name: str, value: str) -> None:
        control = self.control(name)
        self.script("arguments[0].value = ''", control)
        control.send_keys(value)

    def choose(self, name: str, value: str) -> None:
        self.script(
            "arguments[0].value = arguments[1];"
            "arguments[0].dispatchEvent(new Event('input', {bubbles: true}))",
            self.control(name),
            value,
        )

    @property
    def shown(self) -> list[str]:
        """The parameters whose fields count, in the form's order."""
        fields = self.driver.find_elements("css selector", ".field:not([hidden])")
        return [str(each.get_attribute("data-name")) for each in fields]

    def fault(self, name: str) -> str:
        return str(self.find(f"[data-name={json.dumps(name)}] .fault").text)

    @property
    def status(self) -> str:
        return str(self.find("#status").text)

    def run(self) -> None:
        self.find("#run").click()
        self.wait(lambda: self.status.startswith(("Done", "Failed", "Refused")))

    def code(self, language: str) -> str:
        if not self.find("#calls").get_attribute("open"):
            self.find("#calls summary").click()
        [button] = [
            each
            for each in self.driver.find_elements("css selector", "#languages button")
            if each.text == language
        ]
        before = self.script("return call.textContent")
        if button.get_attribute("aria-pressed") == "false":
            button.click()
            self.wait(lambda: self.script("return call.textContent") != before)
        self.wait(lambda: self.script("return call.textContent"))
        return str(self.script("return call.textContent"))

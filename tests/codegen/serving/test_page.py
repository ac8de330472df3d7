"""The page on which a workflow is tried, in a real browser."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import requests
from PIL import Image

from viewcomfy_codegen import serving
from viewcomfy_codegen.serving import LocalViewComfy, Served, running
from viewcomfy_codegen.serving.sessions import Sessions

from ...helpers import branching
from ...helpers.branching import small
from ...helpers.browser import chromium, complaints, needs_browser
from ...helpers.cases import CASES, image_to_image, values_of_all_kinds, video
from ...helpers.local import served
from ...helpers.support import made, node, text_to_image
from ...helpers.typescript import checked, module_text

if TYPE_CHECKING:
    from selenium.webdriver.chrome.webdriver import WebDriver

pytestmark = [needs_browser, pytest.mark.heavy]

SIZES = {"phone": (390, 844), "desktop": (1280, 1000)}


@pytest.fixture(scope="module")
def browser() -> Iterator[WebDriver]:
    with chromium() as driver:
        yield driver


@pytest.fixture
def page(browser: WebDriver) -> Iterator[Page]:
    with Page(browser) as found:
        yield found
    assert found.complaints == []


class Page:
    """A server and a browser that logged in to it."""

    def __init__(self, driver: WebDriver) -> None:
        self.driver = driver
        self._context: Any = None
        self.complaints: list[str] = []

    def __enter__(self) -> Page:
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

    def wait(self, true: Callable[[], object], seconds: float = 10) -> None:
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


def png(width: int = 40, height: int = 30) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (width, height), (200, 100, 50)).save(buffer, "PNG")
    return buffer.getvalue()


def test_a_run_goes_from_the_form_to_its_images_and_back(page: Page) -> None:
    client = page.open(served(text_to_image()))
    page.fill("positive_prompt", 'a "fox" & <b>hare</b>')
    page.fill("seed", "18446744073709551615")
    page.run()
    assert page.status.endswith("1 file.")
    assert client.calls[0].parameters == {
        "positive_prompt": 'a "fox" & <b>hare</b>',
        "seed": 2**64 - 1,
    }
    page.wait(lambda: page.script("return results.querySelector('img').naturalWidth"))
    page.fill("positive_prompt", "other")
    page.run()
    again = page.driver.find_elements("css selector", "#history button")
    again[-1].click()
    assert page.control("positive_prompt").get_attribute("value").startswith("a ")
    page.find("figure .image").click()
    page.wait(lambda: page.script("return viewer.open && !compare.hidden"))
    page.find("#close").click()


def test_a_3d_model_is_shown(page: Page) -> None:
    workflow = {
        **text_to_image(),
        "21": node("VoxelToMeshBasic", threshold=0.6),
        "30": node("SaveGLB", mesh=["21", 0], filename_prefix="a"),
    }
    page.open(served(workflow))
    page.run()
    page.driver.set_script_timeout(120)  # Without a GPU, the first frame takes long.
    loaded = "return results.querySelector('model-viewer')?.loaded"
    page.wait(lambda: page.script(loaded), 120)
    assert complaints(page.driver) == []


def test_values_are_checked_as_they_are_typed_in_the_servers_words(page: Page) -> None:
    page.open(served(text_to_image()))
    page.fill("steps", "0")
    page.wait(lambda: page.fault("steps") == "must be at least 1, not 0")
    assert page.control("steps").get_attribute("aria-invalid") == "true"
    page.fill("steps", "3")
    page.wait(lambda: page.fault("steps") == "")
    page.fill("cfg", "much")
    page.find("#run").click()
    page.wait(lambda: page.status.startswith("Missing: "))
    assert page.fault("cfg") == "must be a number"


def test_a_run_shows_its_steps_and_is_cancelled(page: Page) -> None:
    client = page.open(served(text_to_image()), step_time=0.2)
    page.find("#run").click()
    page.wait(lambda: "step 2 of 20" in page.status)
    assert page.script("return preview.naturalHeight") == 256
    page.find("#cancel").click()
    page.wait(lambda: page.status == "Cancelled.")
    page.wait(lambda: client.calls)
    assert page.find("#run").is_enabled()


def test_inputs_that_a_choice_brings_follow_it(page: Page) -> None:
    client = page.open(
        Served("made", json.dumps(small()).encode(), object_info=branching.described())
    )
    assert page.shown == ["prompt", "size", "duration", "model"]
    page.choose("model", "other")
    assert {"codec", "tone"} <= set(page.shown) and "crf" not in page.shown
    assert "duration" not in page.shown
    page.choose("codec", "manual")
    page.fill("crf", "7")
    page.choose("codec", "auto")
    assert "crf" not in page.shown
    assert "crf" not in page.code("JSON")
    page.choose("codec", "manual")
    page.fill("level", '"low"')
    page.fill("seed", "3")
    page.run()
    assert page.status.startswith("Done"), page.status
    [call] = client.calls
    assert call.parameters["crf"] == 7
    assert "duration" not in call.parameters


def test_the_bounds_of_the_chosen_branch_are_checked_as_they_are_typed(
    page: Page,
) -> None:
    page.open(
        Served("made", json.dumps(small()).encode(), object_info=branching.described())
    )
    page.fill("duration", "9")
    page.wait(lambda: "at most 5" in page.fault("duration"))
    page.choose("model", "large")
    page.wait(lambda: page.fault("duration") == "")


def test_the_pages_own_files_have_prettiers_layout() -> None:
    own = Path(serving.__file__).parent / "page"
    files = [*own.glob("*.js"), *own.glob("*.css"), *own.glob("*.html")]
    checked("prettier", "--print-width", "100", "--check", *files)


def test_a_failure_says_where_and_why(page: Page) -> None:
    client = page.open(served(text_to_image()))
    client.fail_next("fail-at=2")
    page.run()
    assert page.status.startswith("Failed: node 3 (KSampler): failed at step 2")


def test_a_file_and_a_painted_mask_are_sent(page: Page, tmp_path: Path) -> None:
    workflow = image_to_image()
    workflow["13"] = node("MaskToImage", mask=["10", 1])
    workflow["14"] = node("PreviewImage", images=["13", 0])
    client = page.open(served(workflow))
    (tmp_path / "me.png").write_bytes(png(64, 48))
    page.find("#run").click()
    page.wait(lambda: page.status == "Missing: Image.")
    page.control("image").send_keys(str(tmp_path / "me.png"))
    page.find("[data-name=image_mask] button:last-child").click()
    page.wait(lambda: page.script("return painter.open && canvas.width") == 64)
    from selenium.webdriver import ActionChains

    canvas = page.find("#canvas")
    ActionChains(page.driver).move_to_element(canvas).click_and_hold().move_by_offset(
        5, 5
    ).release().perform()
    page.find("#use").click()
    page.wait(
        lambda: page.script(
            "return document.querySelector('[data-name=image_mask] img').naturalWidth"
        )
    )
    page.run()
    assert page.status.startswith("Done"), page.status
    [call] = client.calls
    assert call.parameters["image"] == png(64, 48)
    with Image.open(io.BytesIO(call.parameters["image_mask"])) as mask:
        assert mask.size == (64, 48)
        assert mask.getchannel("A").getextrema() == (0, 255)


@pytest.mark.parametrize(
    "language", ["Python", "Python, async", "TypeScript", "curl", "JSON"]
)
def test_the_call_as_code_is_the_call(
    page: Page, language: str, tmp_path: Path
) -> None:
    client = page.open(served(text_to_image()))
    text = "a \"fox\" 'n' $HOME `x` \\ 画 é\n{next}"
    page.script(
        "arguments[0].value = arguments[1];"
        "arguments[0].dispatchEvent(new Event('input', {bubbles: true}))",
        page.control("positive_prompt"),
        text,
    )
    page.fill("seed", "18446744073709551615")
    code = page.code(language)
    environment = {**os.environ, **client.environment, "PYTHONIOENCODING": "utf-8"}
    expected = {"positive_prompt": text, "seed": 2**64 - 1}
    if language == "JSON":
        assert json.loads(code) == expected
        return
    if language.startswith("Python"):
        module = made(text_to_image()).files["made.py"]
        (tmp_path / "made.py").write_text(module, "utf-8")
        (tmp_path / "call.py").write_text(code, "utf-8")
        command = [sys.executable, "call.py"]
    elif language == "TypeScript":
        (tmp_path / "made.ts").write_text(module_text(text_to_image()), "utf-8")
        (tmp_path / "call.ts").write_text(code, "utf-8")
        checked(
            "esbuild",
            *("call.ts", "--bundle", "--platform=node", "--format=esm"),
            *("--outfile=call.mjs", "--log-level=error"),
            cwd=tmp_path,
        )
        command = ["node", "call.mjs"]
    else:
        command = ["bash", "-c", code]
    subprocess.run(
        command, cwd=tmp_path, env=environment, check=True, capture_output=True
    )
    [call] = client.calls
    assert call.parameters.items() >= expected.items()


HOSTILE = '</script><img src=x onerror="document.title=1">{{7*7}}\u202e'


def test_hostile_titles_values_and_logs_show_as_text(page: Page) -> None:
    workflow = text_to_image()
    workflow["6"] = node("CLIPTextEncode", HOSTILE, text=HOSTILE, clip=["4", 1])
    workflow["9"] = node("SaveImage", HOSTILE, images=["8", 0], filename_prefix=HOSTILE)
    page.open(served(workflow))
    page.run()
    assert page.status.startswith("Done")
    assert (
        page.script("return document.querySelectorAll('[onerror], main script').length")
        == 0
    )
    assert page.script("return document.title") == "Made"


def test_ten_thousand_lines_of_log_do_not_freeze_the_page(page: Page) -> None:
    page.open(served(text_to_image()))
    took = page.script("""
        const done = arguments[arguments.length - 1];
        return import('/-/page/results.js').then(async ({ makeLog }) => {
          const log = makeLog(document.getElementById('log'));
          document.getElementById('logs').open = true;
          const start = performance.now();
          for (let line = 0; line < 10000; line++) log.add(`line ${line} `.repeat(5));
          const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
          await frame();
          await frame();
          return performance.now() - start;
        });
        """)
    assert took < 1000
    assert "line 9999" in page.script("return log.textContent.slice(-100)")


def test_three_hundred_parameters_are_there_at_once(page: Page) -> None:
    workflow = text_to_image()
    for number in range(100, 180):
        workflow[str(number)] = node(
            "KSampler",
            **{key: value for key, value in text_to_image()["3"]["inputs"].items()},
        )
    client = page.open(served(workflow))
    page.driver.get(client.base)
    page.wait(lambda: page.script("return document.body.dataset.ready"))
    count, took = page.script(
        "return [document.querySelectorAll('.field').length, Number(document.body.dataset.ready)]"
    )
    assert count > 314
    # 0.2 seconds on an idle machine; tests run beside others.
    assert took < 2000


def test_a_login_link_works_once_and_keeps_nothing_in_the_page(page: Page) -> None:
    sessions = Sessions()
    with running(served(text_to_image()), sessions=sessions) as client:
        link = sessions.link(client.base)
        page.driver.get(link)
        page.wait(lambda: page.script("return document.body.dataset.ready"))
        assert page.driver.current_url == f"{client.base}/"
        assert page.script("return document.cookie") == ""
        assert client.client_secret not in page.driver.page_source
        assert requests.get(link, timeout=30).status_code == 403
        page.run()
        assert page.status.startswith("Done")


def test_without_the_link_nothing_runs(page: Page) -> None:
    with running(served(text_to_image())) as client:
        page.driver.get(client.url)
        page.wait(lambda: page.script("return document.body.dataset.ready"))
        page.find("#run").click()
        page.wait(lambda: page.status.startswith("Open the link"))
    # The refused requests are told in the console, as they should be.
    assert all("401" in each for each in complaints(page.driver))


def test_a_page_of_another_port_cannot_use_the_cookie(page: Page) -> None:
    client = page.open(served(text_to_image()))
    # Browsers keep cookies by host: those of other servers are there too.
    port = client.base.rpartition(":")[2]
    cookies = [each for each in page.driver.get_cookies() if port in each["name"]]
    assert [(each["httpOnly"], each["sameSite"]) for each in cookies] == [
        (True, "Strict")
    ]
    jar = {each["name"]: each["value"] for each in cookies}
    form = {"params": (None, '{"3-inputs-steps": 1}')}
    for headers in (
        {},
        {"Origin": "http://127.0.0.1:1"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "cross-site", "Origin": "null"},
    ):
        answer = requests.post(
            client.url, cookies=jar, headers=headers, files=form, timeout=30
        )
        assert answer.status_code in (401, 403)
    with running(served(text_to_image(), "other")) as other:
        page.driver.get(other.url)
        page.wait(lambda: page.script("return document.body.dataset.ready"))
        said = page.script(
            "return fetch(arguments[0], "
            "{method: 'POST', credentials: 'include', body: new FormData()})"
            ".then(() => 'let in', () => 'refused')",
            client.url,
        )
    assert said == "refused"
    assert all(
        "Content Security" in e or "CORS" in e or "403" in e or "Failed" in e
        for e in complaints(page.driver)
    )


@pytest.mark.parametrize("case", sorted(CASES))
@pytest.mark.parametrize("size", sorted(SIZES))
def test_no_page_is_wider_than_its_screen(page: Page, case: str, size: str) -> None:
    page.driver.set_window_size(*SIZES[size])
    page.open(served(CASES[case]()))
    wide, screen = page.script(
        "return [document.documentElement.scrollWidth, document.documentElement.clientWidth]"
    )
    assert wide <= screen


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("case", ["image_to_image", "values_of_all_kinds", "video"])
def test_axe_finds_nothing_serious(page: Page, case: str, scheme: str) -> None:
    axe = pytest.importorskip("axe_core_python")
    script = (Path(axe.__file__).parent / "axe.min.js").read_text("utf-8")
    page.driver.set_window_size(*SIZES["desktop"])
    page.driver.execute_cdp_cmd(
        "Emulation.setEmulatedMedia",
        {"features": [{"name": "prefers-color-scheme", "value": scheme}]},
    )
    page.open(served(CASES[case]()))
    page.script(
        "document.querySelectorAll('details').forEach(each => each.open = true)"
    )
    page.script(script)
    found = page.script("return axe.run().then(each => each.violations)")
    told = [
        (each["id"], [node["html"][:200] for node in each["nodes"]])
        for each in found
        if each["impact"] in ("serious", "critical", "moderate")
    ]
    assert told == []


def test_every_field_has_a_label(page: Page) -> None:
    for workflow in (values_of_all_kinds(), video()):
        with Page(page.driver) as other:
            other.open(served(workflow))
            unlabeled = other.script(
                "return [...document.querySelectorAll('main input, main textarea, main select')]"
                ".filter(each => !each.labels.length).length"
            )
            assert unlabeled == 0


def test_every_workflow_has_a_page(page: Page, corpus_file: Path) -> None:
    page.open(Served("made", corpus_file.read_bytes(), corpus_file.name))
    assert page.script("return document.querySelectorAll('.field').length") > 0

"""The local server's page, in a real browser: from the form to a run's result."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from viewcomfy_codegen.serving import Served

from ...helpers import branching
from ...helpers.branching import small
from ...helpers.browser import complaints, needs_browser
from ...helpers.cases import image_to_image
from ...helpers.local import served
from ...helpers.served import png
from ...helpers.served_page import ServedPage
from ...helpers.support import made, node, text_to_image
from ...helpers.typescript import checked, module_text

pytestmark = [needs_browser, pytest.mark.heavy]


def test_a_run_goes_from_the_form_to_its_images_and_back(page: ServedPage) -> None:
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


def test_a_3d_model_is_shown(page: ServedPage) -> None:
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


def test_values_are_checked_as_they_are_typed_in_the_servers_words(
    page: ServedPage,
) -> None:
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


def test_a_run_shows_its_steps_and_is_cancelled(page: ServedPage) -> None:
    client = page.open(served(text_to_image()), step_time=0.2)
    page.find("#run").click()
    page.wait(lambda: "step 2 of 20" in page.status)
    assert page.script("return preview.naturalHeight") == 256
    page.find("#cancel").click()
    page.wait(lambda: page.status == "Cancelled.")
    page.wait(lambda: client.calls)
    assert page.find("#run").is_enabled()


def test_inputs_that_a_choice_brings_follow_it(page: ServedPage) -> None:
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
    page: ServedPage,
) -> None:
    page.open(
        Served("made", json.dumps(small()).encode(), object_info=branching.described())
    )
    page.fill("duration", "9")
    page.wait(lambda: "at most 5" in page.fault("duration"))
    page.choose("model", "large")
    page.wait(lambda: page.fault("duration") == "")


def test_a_failure_says_where_and_why(page: ServedPage) -> None:
    client = page.open(served(text_to_image()))
    client.fail_next("fail-at=2")
    page.run()
    assert page.status.startswith("Failed: node 3 (KSampler): failed at step 2")


def test_a_file_and_a_painted_mask_are_sent(page: ServedPage, tmp_path: Path) -> None:
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
    page: ServedPage, language: str, tmp_path: Path
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

"""Without the extra `live`, runs are only polled, and the log says what to install."""

from __future__ import annotations

import sys
from types import ModuleType

import pytest

from viewcomfy_runtime import ComfyUI, ViewComfyGateway

from ...helpers.comfy import comfy
from ...helpers.local import ID, SECRET, served, serving
from ...helpers.support import text_to_image

HINT = 'pip install "viewcomfy-codegen[live]"'


@pytest.fixture(autouse=True)
def _no_websockets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "viewcomfy_runtime.clients.channel", None)


def test_a_run_on_comfyui_is_polled(
    module: ModuleType, caplog: pytest.LogCaptureFixture
) -> None:
    with comfy() as found:
        client = ComfyUI(found.url, retries=0)
        result = module.run(module.Parameters(), client=client, on_log=print)
    assert result.completed
    assert found.sockets == {}
    assert HINT in caplog.text


def test_a_run_through_the_gateway_is_polled(
    module: ModuleType, caplog: pytest.LogCaptureFixture
) -> None:
    with serving(served(text_to_image())) as base:
        client = ViewComfyGateway(f"{base}/made", ID, SECRET, base=base, retries=0)
        parameters = module.Parameters(steps=1)
        result = module.run(parameters, client=client, on_log=print)
    assert result.completed
    assert HINT in caplog.text


def test_without_callbacks_nothing_is_missing(
    module: ModuleType, caplog: pytest.LogCaptureFixture
) -> None:
    with comfy() as found:
        module.run(module.Parameters(), client=ComfyUI(found.url, retries=0))
    assert HINT not in caplog.text

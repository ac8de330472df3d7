"""Keys, addresses and variables of Comfy API v2."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

import pytest

from viewcomfy_runtime import (
    ComfyAPI,
    ComfyUI,
    ConfigurationError,
    RejectedError,
)
from viewcomfy_runtime.cli.main import main
from viewcomfy_runtime.clients.environment import client_from_environment

from ...helpers.comfy_api import KEY, client, comfy_api, output
from ...helpers.exposed import everything_said_by

PARTNER = "partner-0123456789abcdef"


def test_no_key_is_shown(module: ModuleType, caplog: pytest.LogCaptureFixture) -> None:
    told = [("log", {"message": f"with {PARTNER} and {KEY}"})]
    lines: list[str] = []
    with comfy_api(key=KEY, events=told) as found, caplog.at_level("DEBUG"):
        own = client(found, api_key=KEY, api_key_comfy_org=PARTNER)
        module.run(module.Parameters(), client=own, on_log=lines.append)
        request = own.request(module.WORKFLOW.call(module.Parameters()))
        found.refusals = [(422, f"x{KEY}", {"node_errors": {PARTNER: []}}, None)]
        with pytest.raises(RejectedError) as caught:
            module.run(module.Parameters(), client=own)
    assert found.bodies[0]["extra_data"] == {"api_key_comfy_org": PARTNER}
    assert request["headers"] == {"Authorization": "***"}
    assert request["body"]["extra_data"] == {"api_key_comfy_org": "***"}
    said = [*lines, str(request), repr(own), caplog.text]
    for text in (*said, *everything_said_by(caught.value)):
        assert KEY not in text and PARTNER not in text


def test_the_environment_chooses_it_last_and_a_key_alone_chooses_nothing() -> None:
    key = {"COMFY_API_KEY": KEY}
    base = {"COMFY_BASE_URL": "http://127.0.0.1:8189"}
    assert isinstance(client_from_environment({**base, **key}), ComfyAPI)
    assert isinstance(client_from_environment(base), ComfyAPI)
    comfyui = {"COMFYUI_URL": "http://127.0.0.1:8188"}
    assert isinstance(client_from_environment({**comfyui, **base, **key}), ComfyUI)
    with pytest.raises(ConfigurationError):
        client_from_environment(key)


def test_without_a_url_it_is_comfy_cloud() -> None:
    assert repr(ComfyAPI()) == "ComfyAPI('https://cloud.comfy.org')"


def test_the_command_line_runs_there(
    module: ModuleType,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("COMFY_API_KEY", KEY)
    with comfy_api(key=KEY, outputs=[output("asset-1")]) as found:
        found.asset(b"picture", "a.png")
        arguments = ["--comfy-api", found.url, "-o", str(tmp_path / "out")]
        assert main(module.WORKFLOW, arguments) == 0
        assert main(module.WORKFLOW, ["--comfy-api", "--app", "http://h"]) == 2
    assert (tmp_path / "out" / "asset-1.png").read_bytes() == b"picture"
    assert "more than one server" in capsys.readouterr().err

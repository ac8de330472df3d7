"""The client that the environment and the command line choose."""

from __future__ import annotations

import json
from pathlib import Path
from types import ModuleType

import pytest

from viewcomfy_runtime import (
    ComfyUI,
    ConfigurationError,
    ViewComfyApp,
    ViewComfyGateway,
)
from viewcomfy_runtime.cli.main import main
from viewcomfy_runtime.clients.environment import client_from_environment

from ...helpers.comfy import IMAGES, comfy


@pytest.mark.parametrize(
    ("environ", "kind"),
    [
        ({"COMFYUI_URL": "http://h:8188"}, ComfyUI),
        (
            {"VIEWCOMFY_APP_URL": "http://h:3000", "COMFYUI_URL": "http://h"},
            ViewComfyApp,
        ),
        (
            {
                "VIEWCOMFY_API_URL": "https://h",
                "VIEWCOMFY_GATEWAY_URL": "https://g",
                "VIEWCOMFY_CLIENT_ID": "i",
                "VIEWCOMFY_CLIENT_SECRET": "s",
            },
            ViewComfyGateway,
        ),
    ],
)
def test_the_environment_names_the_client(
    environ: dict[str, str], kind: type[object]
) -> None:
    assert type(client_from_environment(environ)) is kind


def test_a_gateway_without_the_rest_names_what_is_missing() -> None:
    with pytest.raises(ConfigurationError, match="VIEWCOMFY_API_URL"):
        client_from_environment({"VIEWCOMFY_GATEWAY_URL": "https://g"})


def test_the_command_line_runs_on_a_comfyui(
    module: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with comfy(outputs=IMAGES) as found:
        arguments = ["--comfyui", found.url, "-o", str(tmp_path / "out"), "-q"]
        assert main(module.WORKFLOW, arguments) == 0
        assert main(module.WORKFLOW, [*arguments, "--app", found.url]) == 2
        assert main(module.WORKFLOW, [*arguments, "--dry-run"]) == 0
    assert (tmp_path / "out" / "a.png").read_bytes() == b"content of a.png"
    printed = capsys.readouterr()
    assert "more than one server" in printed.err
    assert '"/prompt"' not in printed.out
    assert json.loads(printed.out.partition("\n")[2])["url"] == f"{found.url}/prompt"

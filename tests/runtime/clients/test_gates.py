"""A ComfyUI behind a gate: headers, keys, and who gets to see them."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

import pytest

from viewcomfy_runtime import (
    AuthenticationError,
    ComfyUI,
    ConfigurationError,
    ViewComfyError,
)
from viewcomfy_runtime.cli.main import main
from viewcomfy_runtime.clients.environment import client_from_environment

from ...helpers.comfy import IMAGES, comfy
from ...helpers.exposed import everything_said_by
from ...helpers.servers import Answer, Server, redirect

TOKEN = "gate-0123456789abcdef"
PARTNER = "partner-0123456789abcdef"
GATE = {"Authorization": f"Bearer {TOKEN}", "X-API-Key": f"key-{TOKEN}"}


def test_every_request_passes_the_gate_the_websocket_too(module: ModuleType) -> None:
    with comfy(outputs=IMAGES) as found:
        client = ComfyUI(found.url, headers=GATE)
        made = module.run(module.Parameters(), client=client, on_log=lambda _: None)
        made.outputs[0].read()
    assert {path for path, _ in found.headers} == {"/prompt", "/ws", "/view"}
    for _, headers in found.headers:
        assert headers["authorization"] == GATE["Authorization"]
        assert headers["x-api-key"] == GATE["X-API-Key"]


def test_the_partner_key_goes_into_extra_data_alone(module: ModuleType) -> None:
    with comfy() as found:
        client = ComfyUI(found.url, api_key_comfy_org=PARTNER)
        module.run(module.Parameters(), client=client)
    assert found.bodies[0]["extra_data"] == {"api_key_comfy_org": PARTNER}
    assert PARTNER not in str(found.headers) + str(found.prompts[0].prompt)


def test_without_a_partner_key_there_is_no_extra_data(module: ModuleType) -> None:
    with comfy() as found:
        module.run(module.Parameters(), client=ComfyUI(found.url))
    assert "extra_data" not in found.bodies[0]


def test_the_environment_has_both(
    module: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    with comfy() as found:
        monkeypatch.setenv("COMFYUI_URL", found.url.removeprefix("http://"))
        monkeypatch.setenv("COMFYUI_TOKEN", TOKEN)
        monkeypatch.setenv("COMFY_API_KEY", PARTNER)
        module.run(module.Parameters())
    [(_, headers)] = found.headers
    assert headers["authorization"] == f"Bearer {TOKEN}"
    assert found.bodies[0]["extra_data"] == {"api_key_comfy_org": PARTNER}


@pytest.mark.parametrize("status", [302, 307])
def test_another_host_gets_no_header(module: ModuleType, status: int) -> None:
    with (
        Server(Answer(200, b'{"prompt_id": "p"}')) as other,
        Server(redirect(f"{other.url}/prompt", status)) as first,
    ):
        client = ComfyUI(first.url, headers=GATE, retries=0)
        with pytest.raises(ViewComfyError):
            module.run(module.Parameters(), client=client, timeout=30)
    assert TOKEN not in str(other.requests)
    assert TOKEN in str(first.requests)


def test_no_text_shows_what_a_gate_wants(
    module: ModuleType, caplog: pytest.LogCaptureFixture
) -> None:
    refusal = f"who are {TOKEN} and {PARTNER}?".encode()
    with Server(Answer(401, refusal)) as server, caplog.at_level("DEBUG"):
        client = ComfyUI(server.url, headers=GATE, api_key_comfy_org=PARTNER, retries=0)
        with pytest.raises(AuthenticationError) as caught:
            module.run(module.Parameters(), client=client)
        request = client.request(module.WORKFLOW.call(module.Parameters()))
    assert request["headers"] == {"Authorization": "***", "X-API-Key": "***"}
    assert request["body"]["extra_data"] == {"api_key_comfy_org": "***"}
    said = [str(request), repr(client), caplog.text]
    for text in (*said, *everything_said_by(caught.value)):
        assert TOKEN not in text and PARTNER not in text


@pytest.mark.parametrize(
    "headers", [{"a b": "x"}, {"X": "a\nb"}, {"X": ""}, {"": "x"}, {"X:": "x"}]
)
def test_what_is_not_a_header_is_refused(headers: dict[str, str]) -> None:
    with pytest.raises(ConfigurationError):
        ComfyUI(headers=headers)


def test_headers_are_given_on_the_command_line(
    module: ModuleType,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("COMFYUI_TOKEN", "another-token")
    header = f"authorization: Bearer {TOKEN}"
    with comfy(outputs=IMAGES) as found:
        arguments = ["--comfyui", found.url, "--header", header, "-q"]
        assert main(module.WORKFLOW, [*arguments, "-o", str(tmp_path)]) == 0
        assert main(module.WORKFLOW, [*arguments, "--dry-run"]) == 0
        assert main(module.WORKFLOW, ["--app", found.url, "--header", header]) == 2
    assert found.headers[0][1]["authorization"] == f"Bearer {TOKEN}"
    told = capsys.readouterr()
    assert TOKEN not in told.out + told.err
    assert "--header" in told.err


def test_a_header_without_a_value_is_not_repeated(
    module: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        main(module.WORKFLOW, ["--comfyui", "--header", TOKEN])
    assert TOKEN not in capsys.readouterr().err


def test_a_key_of_comfy_is_not_the_gates(module: ModuleType) -> None:
    client = client_from_environment(
        {"COMFYUI_URL": "h:8188", "COMFY_API_KEY": PARTNER}
    )
    request = client.request(module.WORKFLOW.call(module.Parameters()))
    assert request["headers"] == {}

"""Runs of TypeScript modules in real runtimes, against the
local ViewComfy, on its good and its bad days.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from viewcomfy_codegen.serving.calls import faults as serving_faults

from ....helpers.local import SECRET
from ....helpers.servers import Answer, Server, redirect, result, stream
from ....helpers.support import text_to_image
from ....helpers.typescript import Failed
from ....helpers.typescript_runs import PNG, Place


def test_a_run_gives_its_files_by_name_its_log_and_its_steps(place: Place) -> None:
    found = place.run(read=True)
    assert found["status"] == "success" and found["images"] >= 1
    assert [name for name, files in found["named"].items() if files] != []
    assert all(each["read"] == each["size"] > 0 for each in found["outputs"])
    assert found["logs"] and found["steps"][-1]["value"] == found["steps"][-1]["total"]


def test_a_result_is_saved_and_nothing_is_overwritten(
    place: Place, tmp_path: Path
) -> None:
    first = place.run(save=str(tmp_path))["saved"]
    second = place.run(save=str(tmp_path))["saved"]
    assert len({*first, *second}) == len(first) + len(second)
    assert {each.name for each in tmp_path.iterdir()} == {
        Path(each).name for each in first + second
    }


def test_a_file_and_its_mask_arrive(place: Place) -> None:
    call = json.dumps({"image": PNG, "image_mask": PNG})
    assert place.run("masked", call=call)["status"] == "success"


def test_a_64_bit_seed_arrives_by_all_its_digits(place: Place) -> None:
    found = place.run(call='{"seed": 18446744073709551615}')
    assert found["params"]["3-inputs-seed"] == "18446744073709551615n"


def test_a_seed_of_null_is_drawn(place: Place) -> None:
    seeds = {
        place.run(call='{"seed": null}')["params"]["3-inputs-seed"] for _ in range(3)
    }
    assert len(seeds) == 3


def test_the_module_s_own_workflow_is_run_when_asked(place: Place) -> None:
    assert place.run(options={"overrideWorkflow": True})["status"] == "success"
    assert (
        place.run(options={"overrideWorkflow": text_to_image()})["status"] == "success"
    )


def test_what_is_not_a_workflow_is_not_sent(place: Place) -> None:
    with pytest.raises(Failed) as caught:
        place.run(options={"overrideWorkflow": {"1": 2}})
    assert caught.value.name == "InvalidWorkflowError"


FAULTS = {
    "drop": "ConnectionFailedError",
    "drop-stream": "ConnectionFailedError",
    "truncate": "ConnectionFailedError",
    "html": "ServerError",
    "invalid": "ProtocolError",
    "error": "ExecutionError",
    "fail-at=2": "ExecutionError",
    "401": "AuthenticationError",
    "404": "NotFoundError",
    "422": "RejectedError",
    "429": "RateLimitedError",
    "500": "ServerError",
    "503": "ServerError",
}


HARMLESS = ["redirect", "drip", "slow=0.2", "slow-steps=0.05"]


@pytest.mark.parametrize("fault", FAULTS)
def test_every_fault_is_its_error(fault: str, place: Place) -> None:
    with pytest.raises(Failed) as caught:
        place.run(fault=fault, options={"timeout": 5})
    assert caught.value.name == FAULTS[fault]
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize("fault", HARMLESS)
def test_a_slow_or_redirected_response_is_a_response(fault: str, place: Place) -> None:
    assert place.run("words", fault=fault)["status"] == "success"


def test_a_result_that_a_redirect_leads_to_is_asked_for_again_and_not_run_again(
    place: Place,
) -> None:
    answers = (redirect("/result"), Answer(503), Answer(502), result())
    with Server(*answers) as server:
        found = place.run(client={**place.client("plain"), "url": server.url})
        asked = [(each.method, each.path) for each in server.requests]
    assert found["promptId"] == "p1"
    assert asked == [("POST", "/"), *[("GET", "/result")] * 3]


def test_no_fault_of_the_local_server_is_left_out() -> None:
    tried = {each.partition("=")[0] for each in (*FAULTS, *HARMLESS, "broken-base64")}
    known = {each.partition("=")[0] for each in serving_faults.FAULTS}
    assert known - {"STATUS"} <= tried


def test_a_text_is_read(place: Place) -> None:
    assert place.run("words", read=True)["outputs"][0]["read"] > 0


def test_a_broken_file_is_reported_when_it_is_read(place: Place) -> None:
    with pytest.raises(Failed) as caught:
        place.run(fault="broken-base64", read=True)
    assert caught.value.name == "ProtocolError"


def test_a_run_that_takes_too_long_is_ended(place: Place) -> None:
    with pytest.raises(Failed) as caught:
        place.run(fault="slow=30", options={"timeout": 0.5})
    assert caught.value.name == "RunTimeoutError"


@pytest.mark.parametrize("kind", ["ViewComfy", "ViewComfyGateway"])
def test_an_aborted_run_is_cancelled(kind: str, place: Place) -> None:
    with pytest.raises(Failed) as caught:
        place.run(fault="slow=30", abort=0.3, client=place.client("plain", kind))
    assert caught.value.name == "RunCancelledError"


def test_wrong_credentials_are_refused(place: Place) -> None:
    client = {**place.client("plain"), "clientSecret": "wrong-but-long"}
    with pytest.raises(Failed) as caught:
        place.run(client=client)
    assert caught.value.name == "AuthenticationError"
    assert "wrong-but-long" not in str(caught.value)


def test_a_job_is_asked_after_and_awaited(place: Place) -> None:
    found = place.job()
    assert found["status"] == "success" and found["outputs"] > 0


def test_a_run_through_the_gateway_gives_its_files(place: Place) -> None:
    found = place.run(client=place.client("plain", "ViewComfyGateway"), read=True)
    assert all(each["read"] == each["size"] > 0 for each in found["outputs"])


@pytest.mark.parametrize("cut", ["\n", "\r\n", "\r"])
def test_events_end_their_lines_in_any_way(cut: str, place: Place) -> None:
    answer = json.dumps({"prompt_id": "p", "status": "success", "completed": True})
    half = len(answer) // 2
    lines = [": hello", "event: log_message", "data: one", "data: two", ""]
    lines += [
        "event:prompt_result",
        f"data: {answer[:half]}",
        f"data:{answer[half:]}",
        "",
        "",
    ]
    text = cut.join(lines).encode()
    pieces = [text[at : at + 7] for at in range(0, len(text), 7)]
    streamed = stream(*pieces, result=None)
    with Server(streamed) as server:
        found = place.run(client={**place.client("plain"), "url": server.url})
    assert found["logs"] == ["one\ntwo"] and found["promptId"] == "p"


def test_a_previews_file_is_that_of_the_node_without_a_prefix(place: Place) -> None:
    named = place.run("previewed", client=place.client("previewed"))["named"]
    assert [*named.values()] == [
        ["ComfyUI_00001_.png"],
        ["ComfyUI_temp_serve_00002_.png"],
    ]

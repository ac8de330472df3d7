"""Errors of a TypeScript module say what Python's do."""

from __future__ import annotations

import json
import re
from dataclasses import asdict
from typing import Any

import pytest

import viewcomfy_runtime
from viewcomfy_runtime.errors import RejectedError
from viewcomfy_runtime.http.error_responses import error_of, execution_error

from ....helpers.servers import Answer, Server, result
from ....helpers.support import node, text_to_image
from ....helpers.typescript import Failed
from ....helpers.typescript_runs import Place


def answered(place: Place, **about: Any) -> Any:
    """What comes of a run that a server answers so."""
    with Server(result(**about)) as server:
        return place.run(client={**place.client("plain"), "url": server.url})


def test_a_run_of_the_same_workflow_warns_of_nothing(place: Place) -> None:
    assert place.run()["warnings"] == []


def test_a_run_of_another_workflow_is_reported(place: Place) -> None:
    ran = text_to_image()
    ran["3"]["inputs"]["model"] = ["9", 0]
    ran["77"] = node("SaveImage", images=["8", 0])
    del ran["9"]
    [warning] = answered(place, prompt=ran, outputs=[])["warnings"]
    first, *told, hint = warning.split("\n")
    assert first.startswith("DifferentWorkflowWarning: a different workflow ran than")
    assert told == [
        "  node 9 (SaveImage) is missing",
        "  node 3 (KSampler) has a different model",
        "  node 77 (SaveImage) is new",
    ]
    assert hint.startswith("hint: generate the module from the deployed workflow")


def test_files_of_unknown_origin_are_reported(place: Place) -> None:
    files = [{"filename": f"{n}.bin", "data": "aGk="} for n in range(5)]
    [warning] = answered(place, outputs=files)["warnings"]
    assert warning.startswith(
        "AmbiguousOutputWarning: 0.bin, 1.bin, 2.bin, and 2 more: "
    )


@pytest.mark.parametrize("status", [401, 404, 405, 413, 418, 429, 500, 206])
def test_a_refusal_is_reported_in_the_words_of_python(
    status: int, place: Place
) -> None:
    body = json.dumps({"detail": "no more"}).encode()
    with Server(Answer(status, body)) as server, pytest.raises(Failed) as caught:
        client = {**place.client("plain"), "url": server.url}
        place.run(client=client, options={"timeout": 5})
    wanted = error_of(status, body, server.url)
    assert caught.value.about["message"] == wanted.message
    if status != 401:  # Python names its environment variables
        assert caught.value.about["hint"] == wanted.hint


def too_small(node: str, name: str) -> dict[str, Any]:
    """What ComfyUI says about an input whose value is too small."""
    extra = {"input_name": name}
    error = {"message": "Value too small", "details": name, "extra_info": extra}
    return {node: {"class_type": "KSampler", "errors": [error]}}


REFUSED = {
    "a parameter": too_small("3", "sampler_name"),
    "an input that no parameter sets": too_small("3", "model"),
    "some of both": {**too_small("3", "steps"), **too_small("99", "x")},
    "a terminal's codes": too_small("\x1b[2J", "\x1b[31mred"),
    "more than are listed": {
        str(number): each
        for number in range(14)
        for each in too_small("3", "steps").values()
    },
}


@pytest.mark.parametrize("client", ["ViewComfy", "ViewComfyGateway"])
@pytest.mark.parametrize("which", REFUSED)
def test_a_refusal_names_parameters_as_python_does(
    which: str, client: str, place: Place
) -> None:
    body = json.dumps({"detail": {"node_errors": REFUSED[which]}}).encode()
    with Server(Answer(400, body)) as server, pytest.raises(Failed) as caught:
        at = {**place.client("plain", client), "url": server.url, "base": server.url}
        place.run(client=at)
    error = error_of(400, body, server.url)
    assert isinstance(error, RejectedError)
    wanted = place.python.WORKFLOW.by_name(error)
    about = caught.value.about
    faults = [{camel(k): v for k, v in asdict(each).items()} for each in wanted.faults]
    for each in about["faults"]:
        assert camel(each["parameter"]) == each.pop("property")
    assert about["faults"] == faults
    assert about["publicMessage"] == wanted.public_message
    message = about["message"].replace("samplerName (sampler_name)", "sampler_name")
    assert message == wanted.message


def test_what_users_may_read_of_a_call_that_is_not_accepted_names_parameters(
    place: Place,
) -> None:
    with pytest.raises(Failed) as caught:
        place.run(call='{"sampler_name": 1, "steps": 0}')
    with pytest.raises(viewcomfy_runtime.InvalidParametersError) as wanted:
        place.python.WORKFLOW.parse({"sampler_name": 1, "steps": 0})
    assert caught.value.about["publicMessage"] == wanted.value.public_message


DETAILS: list[Any] = [
    "out of  memory\n at node 3",
    {"errorMsg": "failed", "errorDetails": "no VRAM"},
    {"detail": [{"loc": ["a"], "msg": "too long"}, {"msg": "too wide"}]},
    {"node_id": "3", "node_type": "KSampler", "exception_message": "CUDA error"},
    {"node_id": 3, "exception_message": "no type"},
    {"exception_message": ["odd"]},
    {"code": 7, "where": ["node", 3, {"deep": None}], "ratio": 0.5},
    [1, "two", {"three": 3}],
    json.dumps({"message": "in a text", "details": "of JSON"}),
    "<html><title>Bad gateway</title></html>",
    42,
    {"nested": {"far": {"down": {"the": {"tree": {"it": {"goes": 1}}}}}}},
]


@pytest.mark.parametrize("details", DETAILS, ids=range(len(DETAILS)))
def test_a_failed_run_is_reported_in_the_words_of_python(
    details: Any, place: Place
) -> None:
    wanted = execution_error(details)
    with pytest.raises(Failed) as caught:
        answered(place, status="error", completed=False, error_data=details)
    assert caught.value.name == "ExecutionError"
    assert caught.value.about["message"] == wanted.message
    assert caught.value.about["hint"] == wanted.hint
    fault = caught.value.about.get("fault")
    assert (fault and fault["message"]) == (wanted.fault and wanted.fault.message)


def camel(name: str) -> str:
    return re.sub("_(.)", lambda found: found[1].upper(), name)


ERRORS: dict[str, dict[str, Any]] = {
    "ViewComfyError": {},
    "AuthenticationError": {"status": 401},
    "ConfigurationError": {},
    "ConnectionFailedError": {"nothing_sent": True},
    "ExecutionError": {},
    "InvalidWorkflowError": {},
    "MissingSettingsError": {},
    "NotFoundError": {"prompt_id": "p"},
    "ProtocolError": {},
    "RateLimitedError": {"status": 429},
    "RejectedError": {"status": 422},
    "RunCancelledError": {"at_server": True},
    "RunTimeoutError": {},
    "SaveError": {},
    "ServerError": {"status": 503},
}


@pytest.mark.parametrize("name", ERRORS)
@pytest.mark.parametrize("plain", [True, False])
def test_what_to_do_after_an_error_is_what_python_says(
    name: str, plain: bool, place: Place
) -> None:
    details = {} if plain else ERRORS[name]
    wanted = getattr(viewcomfy_runtime, name)("", **details)
    given = {camel(field): value for field, value in details.items()}
    module = place.modules["plain"]
    found = place.runtime.do(module, "facts", name=name, details=given)
    assert found == {
        "retryable": wanted.retryable,
        "mayHaveRun": wanted.may_have_run,
        "publicMessage": wanted.public_message,
    }


def test_without_a_client_nothing_runs(place: Place) -> None:
    with pytest.raises(Failed) as caught:
        place.runtime.do(place.modules["plain"], "withoutClient", call="{}")
    assert caught.value.name == "MissingSettingsError"

"""Runs of TypeScript modules in real runtimes, against the
local ViewComfy, on its good and its bad days.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import viewcomfy_runtime
from viewcomfy_codegen.serving import faults as serving_faults
from viewcomfy_runtime.errors import RejectedError
from viewcomfy_runtime.http.refusals import error_of, execution_error

from ....helpers.local import ID, SECRET, served, serving
from ....helpers.servers import Answer, Server, event, redirect, result, stream
from ....helpers.support import Workflow, module_of, node, text_to_image
from ....helpers.typescript import Failed, Runtime, bundled, module_text
from ...planning.test_masks import masked

PNG = (
    "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGA"
    "WjR9awAAAABJRU5ErkJggg=="
)


def words() -> Workflow:
    """A workflow with a small result: a text."""
    text = node("PrimitiveStringMultiline", value="hello")
    return {"1": text, "2": node("PreviewAny", source=["1", 0])}


@dataclass
class Place:
    """A runtime with modules in it, and the local ViewComfy that serves their workflows."""

    runtime: Runtime
    modules: dict[str, Path]
    url: str
    python: ModuleType
    """The Python module of the plain workflow."""

    def client(self, name: str, kind: str = "ViewComfy") -> dict[str, str]:
        about = {"kind": kind, "url": f"{self.url}/{name}"}
        about |= {"clientId": ID, "clientSecret": SECRET}
        return about if kind == "ViewComfy" else {**about, "base": self.url}

    def run(self, name: str = "plain", **given: Any) -> Any:
        given = {"client": self.client(name), "call": "{}", **given}
        return self.runtime.do(self.modules[name], "run", **given)

    def job(self, name: str = "plain", **given: Any) -> Any:
        given = {"client": self.client(name, "ViewComfyGateway"), "call": "{}", **given}
        return self.runtime.do(self.modules[name], "job", **given)


@pytest.fixture(
    scope="module",
    params=[
        "node",
        pytest.param("deno", marks=pytest.mark.heavy),
        pytest.param("bun", marks=pytest.mark.heavy),
    ],
)
def place(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Place]:
    workflows = {"plain": text_to_image(), "masked": masked(), "words": words()}
    texts = {name: module_text(each) for name, each in workflows.items()}
    folder = tmp_path_factory.mktemp("modules")
    modules = bundled(texts, folder)
    python = module_of(workflows["plain"], folder)
    local = [served(each, name) for name, each in workflows.items()]
    with serving(*local) as url, Runtime(request.param) as runtime:
        yield Place(runtime, modules, url, python)


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
        place.run(fault=fault, options={"timeout": 4})
    assert caught.value.name == FAULTS[fault]
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize("fault", HARMLESS)
def test_a_slow_or_redirected_answer_is_an_answer(fault: str, place: Place) -> None:
    assert place.run("words", fault=fault)["status"] == "success"


def test_no_fault_of_the_local_server_is_left_out() -> None:
    tried = {each.partition("=")[0] for each in (*FAULTS, *HARMLESS, "broken-base64")}
    known = {each.partition("=")[0] for each in serving_faults.FAULTS}
    assert known - {"STATUS"} <= tried


def test_a_text_is_read(place: Place) -> None:
    assert place.run("words", read=True)["outputs"][0]["read"] > 0


def test_a_broken_file_is_told_when_it_is_read(place: Place) -> None:
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


def test_no_credential_follows_a_redirect_to_another_host(place: Place) -> None:
    with Server(result()) as other, Server(redirect(other.url)) as first:
        client = {**place.client("plain"), "url": first.url}
        place.run(client=client)
        assert first.requests[0].headers["client_secret"] == SECRET
        assert not {"client_id", "client_secret"} & other.requests[0].headers.keys()


def test_a_call_does_not_follow_a_redirect_to_another_host(place: Place) -> None:
    with Server(result()) as other, Server(redirect(other.url, 307)) as first:
        with pytest.raises(Failed) as caught:
            place.run(client={**place.client("plain"), "url": first.url})
        assert caught.value.name == "ProtocolError" and other.requests == []
        told = f"{first.url} redirects the call to {other.url}"
        assert told in str(caught.value)


def test_links_are_fetched_without_credentials(place: Place) -> None:
    with Server(Answer(200, b"png")) as store:
        link = {
            "filename": "a.png",
            "content_type": "image/png",
            "filepath": f"{store.url}/a",
        }
        with Server(result(outputs=[link])) as server:
            place.run(client={**place.client("plain"), "url": server.url}, read=True)
        assert not {"client_id", "client_secret"} & store.requests[0].headers.keys()


def test_a_server_that_repeats_a_secret_does_not_give_it_away(place: Place) -> None:
    answers = stream(event("log_message", f"key {SECRET}"))
    with Server(answers) as server:
        found = place.run(client={**place.client("plain"), "url": server.url})
    assert found["logs"] == ["key ***"]


@pytest.mark.parametrize(
    "escaped",
    [
        "".join(f"\\u{ord(char):04x}" for char in SECRET),
        "".join(f"\\\\u{ord(char):04X}" for char in SECRET),
        "".join(f"%{ord(char):02x}" for char in SECRET),
        "".join(f"%25{ord(char):02X}" for char in SECRET),
        "".join(f"&#{ord(char)};" for char in SECRET),
        "".join(f"&amp;#x{ord(char):x};" for char in SECRET),
    ],
)
def test_a_refusal_that_escapes_a_secret_does_not_give_it_away(
    place: Place, escaped: str
) -> None:
    with Server(Answer(400, f'{{"message": "no {escaped}!"}}'.encode())) as server:
        with pytest.raises(Failed) as caught:
            place.run(client={**place.client("plain"), "url": server.url})
    assert "no ***!" in str(caught.value)


def test_an_unreachable_server_is_told_by_its_host_alone(place: Place) -> None:
    with Server(result()) as closed:
        url = f"{closed.url}/signed?key=abc"
    client = {**place.client("plain"), "url": url}
    with pytest.raises(Failed) as caught:
        place.run(client=client, options={"timeout": 2})
    assert caught.value.name == "ConnectionFailedError"
    assert caught.value.about["nothingSent"] and "signed" not in str(caught.value)


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


def answered(place: Place, **about: Any) -> Any:
    """What comes of a run that a server answers so."""
    with Server(result(**about)) as server:
        return place.run(client={**place.client("plain"), "url": server.url})


def test_a_run_of_the_same_workflow_warns_of_nothing(place: Place) -> None:
    assert place.run()["warnings"] == []


def test_a_run_of_another_workflow_is_told(place: Place) -> None:
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


def test_files_of_unknown_origin_are_told(place: Place) -> None:
    files = [{"filename": f"{n}.bin", "data": "aGk="} for n in range(5)]
    [warning] = answered(place, outputs=files)["warnings"]
    assert warning.startswith(
        "AmbiguousOutputWarning: 0.bin, 1.bin, 2.bin, and 2 more: "
    )


@pytest.mark.parametrize("status", [401, 404, 413, 418, 429, 500, 206])
def test_a_refusal_is_told_in_the_words_of_python(status: int, place: Place) -> None:
    body = json.dumps({"detail": "no more"}).encode()
    with Server(Answer(status, body)) as server, pytest.raises(Failed) as caught:
        client = {**place.client("plain"), "url": server.url}
        place.run(client=client, options={"timeout": 0.6})
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
def test_a_failed_run_is_told_in_the_words_of_python(
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

"""Another workflow in place of the deployed one gets the same from TypeScript as from Python."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from viewcomfy_runtime import InvalidParametersError, InvalidWorkflowError, ViewComfy

from ....helpers.cases import CASES
from ....helpers.servers import Request, Server, result
from ....helpers.support import Workflow, imported, made, node
from ....helpers.typescript import Failed, Runtime, bundled, module_text

PNG = "data:image/png;base64,iVBORw0KGgoAAAANSUhEUg=="
OWN = CASES["image_to_image"]()


class Pair:
    """The same client in both languages, and the server that they call."""

    def __init__(
        self, python: ModuleType, typescript: Path, runtime: Runtime, server: Server
    ) -> None:
        self.python = python
        self._typescript = typescript
        self._runtime = runtime
        self._server = server

    def sent_by_python(self, call: dict[str, Any], override: Any, send: Any) -> Any:
        client = ViewComfy(self._server.url, "id", "the-secret")
        parameters = self.python.WORKFLOW.parse(call)
        try:
            self.python.run(
                parameters, client=client, override_workflow=override, send=send
            )
        except InvalidParametersError as error:
            return sorted((each.parameter, each.message) for each in error.faults)
        except InvalidWorkflowError as error:
            return error.message
        finally:
            client.close()
        return told(self._server.requests[-1])

    def sent_by_typescript(self, call: dict[str, Any], override: Any, send: Any) -> Any:
        client = {"kind": "ViewComfy", "url": self._server.url, "token": "secret"}
        options = {"overrideWorkflow": override, "send": send}
        try:
            self._runtime.do(
                self._typescript,
                "run",
                call=json.dumps(call),
                client=client,
                options=options,
            )
        except Failed as failed:
            faults = failed.about.get("faults")
            if faults is None:
                return failed.about["message"]
            return sorted((each["parameter"], each["message"]) for each in faults)
        return told(self._server.requests[-1])


def told(request: Request) -> tuple[Any, Any, set[str]]:
    """The values, the workflow and the keys of the files of a request."""
    override = request.parts.get("workflow_api")
    workflow = json.loads(override) if isinstance(override, str) else None
    return request.params, workflow, set(request.parts) - {"params", "logs"}


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    folder = tmp_path_factory.mktemp("made")
    python = imported(made(OWN).files["made.py"], folder, "overridden")
    typescript = bundled({"made": module_text(OWN)}, folder)["made"]
    with Server(result()) as server, Runtime() as runtime:
        yield Pair(python, typescript, runtime, server)


CHANGES: dict[str, list[Any]] = {
    "steps": [20, 30],
    "cfg": [7, 7.5],
    "denoise": [1, 0.5],
    "positive_prompt": ["a cat", "another"],
    "seed": [1, 2**64 - 1],
}


@given(data=st.data())
@settings(max_examples=60)
def test_any_call_sends_another_workflow_the_same(
    pair: Pair, data: st.DataObject
) -> None:
    properties = pair.python.WORKFLOW.schema["properties"]
    names = data.draw(st.sets(st.sampled_from(sorted(properties))))
    call: dict[str, Any] = {"image": PNG}
    for name in names - {"image"}:
        default = properties[name].get("default")
        values = list(CHANGES.get(name, []))
        if default is not None:
            values.append(default)
        if values:
            call[name] = data.draw(st.sampled_from(values))
    kept = data.draw(st.sets(st.sampled_from(sorted(OWN)), min_size=1))
    override = {id: each for id, each in OWN.items() if id in kept}
    send = data.draw(st.sampled_from(["changed", "all"]))
    ours = pair.sent_by_python(call, override, send)
    assert pair.sent_by_typescript(call, override, send) == ours


def another(**nodes: Any) -> Workflow:
    return {**OWN, **nodes}


def test_a_value_that_is_the_default_is_left_to_the_other_workflow(pair: Pair) -> None:
    default = pair.python.WORKFLOW.defaults["steps"]
    call = {"image": PNG, "steps": default}
    params, workflow, _ = pair.sent_by_typescript(call, another(), "changed")
    assert not any(key.endswith("-steps") for key in params)
    assert workflow == another()


def test_all_values_are_sent_when_that_is_wanted(pair: Pair) -> None:
    params, _, _ = pair.sent_by_typescript({"image": PNG}, another(), "all")
    assert any(key.endswith("-steps") for key in params)


def test_a_workflow_that_gets_nothing_is_sent_a_seed_of_its_own(pair: Pair) -> None:
    own = node("KSampler", steps=5, noise_seed=77, cfg=3)
    image = {id: each for id, each in OWN.items() if each["class_type"] == "LoadImage"}
    override = {"99": own, **image}
    call = {"image": PNG}
    params, _, _ = pair.sent_by_typescript(call, override, "changed")
    assert params == {"99-inputs-noise_seed": 77}
    assert pair.sent_by_python(call, override, "changed")[0] == params


def test_a_node_that_is_missing_counts_only_where_its_parameter_was_set(
    pair: Pair,
) -> None:
    sampler = next(id for id, each in OWN.items() if "steps" in each["inputs"])
    override = {id: each for id, each in OWN.items() if id != sampler}
    assert isinstance(
        pair.sent_by_typescript({"image": PNG}, override, "changed"), tuple
    )
    faults = pair.sent_by_typescript({"image": PNG, "steps": 3}, override, "changed")
    assert faults == [("steps", "the workflow doesn't have this node")]


@pytest.mark.parametrize("override", [None, False])
def test_none_is_no_override(override: Any, pair: Pair) -> None:
    _, workflow, _ = pair.sent_by_typescript({"image": PNG}, override, "changed")
    assert workflow is None


@pytest.mark.parametrize("override", [{}, {"1": 2}, {"1": {"inputs": {}}}, "", "[]"])
def test_what_is_not_a_workflow_is_not_sent(override: Any, pair: Pair) -> None:
    message = pair.sent_by_typescript({"image": PNG}, override, "changed")
    assert message == "overrideWorkflow isn't a workflow in ComfyUI's API format"

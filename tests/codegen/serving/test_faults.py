"""Faults that the local server shows when it is asked to."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

import pytest
import requests

from viewcomfy_codegen.serving import Artifact, Execution, Failed
from viewcomfy_runtime import (
    Call,
    ExecutionError,
    NotFoundError,
    ViewComfy,
    ViewComfyError,
)
from viewcomfy_runtime.calls.call import Watch

from ...helpers.local import ID, SECRET, served, serving
from ...helpers.served import client
from ...helpers.support import node, text_to_image


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ("drop", "ConnectionFailedError"),
        ("drop-stream", "ConnectionFailedError"),
        ("truncate", "ConnectionFailedError"),
        ("html", "ServerError"),
        ("invalid", "ProtocolError"),
        ("error", "ExecutionError"),
        ("broken-base64", "ProtocolError"),
        ("418", "RejectedError"),
        ("429", "RateLimitedError"),
        ("503", "ServerError"),
        ("nonsense", "RejectedError"),
        ("slow=x", "RejectedError"),
        ("redirect", None),
        ("drip", None),
        ("slow=0.1", None),
    ],
)
@pytest.mark.parametrize("logs", [False, True])
def test_a_fault_comes_as_it_is_asked_for(
    module: ModuleType, fault: str, error: str | None, logs: bool
) -> None:
    small = {
        **text_to_image(),
        "5": node("EmptyLatentImage", width=16, height=16, batch_size=1),
    }
    if logs and fault in ("redirect", "drip"):
        pytest.skip("a stream has no such answer")
    with (
        serving(served(small)) as base,
        requests.Session() as session,
    ):
        session.headers["x-viewcomfy-fault"] = fault
        own = ViewComfy(f"{base}/made", ID, SECRET, session=session, retries=0)
        try:
            result = module.run(
                module.Parameters(width=16, height=16),
                client=own,
                on_log=print if logs else None,
            )
            result.outputs[0].read()
        except ViewComfyError as caught:
            assert type(caught).__name__ == error
        else:
            assert error is None


def test_a_failed_run_is_viewcomfys_error() -> None:
    class Failing:
        def stored(self, folder: Path | None) -> None:
            return None

        def execute(self, execution: Execution) -> list[Artifact]:
            execution.report("about to fail")
            raise Failed("out of memory", node="3", class_type="KSampler")

    with serving(served(text_to_image()), executor=Failing()) as base:
        for logs in (None, print):
            with pytest.raises(ExecutionError, match=r"node 3 \(KSampler\): out of"):
                client(base).run(Call({"3-inputs-seed": 1}), watch=Watch(on_log=logs))


def test_an_unknown_workflow_is_not_found(url: str) -> None:
    with pytest.raises(NotFoundError):
        client(url, "nothing").run(Call({"3-inputs-seed": 1}))

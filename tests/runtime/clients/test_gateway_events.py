"""What the gateway sends over Socket.IO while a run lasts, in whatever form it sends it."""

from __future__ import annotations

import json
import threading
from typing import Any

import pytest

from viewcomfy_runtime import Call, ViewComfyGateway
from viewcomfy_runtime.calls.call import Watch
from viewcomfy_runtime.http.deadlines import Deadline

from ...helpers.faults import Asked, Line, faulty, frame
from ...helpers.waiting import LONGEST

pytestmark = pytest.mark.usefixtures("patient_ends")

CALL = Call({"3-inputs-seed": 1})


class Gateway:
    """A gateway whose run ends once these events were sent."""

    def __init__(self, *events: bytes) -> None:
        self._events = events
        self._sent = threading.Event()
        self._scheduled = threading.Event()

    def __call__(self, line: Line, asked: Asked) -> None:
        if asked.path.startswith("/socket.io"):
            line.upgraded(asked)
            line.send(frame(1, b'0{"sid":"a"}') + frame(1, b'40{"sid":"session"}'))
            self._scheduled.wait(LONGEST)
            line.send(b"".join(self._events))
            self._sent.set()
            line.wait()
        elif asked.method == "POST":
            self._scheduled.set()
            line.answer({}, 201)
        else:
            ended = self._sent.wait(LONGEST)
            prompt_id = asked.path.partition("prompt_ids=")[2]
            run = {"promptId": prompt_id, "status": "success", "completed": ended}
            line.answer([run])


def event(name: str, value: Any) -> bytes:
    return frame(1, f"42{json.dumps([name, value])}".encode())


def lines_of(*events: bytes) -> list[str]:
    """The log of a run during which these events arrive."""
    lines: list[str] = []
    last = event("infer_result_message", {})
    with faulty(Gateway(*events, last)) as url:
        client = ViewComfyGateway("https://h", "the-id", "the-secret", base=url)
        with client:
            client.run(CALL, Deadline(LONGEST), Watch(on_log=lines.append))
    return lines


@pytest.mark.parametrize(
    ("value", "line"),
    [
        ("loading the model", "loading the model"),
        ({"message": "loading the model"}, "loading the model"),
        ({"log": "loading the model", "level": 2}, "loading the model"),
        ({"level": 2}, '{"level": 2}'),
        (None, "null"),
    ],
)
def test_a_log_line_is_read_in_any_form(value: Any, line: str) -> None:
    assert lines_of(event("infer_log_message", value)) == [line]


def test_an_error_is_a_line_of_the_log() -> None:
    assert lines_of(event("infer_error_message", {"error": "no memory"})) == [
        "no memory"
    ]


def test_events_of_other_runs_and_of_other_kinds_are_skipped() -> None:
    assert (
        lines_of(
            event("infer_log_message", {"prompt_id": "another", "message": "no"}),
            event("something_else", "no"),
            frame(2, b"bytes"),
            frame(1, b"42not JSON"),
        )
        == []
    )

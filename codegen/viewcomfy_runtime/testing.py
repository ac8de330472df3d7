"""A fake client for the tests of an app: no server, no network, no waiting.

    from viewcomfy_runtime.testing import FakeClient, result_with

    fake = FakeClient(WORKFLOW, [result_with("a.png", PNG), RateLimitedError("busy")])
    my_app.make_portrait("me.jpg", client=fake)
    assert fake.calls[0].parameters.steps == 30

For a server that checks calls and answers over HTTP, see `viewcomfy_codegen.serving.running`.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeAlias, TypeVar

from .calls.call import QUIET, Call, Status, Watch
from .calls.events import Event
from .clients.closing import ClosableClient
from .errors import NotFoundError, RunCancelledError, ViewComfyError, wrong_type
from .http.deadlines import Deadline
from .parameters.media import UNKNOWN, type_of
from .results.files import OutputFile
from .results.result import PromptResult

if TYPE_CHECKING:
    from .json_types import Arguments, JsonObject, JsonValue
    from .workflow import Workflow

P = TypeVar("P")
R = TypeVar("R", bound=PromptResult)

Answer: TypeAlias = "PromptResult | BaseException"


def result_with(
    filename: str, data: bytes | str, *, node: str | None = None, **fields: Any
) -> PromptResult:
    """A result with one file, whose content is bytes or text.

    `node` is the id of the output node that made it; without it, the node is found by the file's
    name and type, as for a real result. `fields` are other fields of PromptResult.
    """
    content = data.encode() if isinstance(data, str) else data
    kind = type_of(filename) or UNKNOWN
    file = OutputFile(filename, kind, len(content), node, data=content)
    return _result({"outputs": (file,), **fields})


def _result(fields: Mapping[str, Any]) -> PromptResult:
    values: Arguments = {
        "prompt_id": "fake",
        "status": "success",
        "completed": True,
        "execution_time_seconds": 0.0,
        "outputs": (),
        "prompt": {},
        "params": {},
    }
    return PromptResult(**{**values, **fields})


@dataclass(frozen=True, slots=True)
class FakeCall(Generic[P]):
    """A call that a FakeClient received: the parameters, and what would have been sent."""

    parameters: P
    call: Call


class FakeClient(ClosableClient, Generic[P, R]):
    """A client that returns prepared answers in order, and records the calls in `calls`.

    An answer is a result, or an error to raise; the last one is repeated. `progress` lists the
    events that precede every answer. The client supports jobs, can be shared between threads, and
    is a context manager like every client.
    """

    def __init__(
        self,
        workflow: Workflow[P, R],
        answers: Iterable[Answer] = (),
        *,
        progress: Iterable[Event] = (),
    ) -> None:
        self.calls: list[FakeCall[P]] = []
        self._workflow = workflow
        self._answers = list(answers) or [_result({})]
        for each in self._answers:
            if not isinstance(each, PromptResult | BaseException):
                raise wrong_type("an answer", "a result or an error", each)
        self._progress = tuple(progress)
        self._lock = threading.Lock()
        self._jobs: dict[str, Answer] = {}

    def close(self) -> None:
        """Nothing to close: there are no connections."""

    def run(
        self, call: Call, deadline: Deadline | None = None, watch: Watch = QUIET
    ) -> PromptResult:
        """Return the next answer after the events, or raise it if it is an error."""
        answer = self._next(call)
        for event in self._progress:
            watch.notify(event)
        return _given(answer, call.params)

    def request(self, call: Call) -> Mapping[str, JsonValue]:
        """What would be sent for the call."""
        params: JsonObject = dict(call.params)
        return {"fields": {"params": params}, "files": call.file_summaries()}

    def submit(self, call: Call, deadline: Deadline) -> str:
        """Start a run whose result is the next answer.

        Raises the answer if it is an error after which nothing ran, such as a RateLimitedError.
        """
        answer = self._next(call)
        if isinstance(answer, ViewComfyError) and not answer.may_have_run:
            raise _own(answer)
        prompt_id = f"fake-{len(self.calls)}"
        self._jobs[prompt_id] = answer
        return prompt_id

    def status(self, prompt_id: str, deadline: Deadline | None = None) -> Status:
        """The status of a run. A fake run ends as soon as it starts."""
        answer = self._jobs.get(prompt_id)
        if answer is None:
            return "unknown"
        if isinstance(answer, RunCancelledError):
            return "cancelled"
        return "success" if isinstance(answer, PromptResult) else "error"

    def result(
        self,
        prompt_id: str,
        params: Mapping[str, JsonValue],
        deadline: Deadline | None = None,
        watch: Watch = QUIET,
    ) -> PromptResult:
        """Return the run's answer after the events, or raise it if it is an error."""
        if prompt_id not in self._jobs:
            raise NotFoundError("there is no such run", prompt_id=prompt_id)
        for event in self._progress:
            watch.notify(event)
        return _given(self._jobs[prompt_id], params)

    def cancel(self, prompt_id: str, deadline: Deadline | None = None) -> None:
        """Cancel a run, whose result is then a RunCancelledError."""
        self._jobs[prompt_id] = RunCancelledError(
            "the run was canceled", at_server=True, prompt_id=prompt_id
        )

    def _next(self, call: Call) -> Answer:
        with self._lock:
            number = min(len(self.calls), len(self._answers) - 1)
            self.calls.append(FakeCall(self._parameters(call), call))
            return self._answers[number]

    def _parameters(self, call: Call) -> P:
        """The parameters of a call, read back from what would be sent."""
        from .parameters.files import Stored

        values: Arguments = {}
        for field in self._workflow.fields:
            key = field.inputs[0].key
            if key in call.files:
                values[field.name] = call.files[key]
            elif key in call.params:
                value = call.params[key]
                if isinstance(value, dict) and value.keys() == {"__value__"}:
                    value = value["__value__"]
                is_file = field.media is not None
                values[field.name] = Stored(str(value)) if is_file else value
        return self._workflow.parameters(**values)


def _given(answer: Answer, params: Mapping[str, JsonValue]) -> PromptResult:
    if isinstance(answer, BaseException):
        raise _own(answer)
    from dataclasses import replace

    return replace(answer, params=dict(params))


def _own(answer: BaseException) -> BaseException:
    """A copy of an error for each call, since a run adds its parameters to it."""
    if not isinstance(answer, ViewComfyError):
        return answer
    # Not with `copy`: libraries that pickle tracebacks make it share the error's attributes.
    kind = type(answer)
    own = kind.__new__(kind, *answer.args)
    own.__dict__.update(answer.__dict__)
    return own


__all__ = ["FakeCall", "FakeClient", "result_with"]

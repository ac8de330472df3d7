"""The workflow behind a generated module: checks a call, says it in the wire's words and runs it.

A module is imported more often than it runs: what only a call needs is imported by the call.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cached_property, partial
from os import PathLike
from typing import TYPE_CHECKING, Any, Final, Generic, TypeAlias, TypeVar

from .errors import Fault, InvalidParametersError, InvalidWorkflowError, ViewComfyError
from .parameters.format import require_format
from .results.result import PromptResult

if TYPE_CHECKING:
    from concurrent.futures import Executor
    from reprlib import Repr

    from .calls.call import Call, Client, Progress, Watch
    from .http.deadlines import Deadline
    from .parameters.docs import About
    from .parameters.fields import Field
    from .parameters.files import Upload
    from .parameters.outputs import OutputNode
    from .results.naming import Naming
    from .runs.batches import Outcome
    from .runs.jobs import Job

P = TypeVar("P")
R = TypeVar("R", bound=PromptResult)

Override: TypeAlias = bool | str | PathLike[str] | Mapping[str, Any]
"""A workflow to run in place of the deployed one: True for the module's own, else its file or its nodes."""

_PYDANTIC: Final = {
    "extra": "forbid",
    "allow_inf_nan": False,
    "use_attribute_docstrings": True,
}


class Workflow(Generic[P, R]):
    """A deployed workflow: the parameters of a call to it, what a run gives, and its graph.

    `about` is JSON text of what people read about single parameters and outputs; a string in the
    module, it survives where sources and docstrings don't. `fallback` are wire values that are sent
    when a call has no other: ViewComfy refuses an empty `params`.
    """

    def __init__(
        self,
        parameters: type[P],
        result: type[R],
        *,
        format: int,
        title: str,
        about: str = "{}",
        graph: str | None = None,
        fallback: Mapping[str, Any] | None = None,
    ) -> None:
        require_format(parameters.__module__, format)
        self.parameters = parameters
        self.result = result
        self.title = title
        self._about = about
        self._graph = graph
        self._fallback = dict(fallback or {})
        # How pydantic, where it is used, takes the class: as strictly as `parse`, with its sentences.
        setattr(parameters, "__pydantic_config__", dict(_PYDANTIC))  # noqa: B010
        setattr(parameters, "__doc__", _Help(self))  # noqa: B010
        setattr(parameters, "__repr__", _short_repr)  # noqa: B010

    def __repr__(self) -> str:
        return f"Workflow({self.title!r})"

    @cached_property
    def _parts(self) -> dict[str, dict[str, dict[str, Any]]]:
        import json

        parts: dict[str, dict[str, dict[str, Any]]] = json.loads(self._about)
        return parts

    @cached_property
    def fields(self) -> tuple[Field, ...]:
        """The parameters one by one, with type, default, inputs and documentation."""
        from .parameters.docs import About
        from .parameters.fields import fields_of

        parts = self._parts.get("parameters", {})
        about: dict[str, About] = {
            name: About.from_json(each) for name, each in parts.items()
        }
        return fields_of(self.parameters, about)

    def field(self, name: str) -> Field:
        """One parameter by its name. Raises KeyError for a name that is not a parameter."""
        for each in self.fields:
            if each.name == name:
                return each
        raise KeyError(name)

    @property
    def defaults(self) -> dict[str, Any]:
        """The workflow's own values by name; what a call has to give is not among them."""
        return {each.name: each.default for each in self.fields if not each.required}

    @cached_property
    def outputs(self) -> tuple[OutputNode, ...]:
        """The output nodes one by one, each under the name of its property in the result."""
        from .parameters.outputs import OutputNode

        parts = self._parts.get("outputs", {})
        return tuple(OutputNode.from_json(name, each) for name, each in parts.items())

    @property
    def schema(self) -> dict[str, Any]:
        """The JSON Schema (draft 2020-12) of a call, as `parse` reads it."""
        from .parameters.fields import schema_of_fields

        return schema_of_fields(self.title, self.fields, self.outputs)

    @property
    def graph(self) -> dict[str, Any]:
        """The workflow in ComfyUI's API format, as it was when the module was generated.

        Raises InvalidWorkflowError where the module was generated without it.
        """
        import json

        if self._graph is None:
            raise InvalidWorkflowError(
                f"the module of {self.title!r} does not carry its workflow",
                hint="generate it again without --no-embed",
            )
        graph: dict[str, Any] = json.loads(self._graph)
        return graph

    def parse(self, call: Mapping[str, Any]) -> P:
        """`Parameters` from a call as JSON: names and values, files as `data:` URIs.

        Raises InvalidParametersError with all faults at once.
        """
        from .parameters.wire import parsed

        return self.parameters(**parsed(self.fields, call))

    def parse_texts(self, texts: Mapping[str, Any]) -> P:
        """`Parameters` from a form: texts as a command line takes them, files as they were uploaded.

        "" leaves the default, "random" draws a seed. A file is a `data:` URI or an object with
        `filename`, `content_type` and `file`, as FastAPI, Starlette and Flask have them.
        Raises InvalidParametersError with all faults at once.
        """
        from .parameters.texts import parsed_texts

        values = parsed_texts(self.fields, texts)
        return self.parse(values)

    def to_json(self, parameters: P) -> dict[str, Any]:
        """A call as JSON, the reverse of `parse`: for queues, logs and files of calls.

        Files become `data:` URIs. Raises InvalidParametersError for what can't be written so: a file
        that can't be read, or one that only the server has.
        """
        from .parameters.wire import json_of

        return json_of(self.fields, parameters)

    def check(self, parameters: P) -> list[Fault]:
        """Everything that is wrong with a call, without sending it; empty where nothing is."""
        try:
            self.to_wire(parameters)
        except InvalidParametersError as error:
            return list(error.faults)
        return []

    def drawn(self, parameters: P, *, all: bool = False) -> P:
        """The call with a number for every seed that is None; with `all`, for every seed."""
        from .parameters.wire import drawn_in

        return drawn_in(self.fields, parameters, all=all)

    def to_wire(self, parameters: P) -> tuple[dict[str, Any], dict[str, Upload]]:
        """What is sent for a call: the values and the files, both by wire key.

        All values are sent, untouched ones too; files where they are set; None as a seed becomes a
        number drawn from the input's range. Raises InvalidParametersError with all faults at once.
        """
        from .parameters.wire import wire_of

        params, files = wire_of(self.fields, parameters)
        return params or dict(self._fallback), files

    def run(
        self,
        parameters: P,
        *,
        client: Client | None = None,
        on_log: Callable[[str], object] | None = None,
        on_progress: Callable[[Progress], object] | None = None,
        timeout: float | None = None,
        override_workflow: Override = False,
    ) -> R:
        """Run the workflow once and wait for its result.

        Without `client` the environment says where: VIEWCOMFY_API_URL, VIEWCOMFY_CLIENT_ID and VIEWCOMFY_CLIENT_SECRET.
        `on_log` hears the lines of the run's log as they are written, `on_progress` of its steps. `timeout` is in seconds,
        over the whole call, 2400 by default. `override_workflow` runs another workflow in place of the deployed one: True
        the one that this module was made from, else a file's path or the nodes themselves.

        Raises ViewComfyError: InvalidParametersError before anything is sent, others as documented there.
        """
        from .calls.call import LONGEST_RUN, Watch
        from .clients.environment import client_from_environment
        from .http.deadlines import Deadline

        call = self.call(parameters, override_workflow)
        deadline = Deadline(LONGEST_RUN if timeout is None else timeout)
        client = client or client_from_environment()
        return self.run_call(client, call, deadline, Watch(on_log, on_progress))

    async def arun(
        self,
        parameters: P,
        *,
        client: Client | None = None,
        on_log: Callable[[str], object] | None = None,
        on_progress: Callable[[Progress], object] | None = None,
        timeout: float | None = None,
        override_workflow: Override = False,
    ) -> R:
        """`run`, awaitable: it waits in a thread of its own, and cancelling it ends the request.

        `on_log` and `on_progress` are called in the event loop.
        """
        from .calls.call import LONGEST_RUN, Watch
        from .clients.environment import client_from_environment
        from .http.deadlines import Deadline
        from .runs.threads import in_loop, in_thread

        call = self.call(parameters, override_workflow)
        deadline = Deadline(LONGEST_RUN if timeout is None else timeout)
        client = client or client_from_environment()
        watch = Watch(in_loop(on_log), in_loop(on_progress))
        return await in_thread(
            partial(self.run_call, client, call, deadline, watch), deadline.cancel
        )

    def submit(
        self,
        parameters: P,
        *,
        client: Client | None = None,
        timeout: float = 120.0,
        override_workflow: Override = False,
    ) -> Job[R]:
        """Start a run and return at once, with a job that is asked after, awaited, cancelled, pickled or reopened.

        `timeout` is in seconds, for starting it, uploads included. Raises ViewComfyError, and ConfigurationError for a client
        that keeps no runs.
        """
        from .clients.environment import job_client
        from .http.deadlines import Deadline
        from .runs.jobs import Job

        keeper = job_client(client)
        call = self.call(parameters, override_workflow)
        try:
            prompt_id = keeper.submit(call, Deadline(timeout))
        except InvalidParametersError as error:
            raise self._by_name(error) from None
        return Job(prompt_id, keeper, self._naming, call.params)

    def job(self, prompt_id: str, *, client: Client | None = None) -> Job[R]:
        """The job of a run that was started elsewhere. Raises ConfigurationError for a client that keeps no runs."""
        from .clients.environment import job_client
        from .runs.jobs import Job

        return Job(prompt_id, job_client(client), self._naming)

    def run_many(
        self,
        parameters: Iterable[P],
        *,
        client: Client | None = None,
        max_concurrency: int = 8,
        executor: Executor | None = None,
        on_result: Callable[[int, R | ViewComfyError], object] | None = None,
        timeout: float | None = None,
        override_workflow: Override = False,
    ) -> list[R | ViewComfyError]:
        """Run the workflow for each of the parameters, a few at a time: the results in their order, each a result or its error.

        `on_result` hears of each as it ends, with its place in the order. `timeout` is in seconds for each run, 2400 by default.
        `executor`, any of `concurrent.futures`' kind, takes the runs to other threads, processes or machines: the files are
        read here. Raises ValueError for a concurrency below 1.
        """
        from .calls.call import LONGEST_RUN
        from .clients.environment import client_from_environment
        from .runs.batches import run_calls

        if max_concurrency < 1:
            raise ValueError("max_concurrency must be at least 1")
        outcomes = run_calls(
            [partial(self.call, each, override_workflow) for each in parameters],
            client or client_from_environment(),
            max_concurrency=max_concurrency,
            timeout=LONGEST_RUN if timeout is None else timeout,
            executor=executor,
            on_result=on_result and partial(self._hear, on_result),
        )
        return [self._named(outcome) for outcome in outcomes]

    def _hear(
        self,
        on_result: Callable[[int, R | ViewComfyError], object],
        index: int,
        outcome: Outcome,
    ) -> None:
        on_result(index, self._named(outcome))

    def _named(self, outcome: Outcome) -> R | ViewComfyError:
        if isinstance(outcome, InvalidParametersError):
            return self._by_name(outcome)
        return self._naming(outcome) if isinstance(outcome, PromptResult) else outcome

    def call(
        self,
        parameters: P,
        override_workflow: Override = False,
    ) -> Call:
        """What a client is given to run. Raises InvalidParametersError and InvalidWorkflowError."""
        from .calls.call import Call
        from .calls.overrides import read_override

        params, files = self.to_wire(parameters)
        if not params:
            raise InvalidWorkflowError(
                f"the workflow {self.title!r} holds no value that a call could send, and ViewComfy refuses an empty one",
                hint="set any value in one of its nodes and export it again",
            )
        own = self._nodes
        return Call(params, files, own, read_override(override_workflow, own))

    @cached_property
    def _nodes(self) -> Mapping[str, Any] | None:
        """The graph that calls share, so that it is parsed once."""
        return None if self._graph is None else self.graph

    def run_call(
        self, client: Client, call: Call, deadline: Deadline, watch: Watch
    ) -> R:
        """Have `client` run what `call` gave. Raises ViewComfyError."""
        from .calls.overrides import warn_of_another

        try:
            made = client.run(call, deadline, watch)
        except InvalidParametersError as error:
            raise self._by_name(error) from None
        warn_of_another(self.title, call, made)
        return self._naming(made)

    @cached_property
    def _naming(self) -> Naming[R]:
        from .results.naming import Naming

        return Naming(self.result, self.outputs)

    def _by_name(self, error: InvalidParametersError) -> InvalidParametersError:
        """A client knows wire keys only; the caller knows names."""
        names = {each.key: field.name for field in self.fields for each in field.inputs}
        return InvalidParametersError(
            tuple(
                Fault(names.get(fault.parameter, fault.parameter), fault.message)
                for fault in error.faults
            )
        )


class _Help:
    """The docstring of `Parameters`, made when somebody reads it: what every field is for.

    `help()` shows nothing of the texts below the fields, and compiled modules have none of them.
    """

    def __init__(self, workflow: Workflow[Any, Any]) -> None:
        self._workflow = workflow

    def __get__(self, instance: object, owner: type) -> str:
        hints = owner.__annotations__
        lines = ["What a call can set. The defaults are the workflow's own values."]
        for field in self._workflow.fields:
            lines += [
                "",
                f"{field.name}: {hints[field.name].partition('[')[2].partition(',')[0]}",
            ]
            lines += [f"    {each}" for each in field.paragraphs("None")]
        return "\n".join(lines)


def _short_repr(parameters: Any) -> str:
    """A call on one line, whatever files and texts it holds."""
    from dataclasses import fields
    from reprlib import Repr

    short = Repr()
    short.maxstring = short.maxother = 80
    values = (
        f"{each.name}={_value(short, getattr(parameters, each.name))}"
        for each in fields(parameters)
    )
    return f"{type(parameters).__qualname__}({', '.join(values)})"


def _value(short: Repr, value: object) -> str:
    return f"<{len(value)} bytes>" if isinstance(value, bytes) else short.repr(value)

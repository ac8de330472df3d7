"""The workflow behind a generated module: checks a call, says it in the wire's words and runs it.

A module is imported more often than it runs: what only a call needs is imported by the call.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cached_property, partial
from os import PathLike
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

from .errors import (
    Fault,
    IncompatibleModuleError,
    InvalidParametersError,
    InvalidWorkflowError,
)

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from .calls.call import Call, Client, Progress, Watch
    from .http.deadlines import Deadline
    from .parameters.fields import Field
    from .parameters.files import Upload
    from .parameters.types import Integer
    from .results.result import PromptResult
    from .runs.batches import Outcome
    from .runs.jobs import Job

P = TypeVar("P")

FORMAT: Final = 1
"""The format of generated modules that this runtime serves."""

_PYDANTIC: Final = {
    "extra": "forbid",
    "allow_inf_nan": False,
    "use_attribute_docstrings": True,
}

UNKNOWN_SEED_RANGE: Final = (0, 2**32 - 1)
"""Where a seed is drawn from when its node's range is not known: what the narrowest nodes accept."""


class Workflow(Generic[P]):
    """A deployed workflow: the parameters of a call to it, and its graph.

    `fallback` are wire values that are sent when a call has no other: ViewComfy refuses an empty `params`.
    """

    def __init__(
        self,
        parameters: type[P],
        *,
        format: int,
        title: str,
        graph: str | None = None,
        fallback: Mapping[str, Any] | None = None,
    ) -> None:
        if format != FORMAT:
            raise _incompatible(parameters.__module__, format)
        # How pydantic, where it is used, takes the class: as strictly as `parse`, with its sentences.
        setattr(parameters, "__pydantic_config__", dict(_PYDANTIC))  # noqa: B010
        self.parameters = parameters
        self.title = title
        self._graph = graph
        self._fallback = dict(fallback or {})

    def __repr__(self) -> str:
        return f"Workflow({self.title!r})"

    @cached_property
    def fields(self) -> tuple[Field, ...]:
        """The parameters one by one, with type, default, inputs and documentation."""
        from .parameters.docs import attribute_docs
        from .parameters.fields import fields_of

        return fields_of(self.parameters, attribute_docs(self.parameters))

    @property
    def schema(self) -> dict[str, Any]:
        """The JSON Schema (draft 2020-12) of a call, as `parse` reads it."""
        from .parameters.fields import schema_of_fields

        return schema_of_fields(self.title, self.fields)

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
        from .parameters.types import Refused, accept

        if not isinstance(call, Mapping):
            raise InvalidParametersError(
                (Fault("(the call)", "must be an object of names and values"),)
            )
        known = {field.name: field for field in self.fields}
        values: dict[str, Any] = {}
        faults = [
            Fault(str(name), _unknown(str(name), known))
            for name in call
            if name not in known
        ]
        for name, field in known.items():
            if name in call:
                try:
                    values[name] = accept(field.type, call[name])
                except Refused as refused:
                    faults.append(Fault(name, str(refused)))
            elif field.required:
                faults.append(Fault(name, "is required"))
        if faults:
            raise InvalidParametersError(tuple(faults))
        return self.parameters(**values)

    def to_wire(self, parameters: P) -> tuple[dict[str, Any], dict[str, Upload]]:
        """What is sent for a call: the values and the files, both by wire key.

        All values are sent, untouched ones too; files where they are set; None as a seed becomes a number drawn
        from the input's range. Raises InvalidParametersError with all faults at once.
        """
        from .parameters.files import Stored, as_upload
        from .parameters.types import Integer, Media, accept

        params: dict[str, Any] = {}
        files: dict[str, Upload] = {}
        faults: list[Fault] = []
        for field in self.fields:
            try:
                value = accept(field.type, getattr(parameters, field.name))
                if isinstance(field.type, Media):
                    if isinstance(value, Stored):
                        params |= {each.key: value.name for each in field.inputs}
                    elif value is not None:
                        upload = as_upload(value, field.name)
                        files |= {each.key: upload for each in field.inputs}
                    continue
            except ValueError as error:
                faults.append(Fault(field.name, str(error)))
                continue
            if value is None and isinstance(field.type, Integer):
                value = _drawn(field.type)
            wire = {"__value__": value} if isinstance(value, list) else value
            params |= {each.key: wire for each in field.inputs}
        if faults:
            raise InvalidParametersError(tuple(faults))
        return params or dict(self._fallback), files

    def run(
        self,
        parameters: P,
        *,
        client: Client | None = None,
        on_log: Callable[[str], object] | None = None,
        on_progress: Callable[[Progress], object] | None = None,
        timeout: float | None = None,
        override_workflow: bool | str | PathLike[str] | Mapping[str, Any] = False,
    ) -> PromptResult:
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
        override_workflow: bool | str | PathLike[str] | Mapping[str, Any] = False,
    ) -> PromptResult:
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
        override_workflow: bool | str | PathLike[str] | Mapping[str, Any] = False,
    ) -> Job:
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
        return Job(prompt_id, keeper, call.params)

    def job(self, prompt_id: str, *, client: Client | None = None) -> Job:
        """The job of a run that was started elsewhere. Raises ConfigurationError for a client that keeps no runs."""
        from .clients.environment import job_client
        from .runs.jobs import Job

        return Job(prompt_id, job_client(client))

    def run_many(
        self,
        parameters: Iterable[P],
        *,
        client: Client | None = None,
        max_concurrency: int = 8,
        executor: Executor | None = None,
        on_result: Callable[[int, Outcome], object] | None = None,
        timeout: float | None = None,
        override_workflow: bool | str | PathLike[str] | Mapping[str, Any] = False,
    ) -> list[Outcome]:
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
        self, on_result: Callable[[int, Outcome], object], index: int, outcome: Outcome
    ) -> None:
        on_result(index, self._named(outcome))

    def _named(self, outcome: Outcome) -> Outcome:
        if isinstance(outcome, InvalidParametersError):
            return self._by_name(outcome)
        return outcome

    def call(
        self,
        parameters: P,
        override_workflow: bool | str | PathLike[str] | Mapping[str, Any] = False,
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
    ) -> PromptResult:
        """Have `client` run what `call` gave. Raises ViewComfyError."""
        from .calls.overrides import warn_of_another

        try:
            result = client.run(call, deadline, watch)
        except InvalidParametersError as error:
            raise self._by_name(error) from None
        warn_of_another(self.title, call, result)
        return result

    def _by_name(self, error: InvalidParametersError) -> InvalidParametersError:
        """A client knows wire keys only; the caller knows names."""
        names = {each.key: field.name for field in self.fields for each in field.inputs}
        return InvalidParametersError(
            tuple(
                Fault(names.get(fault.parameter, fault.parameter), fault.message)
                for fault in error.faults
            )
        )

    def main(self, arguments: list[str] | None = None) -> int:
        """The module's command line; the exit code is 0 done, 1 failed, 2 wrong usage."""
        from .cli.main import main

        return main(self, arguments)


def _incompatible(module: str, format: int) -> IncompatibleModuleError:
    if format > FORMAT:
        return IncompatibleModuleError(
            f"{module} was generated by a newer viewcomfy-codegen than the one installed here",
            hint="pip install --upgrade viewcomfy-codegen",
        )
    return IncompatibleModuleError(
        f"{module} was generated by an older viewcomfy-codegen than the one installed here serves",
        hint="generate it again with viewcomfy-codegen",
    )


def _unknown(name: str, known: Mapping[str, Field]) -> str:
    from difflib import get_close_matches

    nearest = get_close_matches(name, known, n=1)
    return "is no parameter" + (f"; did you mean {nearest[0]}?" if nearest else "")


def _drawn(kind: Integer) -> int:
    from random import SystemRandom

    lo, hi = UNKNOWN_SEED_RANGE
    if kind.hi is not None:
        hi = int(kind.hi)
    if kind.lo is not None:
        # Nodes use negative seeds as commands (-1: random, -2: increment), so none is drawn.
        lo = max(int(kind.lo), min(0, hi))
    return SystemRandom().randint(lo, max(lo, hi))

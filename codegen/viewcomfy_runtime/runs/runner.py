"""Shared by all ways to run a workflow: building calls and processing their outcomes."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Generic, Literal, TypeAlias, TypeVar

from ..errors import InvalidParametersError, RejectedError, ViewComfyError
from ..results.result import PromptResult

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from os import PathLike

    from ..calls.call import Call, Client, Watch
    from ..http.deadlines import Deadline
    from ..results.naming import Naming

P = TypeVar("P")
R = TypeVar("R", bound=PromptResult)

Override: TypeAlias = "bool | str | PathLike[str] | Mapping[str, object] | None"
"""A workflow to run instead of the deployed one: True for the module's own, or a file's path, or
the nodes themselves.
"""

Send: TypeAlias = Literal["changed", "all"]
"""Which values to send to another workflow: only those that differ from the module's defaults, or
all.
"""


class Runner(Generic[P, R]):
    """What `Workflow` provides for runs: building a call, and turning its result into the module's
    own.
    """

    title: str

    def call(
        self,
        parameters: P,
        override_workflow: Override = False,
        send: Send = "changed",
    ) -> Call:
        """The call to pass to a client. Raises InvalidParametersError and InvalidWorkflowError."""
        raise NotImplementedError

    def drawn(self, parameters: P, *, all: bool = False) -> P:
        """The parameters with a random number for each seed that is None or, with `all`, for every
        seed.
        """
        raise NotImplementedError

    if TYPE_CHECKING:

        @cached_property
        def naming(self) -> Naming[R]:
            """Turns a client's result into the module's own."""
            ...

    def by_name(self, error: ViewComfyError) -> ViewComfyError:
        """The error with parameter names instead of wire keys, which are all a client knows."""
        raise NotImplementedError

    def run_call(
        self,
        client: Client,
        call: Call,
        deadline: Deadline,
        watch: Watch,
        parameters: P | None = None,
    ) -> R:
        """Run `call`, built from `parameters`, with `client`. Raises ViewComfyError."""
        from .observing import observed

        try:
            made = observed(client, call, deadline, watch)
        except ViewComfyError as error:
            raise self._with_parameters(error, parameters) from None
        return self._named_result(call, made, parameters)

    def _maker(self, override: Override, send: Send) -> Callable[[P], Call]:
        def make(parameters: P) -> Call:
            try:
                return self.call(parameters, override, send)
            except ViewComfyError as error:
                error.parameters = parameters
                raise

        return make

    def _named_result(self, call: Call, made: PromptResult, parameters: P | None) -> R:
        from ..calls.overrides import warn_if_different

        warn_if_different(self.title, call, made)
        return self.naming(made, parameters)

    def _with_parameters(
        self, error: ViewComfyError, parameters: P | None
    ) -> ViewComfyError:
        if error.from_callback:
            return error
        if isinstance(error, InvalidParametersError | RejectedError):
            named = self.by_name(error)
            named.attempt, named.wall_seconds = error.attempt, error.wall_seconds
            error = named
        error.parameters = parameters
        return error

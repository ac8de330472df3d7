"""The workflow of a generated module: checks calls, converts them to what is sent, and runs them.

A module is imported more often than it is run, so code that only a call needs is imported by the
call.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Final

from .errors import (
    InvalidParametersError,
    InvalidWorkflowError,
    RejectedError,
    ViewComfyError,
)
from .faults import Fault
from .parameters.display import Help, short_repr
from .parameters.format import require_format
from .parameters.key import WireKey
from .runs.many import ManyRuns
from .runs.runner import Override, P, R, Send
from .runs.single import SingleRuns
from .runs.submitted import SubmittedRuns

if TYPE_CHECKING:
    from .calls.call import Call
    from .json_types import (
        ApiWorkflow,
        Arguments,
        JsonObject,
        JsonSchema,
        JsonValue,
    )
    from .parameters.docs import About
    from .parameters.fields import Field
    from .parameters.files import Upload
    from .parameters.outputs import OutputNode
    from .results.naming import Naming

_PYDANTIC: Final = {
    "extra": "forbid",
    "allow_inf_nan": False,
    "use_attribute_docstrings": True,
}


class Workflow(SingleRuns[P, R], SubmittedRuns[P, R], ManyRuns[P, R]):
    """A deployed workflow: the parameters of its calls, its outputs, and its graph.

    `about` is JSON with the documentation of each parameter and output; as a string in the module,
    it is available even without sources and docstrings. `fallback` are the values to send, by wire
    key, if a call has none: ViewComfy rejects an empty `params`.
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
        fallback: Mapping[str, JsonValue] | None = None,
    ) -> None:
        require_format(parameters.__module__, format)
        self.parameters = parameters
        self.result = result
        self.title = title
        self._about = about
        self._graph = graph
        self._fallback = dict(fallback or {})
        # pydantic, if it is used, validates the class as strictly as `parse`, and documents it.
        setattr(parameters, "__pydantic_config__", dict(_PYDANTIC))  # noqa: B010
        setattr(parameters, "__doc__", Help(lambda: self.fields))  # noqa: B010
        setattr(parameters, "__repr__", short_repr)  # noqa: B010

    def __repr__(self) -> str:
        return f"Workflow({self.title!r})"

    @cached_property
    def _parts(self) -> dict[str, dict[str, JsonObject]]:
        import json

        parts: dict[str, dict[str, JsonObject]] = json.loads(self._about)
        return parts

    @cached_property
    def fields(self) -> tuple[Field, ...]:
        """The parameters, each with its type, default, inputs and documentation."""
        from .parameters.annotations import fields_of
        from .parameters.docs import About

        parts = self._parts.get("parameters", {})
        about: dict[str, About] = {
            name: About.from_json(each) for name, each in parts.items()
        }
        return fields_of(self.parameters, about)

    def field(self, name: str) -> Field:
        """The parameter with this name. Raises KeyError if there is none."""
        for each in self.fields:
            if each.name == name:
                return each
        raise KeyError(name)

    @property
    def defaults(self) -> Arguments:
        """The workflow's own values by name, except those of required parameters."""
        return {each.name: each.default for each in self.fields if not each.required}

    @cached_property
    def outputs(self) -> tuple[OutputNode, ...]:
        """The output nodes, each under the name of its property in the result."""
        from .parameters.outputs import OutputNode

        parts = self._parts.get("outputs", {})
        return tuple(OutputNode.from_json(name, each) for name, each in parts.items())

    @property
    def schema(self) -> JsonSchema:
        """The JSON Schema (draft 2020-12) of a call that `parse` accepts."""
        from .parameters.schemas import schema_of_fields

        return schema_of_fields(self.title, self.fields, self.outputs)

    @property
    def graph(self) -> ApiWorkflow:
        """The workflow in ComfyUI's API format, as the module was generated from it.

        Raises InvalidWorkflowError if the module was generated without it.
        """
        import json

        from .json_types import nodes_in

        if self._graph is None:
            raise InvalidWorkflowError(
                f"the module of {self.title!r} doesn't contain its workflow",
                hint="generate it again without --no-embed",
            )
        return nodes_in(json.loads(self._graph))

    def parse(self, call: Mapping[str, object], *, urls: bool = False) -> P:
        """`Parameters` from a JSON object of names and values, with files as `data:` URIs.

        With `urls`, files may also be http(s) URLs of public hosts, which are downloaded when the
        call is run. Raises InvalidParametersError listing all faults.
        """
        from .parameters.wire import parsed

        return self.parameters(**parsed(self.fields, call, urls=urls))

    def parse_texts(self, texts: Mapping[str, object]) -> P:
        """`Parameters` from a form: strings as a command line accepts them, and uploaded files.

        "" keeps the default, "random" draws a seed. A file is a `data:` URI or an object with
        `filename`, `content_type` and `file`, as in FastAPI, Starlette and Flask.
        Raises InvalidParametersError listing all faults.
        """
        from .parameters.texts import parsed_texts

        values = parsed_texts(self.fields, texts)
        return self.parse(values)

    def to_json(self, parameters: P) -> JsonObject:
        """A call as JSON, the inverse of `parse`: for queues, logs and files of calls.

        Files become `data:` URIs. Raises InvalidParametersError for a file that can't be read, or
        that only the server has.
        """
        from .parameters.wire import json_of

        return json_of(self.fields, parameters)

    def check(self, parameters: P) -> list[Fault]:
        """All faults of a call, which isn't sent; empty if it is valid."""
        try:
            self.to_wire(parameters)
        except InvalidParametersError as error:
            return list(error.faults)
        return []

    def drawn(self, parameters: P, *, all: bool = False) -> P:
        """The call with a random number for each seed that is None; with `all`, for every seed."""
        from .parameters.wire import with_drawn_seeds

        return with_drawn_seeds(self.fields, parameters, all=all)

    def to_wire(self, parameters: P) -> tuple[JsonObject, dict[str, Upload]]:
        """The values and the files that are sent for a call, both by wire key.

        All values are sent, also defaults, and files that are set. A seed of None becomes a random
        number from the input's range. Raises InvalidParametersError listing all faults.
        """
        from .parameters.wire import wire_of

        params, files = wire_of(self.fields, parameters)
        return params or dict(self._fallback), files

    def call(
        self,
        parameters: P,
        override_workflow: Override = False,
        send: Send = "changed",
    ) -> Call:
        """The call to pass to a client. Raises InvalidParametersError and InvalidWorkflowError."""
        from .calls.call import Call
        from .calls.overrides import read_override, values_for
        from .parameters.wire import defaults_of

        if send not in ("changed", "all"):
            raise ValueError(f'send must be "changed" or "all", not {send!r}')
        params, files = self.to_wire(parameters)
        own = self._nodes
        override = read_override(override_workflow, own)
        if override is not None and override is not own:
            defaults = defaults_of(self.fields) if send == "changed" else {}
            try:
                params = values_for(override, params, files, defaults)
            except InvalidParametersError as error:
                raise self.by_name(error) from None
        if not params:
            raise InvalidWorkflowError(
                f"the workflow {self.title!r} has no value that a call could send,"
                " and ViewComfy rejects an empty call",
                hint="set any value in one of its nodes and export it again",
            )
        return Call(params, files, own, override, self.title)

    @cached_property
    def _nodes(self) -> ApiWorkflow | None:
        """The graph, parsed once for all calls; None if the module was generated without it."""
        return None if self._graph is None else self.graph

    @cached_property
    def naming(self) -> Naming[R]:
        """Converts a client's result to the module's own `Result`."""
        from .results.naming import Naming

        return Naming(self.result, self.outputs)

    def by_name(self, error: ViewComfyError) -> ViewComfyError:
        """A client's error, with parameter names instead of wire keys."""
        names = {each.key: field.name for field in self.fields for each in field.inputs}
        if isinstance(error, InvalidParametersError):
            faults = (
                Fault(names.get(each.parameter, each.parameter), each.message)
                for each in error.faults
            )
            return InvalidParametersError(tuple(faults))
        if isinstance(error, RejectedError):
            return error.by_parameter(
                lambda fault: names.get(str(WireKey(fault.node, fault.input)), "")
            )
        return error

"""The workflow behind a generated module: checks a call, says it in the wire's words and runs it.

A module is imported more often than it runs: what only a call needs is imported by the call.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

from .errors import (
    Fault,
    IncompatibleModuleError,
    InvalidParametersError,
    ViewComfyError,
)

if TYPE_CHECKING:
    from .clients import Client
    from .fields import Field
    from .files import Upload
    from .results import PromptResult
    from .types import Integer

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
        from .docs import attribute_docs
        from .fields import fields_of

        return fields_of(self.parameters, attribute_docs(self.parameters))

    @property
    def schema(self) -> dict[str, Any]:
        """The JSON Schema (draft 2020-12) of a call, as `parse` reads it."""
        from .fields import schema_of_fields

        return schema_of_fields(self.title, self.fields)

    @property
    def graph(self) -> dict[str, Any]:
        """The workflow in ComfyUI's API format, as it was when the module was generated.

        Raises ViewComfyError where the module was generated without it.
        """
        import json

        if self._graph is None:
            raise ViewComfyError(
                f"the module of {self.title!r} does not carry its workflow",
                hint="generate it again without --no-embed",
            )
        graph: dict[str, Any] = json.loads(self._graph)
        return graph

    def parse(self, call: Mapping[str, Any]) -> P:
        """`Parameters` from a call as JSON: names and values, files as `data:` URIs.

        Raises InvalidParametersError with all faults at once.
        """
        from .types import Refused, accept

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
        from .files import as_upload
        from .types import Integer, Media, accept

        params: dict[str, Any] = {}
        files: dict[str, Upload] = {}
        faults: list[Fault] = []
        for field in self.fields:
            try:
                value = accept(field.type, getattr(parameters, field.name))
                if isinstance(field.type, Media):
                    if value is not None:
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
        timeout: float | None = None,
    ) -> PromptResult:
        """Run the workflow once and wait for its result, `timeout` seconds at most.

        Without `client` the environment says where: VIEWCOMFY_API_URL, VIEWCOMFY_CLIENT_ID and
        VIEWCOMFY_CLIENT_SECRET. Raises ViewComfyError.
        """
        from .clients import Call, client_from_environment

        call = Call(*self.to_wire(parameters))
        if not call.params:
            raise ViewComfyError(
                f"the workflow {self.title!r} holds no value that a call could send, and ViewComfy refuses an empty one",
                hint="set any value in one of its nodes and export it again",
            )
        client = client or client_from_environment()
        try:
            return client.run(call, timeout=timeout)
        except InvalidParametersError as error:
            # A client knows wire keys only; the caller knows names.
            names = {
                each.key: field.name for field in self.fields for each in field.inputs
            }
            raise InvalidParametersError(
                tuple(
                    Fault(names.get(fault.parameter, fault.parameter), fault.message)
                    for fault in error.faults
                )
            ) from None

    async def arun(
        self,
        parameters: P,
        *,
        client: Client | None = None,
        timeout: float | None = None,
    ) -> PromptResult:
        """`run`, awaitable: the call waits in a thread of its own."""
        import asyncio

        return await asyncio.to_thread(
            self.run, parameters, client=client, timeout=timeout
        )

    def main(self, arguments: list[str] | None = None) -> int:
        """The module's command line; the exit code is 0 done, 1 failed, 2 wrong usage."""
        from .command import main

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

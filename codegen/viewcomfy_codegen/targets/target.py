"""The interface of targets: render a plan, and read an earlier file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, Protocol

from viewcomfy_runtime.json_types import JsonObject
from viewcomfy_runtime.parameters.fields import Field
from viewcomfy_runtime.parameters.key import WireKey

from ..model import Module


class Earlier(NamedTuple):
    """The contents of an earlier generated file.

    `names` are the parameters' names by the inputs that they set, `outputs` those of the outputs by
    node id. `describe` returns the JSON Schema of its calls, which takes the most memory, or raises
    CodegenError if they contradict one another. `graph` is the embedded workflow, if any. `fields`
    are the parameters with their types and `fallback` is what a call sends that sets nothing, if
    the target has them.
    """

    names: Mapping[tuple[WireKey, ...], str]
    outputs: Mapping[str, str]
    describe: Callable[[], Mapping[str, Any]]
    graph: Mapping[str, Any] | None = None
    fields: tuple[Field, ...] = ()
    fallback: Mapping[str, Any] = {}

    @classmethod
    def of_schema(
        cls, schema: Mapping[str, Any], graph: Mapping[str, Any] | None = None
    ) -> Earlier:
        """The contents of a JSON Schema of calls."""
        names: dict[tuple[WireKey, ...], str] = {}
        for name, each in _objects(schema.get("properties")):
            keys = each.get("x-viewcomfy-key")
            parsed = [
                WireKey.parse(str(key))
                for key in (keys if isinstance(keys, list) else [keys])
            ]
            names[tuple(key for key in parsed if key is not None)] = name
        outputs = {
            str(each["node"]): name
            for name, each in _objects(schema.get("x-viewcomfy-outputs"))
            if "node" in each
        }
        return cls(names, outputs, lambda: schema, graph)

    @property
    def schema(self) -> Mapping[str, Any]:
        """The JSON Schema of its calls."""
        return self.describe()


class Target(Protocol):
    """A language in which a plan is written."""

    @property
    def name(self) -> str:
        """The language's name."""
        ...

    @property
    def suffix(self) -> str:
        """The extension of its files, such as `.py`."""
        ...

    @property
    def reserved(self) -> frozenset[str]:
        """Names that no parameter may have in it."""
        ...

    def render(self, module: Module) -> str:
        """The plan as text."""
        ...

    def read(self, text: str, name: str) -> Earlier | None:
        """The contents of an earlier text; `name` is its file's. None if it doesn't hold the names
        of a single workflow. Raises CodegenError for a file that wasn't generated.
        """
        ...


def _objects(value: object) -> list[tuple[str, JsonObject]]:
    if not isinstance(value, dict):
        return []
    return [(str(name), each) for name, each in value.items() if isinstance(each, dict)]

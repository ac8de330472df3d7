"""The plan of a generated client as plain data: what every
target renders, in no language's syntax.
"""

from __future__ import annotations

from enum import Enum
from typing import Any, Final, NamedTuple

from viewcomfy_runtime.parameters.branches import Branch
from viewcomfy_runtime.parameters.docs import About
from viewcomfy_runtime.parameters.fields import REQUIRED, UNUSED, Field
from viewcomfy_runtime.parameters.inputs import Input
from viewcomfy_runtime.parameters.key import WireKey
from viewcomfy_runtime.parameters.outputs import OutputNode
from viewcomfy_runtime.parameters.types import Choice, ParameterType

BASIC: Final = "basic"
ADVANCED: Final = "advanced"
GROUPS: Final = (BASIC, ADVANCED, UNUSED)
"""In their order: what people set, what they rarely set, and what changes nothing."""


class Identifier(str):
    """A name that was made and checked by `words`: the only
    text of a workflow that may stand as code.
    """

    __slots__ = ()


class Origin(Enum):
    """Where something that is said of a parameter came from; the value says it to people."""

    def __str__(self) -> str:
        return str(self.value)


class Origins(NamedTuple):
    """Where a parameter's name, type and sentence came
    from; a text names the place where a user wrote it.
    """

    name: Origin | str
    type: Origin | str
    doc: Origin | str


class Parameter(NamedTuple):
    """One parameter of the client: how it is called, what it takes and what it sets."""

    name: Identifier
    type: ParameterType
    default: Any
    inputs: tuple[WireKey, ...]
    about: About
    group: str
    origins: Origins
    branches: tuple[Branch, ...] = ()

    @property
    def required(self) -> bool:
        return self.default is REQUIRED

    @property
    def field(self) -> Field:
        """The parameter as the runtime knows it: what a schema and a docstring are made of."""
        inputs = tuple(
            Input(each.node, each.name, group=self.group) for each in self.inputs
        )
        return Field(
            self.name, self.type, inputs, self.default, self.about, self.branches
        )


class Alias(NamedTuple):
    """Choices that stand once under a name of their own."""

    name: Identifier
    choice: Choice


class Hidden(NamedTuple):
    """An input that has no parameter unless somebody asks for it, and why."""

    input: WireKey
    reason: str


class GraphNode(NamedTuple):
    """A node of the workflow as a drawing shows it.

    `sources` are the ids of the nodes that it takes from. `subgraphs` are the names of those that
    it is in, the outermost first, and `group` is the title of the one that it lies in there;
    `position` is its upper left corner on that canvas, where the file has one.
    """

    id: str
    class_type: str
    title: str
    sources: tuple[str, ...]
    subgraphs: tuple[str, ...] = ()
    group: str = ""
    position: tuple[float, float] | None = None

    @property
    def within(self) -> tuple[str, ...]:
        """The names of what it is in, the outermost first."""
        return tuple(filter(None, (*self.subgraphs, self.group)))

    @property
    def canvas(self) -> str:
        """Where it stands: the path of its subgraph's instance, empty for the workflow itself."""
        return self.id.rpartition(":")[0]


class Module(NamedTuple):
    """Everything that a target needs to know of a workflow.

    `name` is what programs import the client as, `source` names the file it came from, `outputs`
    what a run gives; `graph` holds the nodes by id, in the order of the flow, or is None where the
    module is not to carry them; `fallback` is what a call sends that has nothing else to send;
    `hidden` are inputs without a parameter. `nodes` are all nodes in the order of the flow, for
    drawings.
    """

    title: str
    source: str
    node_count: int
    parameters: tuple[Parameter, ...]
    aliases: tuple[Alias, ...]
    outputs: tuple[OutputNode, ...]
    graph: dict[str, Any] | None
    fallback: dict[str, Any]
    hidden: tuple[Hidden, ...] = ()
    likely: tuple[tuple[WireKey, ...], ...] = ()
    """Inputs that may belong together, which a project's `shared` would say."""
    name: str = "workflow"
    nodes: tuple[GraphNode, ...] = ()

"""The plan of a generated client as plain data: what every
target renders, in no language's syntax.
"""

from __future__ import annotations

from enum import Enum
from typing import Final, NamedTuple

from viewcomfy_runtime.json_types import ApiWorkflow, JsonObject
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
"""The groups in order: what people set, what they rarely set, and what has no effect."""


class Identifier(str):
    """A name that `words` made and checked: the only text from a workflow that may appear as
    code.
    """

    __slots__ = ()


class Origin(Enum):
    """Where something about a parameter came from; the value describes it in words."""

    def __str__(self) -> str:
        return str(self.value)


class Origins(NamedTuple):
    """Where a parameter's name, type and sentence came from; a string names the place where a user
    wrote it.
    """

    name: Origin | str
    type: Origin | str
    doc: Origin | str


class Parameter(NamedTuple):
    """One parameter of the client: its name, what it accepts and what it sets."""

    name: Identifier
    type: ParameterType
    default: object
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
        """The parameter as the runtime knows it, from which schemas and docstrings are made."""
        inputs = tuple(
            Input(each.node, each.name, group=self.group) for each in self.inputs
        )
        return Field(
            self.name, self.type, inputs, self.default, self.about, self.branches
        )


class Alias(NamedTuple):
    """Choices that several parameters share, defined once under a name."""

    name: Identifier
    choice: Choice


class Hidden(NamedTuple):
    """An input that has no parameter unless one is requested, and why."""

    input: WireKey
    reason: str


class GraphNode(NamedTuple):
    """A node of the workflow as a drawing shows it.

    `sources` are the ids of the nodes that it reads from. `subgraphs` are the names of the
    subgraphs that contain it, outermost first; `group` is the title of its group there; `position`
    is its upper left corner on that canvas, if the file has one.
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
        """The names of the subgraphs that contain it, outermost first."""
        return tuple(filter(None, (*self.subgraphs, self.group)))

    @property
    def canvas(self) -> str:
        """The canvas it is on: the path of the subgraph's instance, empty for the workflow
        itself.
        """
        return self.id.rpartition(":")[0]


class Module(NamedTuple):
    """Everything that a target needs to know about a workflow.

    `name` is the import name of the client, `source` the file it was generated from, `outputs` the
    results of a run. `graph` holds the nodes by id, in order of data flow, or None if the module
    does not embed them. `fallback` is sent by calls that set nothing; `hidden` are inputs without a
    parameter. `nodes` are all nodes in order of data flow, for drawings.
    """

    title: str
    source: str
    node_count: int
    parameters: tuple[Parameter, ...]
    aliases: tuple[Alias, ...]
    outputs: tuple[OutputNode, ...]
    graph: ApiWorkflow | None
    fallback: JsonObject
    hidden: tuple[Hidden, ...] = ()
    likely: tuple[tuple[WireKey, ...], ...] = ()
    """Inputs that may belong together, which a project's `shared` setting would combine."""
    name: str = "workflow"
    nodes: tuple[GraphNode, ...] = ()

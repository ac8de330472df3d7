"""Finds out which output node made which file if the server doesn't report it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Final, Generic, TypeVar

from ..parameters.outputs import OutputNode
from ..warning_types import AmbiguousOutputWarning, warn
from .files import OutputFile
from .origins import Origin
from .result import PromptResult

R = TypeVar("R", bound=PromptResult)

_PREVIEW: Final = re.compile(r"ComfyUI_temp_[a-z]{5}_\d{5,}_\.\w+")
"""The names that ComfyUI gives to the files of its preview nodes, which have no prefix."""


@dataclass(frozen=True, slots=True)
class Naming(Generic[R]):
    """Converts a client's result to the `Result` of a module, whose output nodes have names."""

    kind: type[R]
    nodes: tuple[OutputNode, ...] = ()

    def __call__(self, made: PromptResult, parameters: object = None) -> R:
        """`made` as the module's own result, with the node that made each file, if known.

        `parameters` is the call that produced the result. Files of unknown origin appear in
        `outputs` only, and an AmbiguousOutputWarning names them.
        """
        origin = Origin(made.prompt_id, parameters)
        files = tuple(
            replace(each, node=_node(each, self.nodes, made.params), origin=origin)
            for each in made.outputs
        )
        unknown = [each.filename for each in files if each.node is None]
        if unknown and self.nodes:
            warn(
                f"{_some(unknown)}: can't tell which output node made this\n"
                "hint: give each output node its own filename_prefix; result.outputs has all files",
                AmbiguousOutputWarning,
            )
        values = {each.name: getattr(made, each.name) for each in fields(PromptResult)}
        values |= {
            "outputs": files,
            "parameters": parameters,
            "output_names": {each.node: each.name for each in self.nodes},
        }
        return self.kind(**values)


def _node(
    file: OutputFile, nodes: Sequence[OutputNode], params: Mapping[str, object]
) -> str | None:
    if file.node is not None:
        return file.node
    found = _maker(file, nodes, params)
    return None if found is None else found.node


def _maker(
    file: OutputFile, nodes: Sequence[OutputNode], params: Mapping[str, object]
) -> OutputNode | None:
    """The output node with the longest prefix that the file's name starts with, or else the only
    node that makes this kind of file. A preview can only be made by a node without a prefix.
    """
    if _PREVIEW.fullmatch(file.filename):
        unnamed = [each for each in nodes if not (each.prefix or each.prefix_input)]
        nodes = unnamed or nodes
    prefixes = {each: each.prefix_in(params) for each in nodes}
    begun = [
        each
        for each in nodes
        if prefixes[each] and file.filename.startswith(prefixes[each])
    ]
    longest = max((len(prefixes[each]) for each in begun), default=0)
    nearest = [each for each in begun if len(prefixes[each]) == longest]
    return _only(nearest) or _only(_of_kind(nearest or nodes, file))


def _of_kind(nodes: Iterable[OutputNode], file: OutputFile) -> list[OutputNode]:
    kind = file.content_type.partition("/")[0]
    return [each for each in nodes if each.kind == kind]


def _only(nodes: list[OutputNode]) -> OutputNode | None:
    return nodes[0] if len(nodes) == 1 else None


def _some(names: list[str]) -> str:
    more = f", and {len(names) - 3} more" if len(names) > 3 else ""
    return ", ".join(names[:3]) + more

"""The graph of a workflow in Mermaid, which GitHub and many editors draw."""

from __future__ import annotations

from collections.abc import Iterator

from ..model import GraphNode, Module

LONGEST = 60
"""Characters of a title that are shown."""


def mermaid(module: Module) -> str:
    """A flowchart with a box for each node and its parameters, and a frame for each subgraph and
    group.
    """
    own = {node.id: f"n{number}" for number, node in enumerate(module.nodes)}
    names = parameters_by_node(module)
    lines = ["flowchart LR"]
    frames: dict[tuple[str, ...], list[GraphNode]] = {}
    for node in module.nodes:
        frames.setdefault(node.within, []).append(node)
    for number, (within, members) in enumerate(frames.items()):
        boxes = [
            f"{own[node.id]}[{_label(node, names.get(node.id, []))}]"
            for node in members
        ]
        if within:
            lines.append(f"  subgraph g{number}[{_quoted(' / '.join(within))}]")
            lines += [f"    {box}" for box in boxes]
            lines.append("  end")
        else:
            lines += [f"  {box}" for box in boxes]
    lines += _links(module, own)
    marked = [each for id, each in own.items() if id in names]
    if marked:
        lines.append("  classDef parameters stroke-width:3px")
        lines.append(f"  class {','.join(marked)} parameters")
    return "\n".join(lines) + "\n"


def _links(module: Module, own: dict[str, str]) -> Iterator[str]:
    for node in module.nodes:
        for source in node.sources:
            yield f"  {own[source]} --> {own[node.id]}"


def parameters_by_node(module: Module) -> dict[str, list[str]]:
    """The parameters' names by node."""
    found: dict[str, list[str]] = {}
    for parameter in module.parameters:
        for node in dict.fromkeys(key.node for key in parameter.inputs):
            found.setdefault(node, []).append(parameter.name)
    return found


def _label(node: GraphNode, names: list[str]) -> str:
    title = node.title or node.class_type
    also = [f"({node.class_type})"] if title != node.class_type else []
    return _quoted("\n".join([f"{node.id}: {_cut(title)}", *map(_cut, also), *names]))


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def _quoted(text: str) -> str:
    """A workflow's text in quotes, with everything but letters and digits as character codes that
    Mermaid displays.
    """
    return f'"{"".join(map(_character, text))}"'


def _character(char: str) -> str:
    if char == "\n":
        return "<br>"
    if char.isalnum() or char in " .,:/()+-_":
        return char
    return f"#{ord(char)};" if char.isprintable() else " "

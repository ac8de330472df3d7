"""A client from the web page's file against one from its API export, and ten times the nodes
against one.

python -m tests.benchmarks.converting
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.benchmarks.measuring import medians, show
from tests.benchmarks.workflows import repeated
from viewcomfy_codegen.catalog import shipped


def paged(graph: Mapping[str, Any]) -> dict[str, Any]:
    """An API graph as the web page would have saved it, every tenth link through a reroute."""
    nodes: list[dict[str, Any]] = []
    links: list[list[Any]] = []
    for id, node in graph.items():
        facts = shipped().node(node["class_type"])
        assert facts is not None
        inputs: list[dict[str, Any]] = []
        values: list[Any] = []
        for name, each in facts.inputs.items():
            value = node["inputs"].get(name)
            linked = isinstance(value, list)
            if each.is_widget:
                values.append(each.default if linked else value)
                values += ["fixed"] if each.control else []
            link = None
            if linked:
                origin, slot = value
                if len(links) % 10 == 0:
                    links.append(
                        [len(links) + 1, origin, slot, f"r{len(links)}", 0, "*"]
                    )
                    origin, slot = f"r{len(links) - 1}", 0
                    nodes.append(
                        {
                            "id": origin,
                            "type": "Reroute",
                            "inputs": [{"name": "", "type": "*", "link": len(links)}],
                            "outputs": [{"name": "", "type": "*"}],
                        }
                    )
                link = len(links) + 1
                links.append([link, origin, slot, id, len(inputs), each.type])
            inputs.append({"name": name, "type": each.type, "link": link})
        outputs = [{"name": kind, "type": kind} for kind in facts.outputs]
        nodes.append(
            {
                "id": id,
                "type": node["class_type"],
                "pos": [0, 0],
                "inputs": inputs,
                "outputs": outputs,
                "properties": {"Node name for S&R": node["class_type"]},
                "widgets_values": values,
            }
        )
    return {"nodes": nodes, "links": links, "version": 0.4}


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        commands: dict[str, list[str]] = {}
        for count in (100, 1_000, 10_000):
            graph = repeated(count)
            for kind, value in (("api", graph), ("page", paged(graph))):
                file = folder / f"{kind}_{count}.json"
                file.write_text(json.dumps(value), "utf-8")
                output = str(folder / f"made_{kind}_{count}.py")
                commands[f"{kind} {count}"] = [
                    *(sys.executable, "-m", "viewcomfy_codegen"),
                    *(str(file), "-o", output),
                ]
            commands[f"convert {count}"] = [
                *(sys.executable, "-m", "viewcomfy_codegen", "convert"),
                *(str(file), "-o", str(folder / "api.json")),
            ]
        found = medians(commands, runs=3)
        for count in (100, 1_000, 10_000):
            title = f"{count:,} nodes, from the page's file against its API export"
            show(title, found[f"page {count}"], found[f"api {count}"], 1.5)
        for kind in ("page", "convert"):
            title = f"{kind}: 10,000 nodes against 1,000"
            show(title, found[f"{kind} 10000"], found[f"{kind} 1000"], 11)


if __name__ == "__main__":
    main()

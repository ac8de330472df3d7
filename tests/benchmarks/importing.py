"""Importing a generated module against pydantic's models of the same fields, and the runtime
against the standard library.

pip install pydantic
python -m tests.benchmarks.importing
"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

from tests.benchmarks.measuring import medians, python, show
from tests.benchmarks.workflows import repeated
from viewcomfy_codegen import generate

STANDARD = "import dataclasses, typing, json"


def pydantic_module(schema: dict[str, object]) -> str:
    """The same fields as one pydantic v2 model, as a person would write it."""
    lines = [
        "from __future__ import annotations",
        "from typing import Literal",
        "from pydantic import BaseModel, Field",
        "class Parameters(BaseModel):",
    ]
    properties = schema["properties"]
    assert isinstance(properties, dict)
    types = {"string": "str", "integer": "int", "number": "float", "boolean": "bool"}
    for name, each in properties.items():
        bounds = {"ge": each.get("minimum"), "le": each.get("maximum")}
        extra = "".join(
            f", {key}={value!r}" for key, value in bounds.items() if value is not None
        )
        kind = each.get("type", "string")
        hint = "int | None" if isinstance(kind, list) else types[kind]
        if "anyOf" in each:
            hint = f"Literal[{', '.join(map(repr, each['anyOf'][0]['enum']))}] | str"
        lines.append(
            f"    {name}: {hint} = Field({each['default']!r}, "
            f"description={each['description']!r}{extra})"
        )
    return "\n".join(lines) + "\n"


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        made = generate(json.dumps(repeated(160)), name="made").files
        schema = json.loads(made["made.schema.json"])
        (folder / "made.py").write_text(made["made.py"], "utf-8")
        (folder / "peer.py").write_text(pydantic_module(schema), "utf-8")
        at = f"import sys; sys.path.insert(0, {name!r}); "
        found = medians(
            {
                "ours": python(at + "import made"),
                "theirs": python(at + "import peer"),
                "nothing": python("pass"),
                "standard": python(STANDARD),
                "runtime": python(f"{STANDARD}, viewcomfy_runtime"),
            },
            runs=15,
        )
    bare = found["nothing"]
    count = len(schema["properties"])
    show(
        f"importing {count} parameters",
        found["ours"] - bare,
        found["theirs"] - bare,
        0.5,
    )
    extra = 1000 * (found["runtime"] - found["standard"])
    print(f"viewcomfy_runtime over {STANDARD[7:]}: {extra:.1f} ms (wanted: at most 5)")


if __name__ == "__main__":
    main()

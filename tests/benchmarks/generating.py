"""A whole run against datamodel-codegen's, which makes dataclasses of a JSON Schema of the same
parameters.

pip install datamodel-code-generator
python -m tests.benchmarks.generating
"""

from __future__ import annotations

import json
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path

from tests.benchmarks.measuring import medians, show
from tests.benchmarks.workflows import largest, repeated
from tests.helpers.support import text_to_image


def compare(title: str, workflow: bytes, runs: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "workflow_api.json").write_bytes(workflow)
        ours = [
            sys.executable,
            "-m",
            "viewcomfy_codegen",
            str(folder / "workflow_api.json"),
        ]
        ours += ["-o", str(folder / "made.py")]
        theirs = [sys.executable, "-m", "datamodel_code_generator"]
        theirs += [
            "--input",
            str(folder / "made.schema.json"),
            "--input-file-type",
            "jsonschema",
        ]
        theirs += ["--output", str(folder / "peer.py"), "--use-field-description"]
        theirs += ["--output-model-type", "dataclasses.dataclass"]
        found = medians({"ours": ours, "theirs": theirs}, runs)
        count = len(
            json.loads((folder / "made.schema.json").read_bytes())["properties"]
        )
        show(f"{title}, {count} parameters", found["ours"], found["theirs"], 0.40)


if __name__ == "__main__":
    if find_spec("datamodel_code_generator") is None:
        sys.exit("the peer is missing: pip install datamodel-code-generator")
    compare("text to image", json.dumps(text_to_image()).encode(), runs=11)
    file = largest()
    big = file.read_bytes() if file else json.dumps(repeated(170)).encode()
    compare("the largest workflow", big, runs=7)

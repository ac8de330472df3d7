"""Every real workflow, served, answers a call of its own defaults.

VIEWCOMFY_SHARED names where they are.
"""

from __future__ import annotations

import base64
import functools
import io
from pathlib import Path
from typing import Any

from PIL import Image

from viewcomfy_codegen import generate
from viewcomfy_codegen.serving import Served, Settings, create_app
from viewcomfy_codegen.serving.executors.drawing import Scene, audio, image, video

from ...helpers.inside import called
from ...helpers.local import ID, SECRET
from ...helpers.support import imported

REFUSED = {
    "Vykq__product_image": "is linked to node 125, which does not exist",
    "Re-lish__workflow_api__9c7da2c95b": "must be at least 0",
    "pydn__subgraph-upscaler-identifiers__ccbd5ba84e": "Prompt has no outputs",
}
"""What is wrong with workflows that a ComfyUI would refuse too, as they are deployed."""


@functools.cache
def _file_of(media: str) -> bytes:
    kind = {"video/*": video("mp4"), "audio/*": audio("wav")}.get(media, image("png"))
    return kind(Scene("made", ("a line",), 64, 48, "seed"))


def _value_for(about: dict[str, Any]) -> object:
    """A value for a parameter that must be given."""
    if "x-viewcomfy-media" in about:
        return _file_of(about["x-viewcomfy-media"])
    kind = about["type"][0] if isinstance(about["type"], list) else about["type"]
    return {"integer": 1, "number": 1.0, "boolean": True, "string": "x"}[kind]


def test_each_gives_files_for_its_own_values(corpus_file: Path, tmp_path: Path) -> None:
    source = corpus_file.read_bytes()
    text = generate(source, name="made", source=corpus_file.name).files["made.py"]
    module = imported(text, tmp_path)
    schema = module.WORKFLOW.schema
    required = {
        name: _value_for(schema["properties"][name]) for name in schema["required"]
    }
    params, files = module.WORKFLOW.to_wire(module.Parameters(**required))
    parts = {
        key: (upload.filename, upload.data, upload.content_type)
        for key, upload in files.items()
    }
    app = create_app([Served("made", source)], Settings(ID, SECRET))
    response = called(app, params, parts)
    if corpus_file.stem in REFUSED:
        assert response.status_code == 400
        assert REFUSED[corpus_file.stem] in response.text
        return
    assert response.status_code == 201, response.text
    answer = response.json()
    assert answer["status"] == "success", answer["error_data"]
    assert answer["outputs"]
    for output in answer["outputs"]:
        content = base64.b64decode(output["data"])
        assert len(content) == output["size"] > 0
        if output["content_type"].startswith("image/"):
            with Image.open(io.BytesIO(content)) as shown:
                shown.verify()

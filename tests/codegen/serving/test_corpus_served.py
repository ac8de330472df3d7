"""Every real workflow, served, answers a call of its own defaults. VIEWCOMFY_SHARED names where they are."""

from __future__ import annotations

import base64
import io
from pathlib import Path

from PIL import Image

from viewcomfy_codegen import generate
from viewcomfy_codegen.serving import Served, Settings, create_app

from ...helpers.inside import called
from ...helpers.local import ID, SECRET
from ...helpers.support import imported


def _png() -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (64, 48), (9, 99, 200)).save(buffer, "PNG")
    return buffer.getvalue()


def test_each_gives_files_for_its_own_values(corpus_file: Path, tmp_path: Path) -> None:
    source = corpus_file.read_bytes()
    text = generate(source, name="made", source=corpus_file.name).files["made.py"]
    module = imported(text, tmp_path)
    required = {name: _png() for name in module.WORKFLOW.schema["required"]}
    params, files = module.WORKFLOW.to_wire(module.Parameters(**required))
    parts = {
        key: (upload.filename, upload.data, upload.content_type)
        for key, upload in files.items()
    }
    app = create_app([Served("made", source)], Settings(ID, SECRET))
    response = called(app, params, parts)
    assert response.status_code == 201, response.text
    answer = response.json()
    assert answer["status"] == "success"
    assert answer["outputs"]
    for output in answer["outputs"]:
        content = base64.b64decode(output["data"])
        assert len(content) == output["size"] > 0
        if output["content_type"].startswith("image/"):
            with Image.open(io.BytesIO(content)) as picture:
                picture.verify()

"""What a TypeScript module makes of single values: files in every form, seeds, and whole calls as
JSON text.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from viewcomfy_runtime.parameters.uploads import as_upload

from ....helpers.support import Workflow, node, text_to_image
from ....helpers.typescript import Failed, Runtime, bundled, module_text

KEY = "1-inputs-image"


def one_file() -> Workflow:
    return {
        "1": node("LoadImage", image="me.png"),
        "2": node("SaveImage", images=["1", 0], filename_prefix="a"),
    }


def one_seed(seed: int) -> Workflow:
    return {"1": node("Noise", seed=seed)}


def noise(least: int, most: int) -> dict[str, Any]:
    """A server's description of a node with a seed in this range."""
    seed = ["INT", {"min": least, "max": most, "control_after_generate": True}]
    return {
        "Noise": {
            "input": {"required": {"seed": seed}},
            "output": [],
            "output_node": True,
        }
    }


RANGES = {
    "all": (0, 2**64 - 1),
    "some": (5, 8),
    "with_commands": (-2, 3),
    "one": (-7, -3),
}


@pytest.fixture(scope="module")
def runtime() -> Iterator[Runtime]:
    with Runtime() as found:
        yield found


@pytest.fixture(scope="module")
def modules(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    texts = {"plain": module_text(text_to_image()), "file": module_text(one_file())}
    for name, bounds in RANGES.items():
        texts[name] = module_text(one_seed(bounds[0]), object_info=noise(*bounds))
    return bundled(texts, tmp_path_factory.mktemp("modules"))


STARTS = {
    "png": b"\x89PNG\r\n\x1a\n",
    "jpg": b"\xff\xd8\xff",
    "gif": b"GIF89a",
    "webp": b"RIFF....WEBP",
    "wav": b"RIFF....WAVE",
    "mp4": b"....ftypisom",
    "webm": b"\x1aE\xdf\xa3",
    "ogg": b"OggS",
    "flac": b"fLaC",
    "mp3": b"ID3",
    "glb": b"glTF",
    "unknown": b"\x00\xff",
}


@pytest.mark.parametrize("kind", STARTS)
@pytest.mark.parametrize("form", ["bytes", "buffer"])
def test_bytes_have_the_name_and_type_that_python_gives_them(
    form: str, kind: str, runtime: Runtime, modules: dict[str, Path]
) -> None:
    data = STARTS[kind] + b"more"
    found = as_file(runtime, modules, form, data)
    wanted = as_upload(data, "image")
    assert found == (KEY, wanted.filename, wanted.content_type, len(data))


def as_file(
    runtime: Runtime, modules: dict[str, Path], form: str, data: bytes
) -> tuple[str, str, str, int]:
    """The wire key of a file in this form, its name and type, and how many bytes it has."""
    found = runtime.do(
        modules["file"],
        "files",
        property="image",
        of=form,
        base64=base64.b64encode(data).decode(),
    )
    return found["key"], found["filename"], found["contentType"], found["size"]


@pytest.mark.parametrize(("form", "name"), [("blob", "image.png"), ("file", "me.png")])
def test_blobs_keep_their_type_and_files_their_name(
    form: str, name: str, runtime: Runtime, modules: dict[str, Path]
) -> None:
    assert as_file(runtime, modules, form, b"GIF8") == (KEY, name, "image/png", 4)


def test_an_empty_file_is_refused(runtime: Runtime, modules: dict[str, Path]) -> None:
    with pytest.raises(Failed, match="image: the file image.png can't be sent: it is"):
        as_file(runtime, modules, "blob", b"")


def test_a_file_that_the_server_has_is_sent_by_its_name(
    runtime: Runtime, modules: dict[str, Path]
) -> None:
    given = {"property": "image", "name": "there.png"}
    assert runtime.do(modules["file"], "stored", **given)[KEY] == "there.png"


@pytest.mark.parametrize("name", RANGES)
def test_a_seed_is_drawn_from_its_range_and_is_no_command(
    name: str, runtime: Runtime, modules: dict[str, Path]
) -> None:
    least, most = RANGES[name]
    given = {"parameters": {"seed": None}, "key": "1-inputs-seed", "count": 100}
    seeds = set(map(int, runtime.do(modules[name], "seeds", **given)))
    least = min(max(least, 0), most)
    assert all(least <= seed <= most for seed in seeds)
    assert len(seeds) == min(most - least + 1, 100)


CALLS: dict[str, list[dict[str, Any]]] = {
    "plain": [
        {"seed": 2**64 - 1, "steps": 7, "positive_prompt": 'a "cat"\n😀'},
        {"seed": None},
    ],
    "file": [
        {"image": "data:image/png;base64,iVBORw0KGgo="},
        {"image": "data:,plain%20text"},
        {"image": "https://files.example/a.png?signed=yes"},
    ],
}


@pytest.mark.parametrize(
    ("name", "call"), [(name, call) for name in CALLS for call in CALLS[name]]
)
def test_a_call_is_written_as_it_was_read(
    name: str, call: dict[str, Any], runtime: Runtime, modules: dict[str, Path]
) -> None:
    given: dict[str, Any] = {"fetching": {}} if name == "file" else {}
    text = runtime.do(modules[name], "roundTrip", call=json.dumps(call), **given)
    assert json.loads(text).items() >= call.items()

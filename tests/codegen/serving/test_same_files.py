"""Each kind of file: the same scene gives the same bytes, in this process and in any other."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys

import pytest

from viewcomfy_codegen.serving.executors.drawing import (
    Maker,
    Scene,
    animation,
    audio,
    image,
    mesh,
    video,
)

MAKERS: dict[str, Maker] = {
    "png": image("png"),
    "jpeg": image("jpeg"),
    "webp": image("webp"),
    "moving webp": animation("webp"),
    "moving gif": animation("gif"),
    "moving png": animation("png"),
    "mp4": video("mp4"),
    "webm": video("webm"),
    "wav": audio("wav"),
    "flac": audio("flac"),
    "mp3": audio("mp3"),
    "opus": audio("opus"),
    "glb": mesh,
}
SCENE = Scene("Title 画風", ("6 text: a fox",), 64, 48, "seed")


def digests() -> list[str]:
    """Of each kind of file; what another process prints."""
    return [hashlib.sha256(make(SCENE)).hexdigest() for make in MAKERS.values()]


def test_another_process_makes_the_same_files() -> None:
    script = f"from {__name__} import digests; print('\\n'.join(digests()))"
    done = subprocess.run(
        [sys.executable, "-c", script],
        env={**os.environ, "PYTHONHASHSEED": "7", "PYTHONPATH": os.getcwd()},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == digests()


@pytest.mark.parametrize("size", [(16, 16), (17, 4000), (4096, 31)])
@pytest.mark.parametrize("make", [image("png"), video("mp4"), video("webm")])
def test_any_size_can_be_drawn(make: Maker, size: tuple[int, int]) -> None:
    scene = Scene("Title", ("6 text: " + "a fox " * 99,) * 9, *size, "seed")
    assert len(make(scene)) > 50

"""The command line of a generated module, in this process or in one of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

from viewcomfy_runtime.cli import main as cli

from .support import module_of, node, text_to_image

SECRET = "s3cr3t-0123456789"
PICTURE = {"filename": "fox.png", "content_type": "image/png", "data": "Zm94"}


def main(module: ModuleType, *arguments: str) -> int:
    """The exit code of the module's command line, run in this process."""
    try:
        code: int = cli.main(module.WORKFLOW, list(arguments))
    except SystemExit as stopped:
        assert isinstance(stopped.code, int)
        return stopped.code
    return code


def image_module(folder: Path) -> ModuleType:
    """A module with texts, numbers and a file to give."""
    workflow = {
        **text_to_image(),
        "10": node("LoadImage", image="in.png"),
        "11": node("SaveImage", images=["10", 0], filename_prefix="copy"),
    }
    return module_of(workflow, folder)


def run_module(
    module: ModuleType, *arguments: str, **options: Any
) -> subprocess.CompletedProcess[bytes]:
    """The module run as a script."""
    assert module.__file__
    return subprocess.run(
        [sys.executable, module.__file__, *arguments],
        capture_output=True,
        check=False,
        **options,
    )

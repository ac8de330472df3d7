"""Runs the tests with the lowest versions that pyproject.toml allows, in a virtual environment of
its own.

python scripts/lowest.py [PYTEST ARGUMENT …]

Needs uv, which resolves the versions. Bounds that are too low show up here and nowhere else:
everywhere else the newest versions are installed.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parent.parent
EXTRAS = "serve,media,images,live,progress,watch,comfy-api,mcp"
TOOLS = [
    *("pytest", "pytest-xdist", "hypothesis", "httpx", "fastapi", "opentelemetry-sdk"),
    *("ruff", "mypy", "types-requests", "types-jsonschema"),
]
"""What the tests need beside the package; these are the newest that go with it."""

PACKAGES = ["runtime", "codegen/serving", "codegen/cli", "codegen/mcp_server"]
TESTS = [*(f"tests/{each}" for each in PACKAGES), "-n", "auto"]
"""The tests of what uses other libraries; the rest needs only jinja2 and black."""


def main(arguments: list[str]) -> int:
    with tempfile.TemporaryDirectory() as folder:
        python = _python(Path(folder))
        _uv("venv", "--quiet", "--python", sys.executable, folder)
        install = ["pip", "install", "--quiet", "--python", str(python)]
        _uv(*install, "--resolution", "lowest-direct", f"{ROOT}[{EXTRAS}]")
        lowest = Path(folder) / "lowest.txt"
        lowest.write_text(_versions(python), encoding="utf-8")
        _uv(*install, "--constraint", str(lowest), *TOOLS)
        command = [str(python), "-m", "pytest", "-p", "no:cacheprovider"]
        return subprocess.run(
            [*command, *(arguments or TESTS)], cwd=ROOT, check=False
        ).returncode


def _uv(*arguments: str) -> None:
    subprocess.run([sys.executable, "-m", "uv", *arguments], check=True)


def _python(folder: Path) -> Path:
    if sys.platform == "win32":
        return folder / "Scripts" / "python.exe"
    return folder / "bin" / "python"


def _versions(python: Path) -> str:
    """What is installed, without the package itself, which stands at a path."""
    command = [sys.executable, "-m", "uv", "pip", "freeze", "--python", str(python)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    lines = done.stdout.splitlines()
    return "\n".join(line for line in lines if "==" in line)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))

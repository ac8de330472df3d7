"""Generated TypeScript, compiled and run in real runtimes: Node, Deno, Bun."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

import pytest

from viewcomfy_codegen import Options, generate
from viewcomfy_codegen.targets.typescript.target import TYPESCRIPT, TypeScript

FOLDER: Final = Path(__file__).resolve().parents[1] / "typescript"
"""Where package.json, its lock file and the script that drives modules are."""

RUNTIMES: Final = {
    "node": ("node",),
    "deno": ("deno", "run", "--allow-all"),
    "bun": ("bun",),
}

EACH_RUNTIME: Final = [
    "node",
    pytest.param("deno", marks=pytest.mark.heavy),
    pytest.param("bun", marks=pytest.mark.heavy),
]
"""The parameters of a fixture for all of them."""


def tool(name: str) -> str:
    """A program of the npm packages; the test is skipped where it isn't there."""
    if shutil.which("node") is None:
        pytest.skip("node isn't installed: the TypeScript modules are not run")
    if name == "node":
        return name
    found = shutil.which(name, path=str(FOLDER / "node_modules" / ".bin"))
    if found is None:
        pytest.skip(f"no {name}: run `npm ci` in tests/typescript")
    return found


def checked(name: str, *arguments: str | Path, cwd: Path = FOLDER) -> str:
    """What a program says, once it found nothing wrong."""
    command = [tool(name), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", cwd=cwd)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def module_text(
    workflow: Mapping[str, Any], runtime: str | None = None, **options: Any
) -> str:
    """The module of a workflow; options are those of `Options`."""
    target = TYPESCRIPT if runtime is None else TypeScript(runtime)
    made = generate(
        json.dumps(workflow), name="made", options=Options(**options), targets=[target]
    )
    return made.files["made.ts"]


def bundled(texts: Mapping[str, str], folder: Path) -> dict[str, Path]:
    """The modules with these texts, by name, as JavaScript for any runtime."""
    for name, text in texts.items():
        (folder / f"{name}.ts").write_text(text, encoding="utf-8", newline="\n")
    files = [folder / f"{name}.ts" for name in texts]
    checked(
        "esbuild",
        *files,
        f"--outdir={folder}",
        "--format=esm",
        "--target=es2022",
        "--out-extension:.js=.mjs",
        "--log-level=error",
    )
    return {name: folder / f"{name}.mjs" for name in texts}


class Failed(Exception):
    """What a module threw; `about` are its fields."""

    def __init__(self, about: Mapping[str, Any]) -> None:
        super().__init__(about["text"])
        self.about = about

    @property
    def name(self) -> str:
        return str(self.about["name"])


class Runtime:
    """A context manager: a runtime that does with modules
    what it is asked for, one thing after the other.
    """

    def __init__(self, name: str = "node") -> None:
        program, *arguments = RUNTIMES[name]
        self._command = [tool(program), *arguments, str(FOLDER / "drive.mjs")]

    def __enter__(self) -> Runtime:
        self._process = subprocess.Popen(
            self._command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            encoding="utf-8",
            errors="surrogatepass",
            cwd=FOLDER,
        )
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate()

    def do(self, module: Path, operation: str, **given: Any) -> Any:
        """What the operation gives. Raises Failed where the module throws."""
        assert self._process.stdin is not None and self._process.stdout is not None
        asked = {"module": str(module), "operation": operation, **given}
        self._process.stdin.write(json.dumps(asked) + "\n")
        self._process.stdin.flush()
        answer = json.loads(self._process.stdout.readline())
        if "error" in answer:
            raise Failed(answer["error"])
        return answer.get("value")


def properties(names: Iterable[str]) -> dict[str, str]:
    """The properties of `Parameters` by their names in the schema."""
    from viewcomfy_codegen.targets.typescript.names import parameter_properties

    return {name: str(own) for name, own in parameter_properties(names).items()}

"""Generated TypeScript passes the compiler's strictest
checks, eslint and prettier; its runtime stays small.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from viewcomfy_codegen import generate
from viewcomfy_codegen.targets.typescript.names import runtime
from viewcomfy_codegen.targets.typescript.target import TYPESCRIPT, TypeScript

from ....helpers.branching import described, small
from ....helpers.cases import CASES
from ....helpers.shared import shared_files
from ....helpers.support import node
from ....helpers.typescript import FOLDER, checked, module_text

USE = """\
import {
  defaults, parse, RateLimitedError, run, submit, toWire,
  ViewComfy, ViewComfyError, ViewComfyGateway,
} from "./image_to_image.ts";
import type { Parameters, Result } from "./image_to_image.ts";

const client = new ViewComfy({ url: "https://x.test/", clientId: "a", clientSecret: "b" });
const gateway = new ViewComfyGateway({ url: "https://x.test/", token: "t" });
const image = new Uint8Array([1]);
const parameters: Parameters = { image, seed: 18446744073709551615n, samplerName: "my own" };
const result: Result = await run(parameters, { client, onLog: (line) => line.trim() });
const names: string[] = result.images.map((each) => each.filename);
const steps: number = defaults.steps + 1;
const job = await submit({ image: "data:,x", steps }, { client: gateway });
export const found = [names, await job.status(), parse({}), toWire(parameters).params];
const wait = (error: RateLimitedError): number => error.retryAfter ?? 1;
export const waited = (error: ViewComfyError): number =>
  error instanceof RateLimitedError ? wait(error) : 0;
// @ts-expect-error the image is required
await run({ steps }, { client });
// @ts-expect-error a misspelled name
await run({ image, step: 20 }, { client });
// @ts-expect-error a plain text is never a path
await run({ image: "me.png" }, { client });
// @ts-expect-error the image has no default
export const none = defaults.image;
// @ts-expect-error this client keeps no runs
await submit(parameters, { client });
"""


def written(folder: Path, workflows: dict[str, bytes]) -> None:
    """The modules of workflows in a folder with the
    compiler's settings: some with the runtime in them.
    """
    target = TypeScript("./viewcomfy.ts")
    (folder / "viewcomfy.ts").write_text(runtime(), "utf-8")
    for number, (name, data) in enumerate(workflows.items()):
        kind = target if number % 8 else TYPESCRIPT
        text = generate(data, name=name, targets=[kind]).files[f"{name}.ts"]
        (folder / f"{name}.ts").write_text(text, "utf-8")
    settings = json.loads((FOLDER / "tsconfig.json").read_text("utf-8"))
    settings["include"] = ["*.ts"]
    (folder / "tsconfig.json").write_text(json.dumps(settings), "utf-8")


def own() -> dict[str, bytes]:
    return {name: json.dumps(case()).encode() for name, case in CASES.items()}


def test_the_compiler_accepts_right_uses_and_refuses_wrong_ones(tmp_path: Path) -> None:
    written(tmp_path, own())
    (tmp_path / "use.ts").write_text(USE, "utf-8")
    checked("tsc", "-p", tmp_path)


def test_a_module_is_laid_out_as_prettier_would(tmp_path: Path) -> None:
    written(tmp_path, own())
    checked("prettier", "--check", *tmp_path.glob("*.ts"))


def test_the_runtime_is_clean_for_eslint(tmp_path: Path) -> None:
    written(tmp_path, {"made": own()["image_to_image"]})
    checked(
        "eslint",
        "-c",
        FOLDER / "eslint.config.mjs",
        *tmp_path.glob("*.ts"),
        cwd=tmp_path,
    )


@pytest.mark.heavy
def test_every_real_workflow_passes_them_all(tmp_path: Path) -> None:
    files = shared_files("corpus/api/*.json")
    if not files:
        pytest.skip("VIEWCOMFY_SHARED has no corpus/api")
    written(tmp_path, {f"w{n}": each.read_bytes() for n, each in enumerate(files)})
    checked("tsc", "-p", tmp_path)
    modules = sorted(tmp_path.glob("*.ts"))
    checked("prettier", "--check", *modules)
    checked("eslint", "-c", FOLDER / "eslint.config.mjs", *modules, cwd=tmp_path)


def test_the_runtime_compiles_for_node_without_a_browser_s_types(
    tmp_path: Path,
) -> None:
    (tmp_path / "viewcomfy.ts").write_text(runtime(), "utf-8")
    settings = json.loads((FOLDER / "tsconfig.json").read_text("utf-8"))
    types = str(FOLDER / "node_modules" / "@types")
    settings["compilerOptions"] |= {
        "lib": ["es2022"],
        "types": ["node"],
        "typeRoots": [types],
    }
    (tmp_path / "tsconfig.json").write_text(json.dumps(settings), "utf-8")
    checked("tsc", "-p", tmp_path)


LARGEST = {"everything": 27_490, "no files": 23_610}
"""Bytes of the runtime in a module, minified: of what every workflow may need, and of what one
without files and branches needs.
"""

SHIPPED = {"plain": 19_330, "files": 20_830, "branches": 19_860, "both": 21_350}
"""Bytes of the runtime in a program that runs a workflow and is bundled without what it leaves
unused.
"""


def minified(text: str, folder: Path) -> int:
    (folder / "viewcomfy.ts").write_text(text, "utf-8")
    options = ["--minify", "--format=esm"]
    return len(checked("esbuild", folder / "viewcomfy.ts", *options).encode())


def shipped(folder: Path, workflow: dict[str, Any], **options: Any) -> int:
    """Bytes of the runtime in a bundled and minified program that runs the workflow."""
    (folder / "viewcomfy.ts").write_text(runtime(), "utf-8")
    text = module_text(workflow, "./viewcomfy.ts", **options)
    (folder / "made.ts").write_text(text, "utf-8")
    (folder / "app.ts").write_text('export { run, ViewComfy } from "./made.ts";')
    about = folder / "about.json"
    checked(
        "esbuild",
        folder / "app.ts",
        "--bundle",
        "--minify",
        "--format=esm",
        f"--outfile={folder / 'app.js'}",
        f"--metafile={about}",
    )
    [output] = json.loads(about.read_text("utf-8"))["outputs"].values()
    [parts] = [
        each["bytesInOutput"]
        for name, each in output["inputs"].items()
        if name.endswith("viewcomfy.ts")
    ]
    return int(parts)


def test_the_runtime_stays_small(tmp_path: Path) -> None:
    assert minified(runtime(), tmp_path) <= LARGEST["everything"]
    assert minified(runtime([]), tmp_path) <= LARGEST["no files"]


def test_a_program_ships_the_parts_of_the_runtime_that_its_module_needs(
    tmp_path: Path,
) -> None:
    assert shipped(tmp_path, CASES["text_to_image"]()) <= SHIPPED["plain"]
    assert shipped(tmp_path, CASES["image_to_image"]()) <= SHIPPED["files"]
    definitions = {**described(), "LoadImage": LOAD_IMAGE}
    branches = shipped(tmp_path, small(), object_info=definitions)
    assert branches <= SHIPPED["branches"]
    both = {**small(), "3": node("LoadImage", image="me.png")}
    both["2"] = node("Saver", images=["3", 0])
    assert shipped(tmp_path, both, object_info=definitions) <= SHIPPED["both"]


LOAD_IMAGE = {
    "input": {"required": {"image": [["me.png"], {"image_upload": True}]}},
    "output": ["IMAGE", "MASK"],
}
"""The class as a server describes it."""

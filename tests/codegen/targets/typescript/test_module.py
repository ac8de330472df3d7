"""What a TypeScript module says, how it is read back, and
that no text of a workflow becomes code in it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from viewcomfy_codegen import CodegenError
from viewcomfy_codegen.targets.typescript.literals import comment, literal, raw_json
from viewcomfy_codegen.targets.typescript.names import (
    output_properties,
    parameter_properties,
    type_names,
)
from viewcomfy_codegen.targets.typescript.target import TYPESCRIPT

from ....helpers.cases import CASES
from ....helpers.commands import run
from ....helpers.support import node, schema, text_to_image
from ....helpers.typescript import Runtime, bundled, module_text

HOSTILE = "globalThis.hostile = 1"
TEXTS = [
    HOSTILE,
    f'";\n{HOSTILE};\n"',
    f"`;\n{HOSTILE};\n`",
    f"${{{HOSTILE}}}",
    f"*/\n{HOSTILE};\n/*",
    f"\\`;{HOSTILE};`",
    f"\u2028{HOSTILE}\u2029",
    "\\",
    "\\u0060",
    "\x00\x1b[31m",
    "\u202e\u2066",
    "{{ 7*7 }}{% raw %}",
    "__proto__",
    "constructor",
    "@defaultValue {@link x}",
    "class",
    "😀" * 100,
    "x" * 10_000,
]


def hostile(text: str) -> dict[str, Any]:
    """The text wherever a workflow has one."""
    inputs = {text: text, "level": 3, "sampler_name": text, "seed": 2**64 - 1}
    return {
        "1": {"class_type": text, "inputs": inputs, "_meta": {"title": text}},
        text: node("CLIPTextEncode", text, text=text, clip=["1", 0]),
        "3": node("SaveImage", text, filename_prefix=text, images=[text, 0]),
    }


@pytest.fixture(scope="module")
def runtime() -> Iterator[Runtime]:
    with Runtime() as found:
        yield found


def test_no_text_becomes_code(runtime: Runtime, tmp_path: Path) -> None:
    texts = {f"m{n}": module_text(hostile(text)) for n, text in enumerate(TEXTS)}
    for name, module in bundled(texts, tmp_path).items():
        assert runtime.do(module, "hostile") is False, name
        wanted = schema(hostile(TEXTS[int(name[1:])]))["properties"]
        values = {
            name: each["default"] for name, each in wanted.items() if "default" in each
        }
        own = parameter_properties(wanted)
        found = runtime.do(module, "defaults")
        assert found == {own[name]: _as_told(value) for name, value in values.items()}


def _as_told(value: Any) -> Any:
    is_large = isinstance(value, int) and abs(value) > 2**53
    return f"{value}n" if is_large else value


def test_a_module_is_read_back() -> None:
    workflow = CASES["image_to_image"]()
    earlier = TYPESCRIPT.read(module_text(workflow), "made.ts")
    assert earlier.schema == schema(workflow)
    assert earlier.graph is not None and earlier.graph.keys() == workflow.keys()


@pytest.mark.parametrize("text", ["", "export const WORKFLOW = 1;", "class {"])
def test_what_is_not_a_module_is_refused(text: str) -> None:
    with pytest.raises(CodegenError):
        TYPESCRIPT.read(text, "made.ts")


def test_names_stay_when_the_workflow_is_exported_again(tmp_path: Path) -> None:
    source, module = tmp_path / "workflow_api.json", tmp_path / "made.ts"
    workflow = text_to_image()
    source.write_text(json.dumps(workflow), "utf-8")
    generated(source, module)
    before = TYPESCRIPT.read(module.read_text("utf-8"), "made.ts").names
    workflow["6"]["_meta"] = {"title": "Quite Another Title"}
    source.write_text(json.dumps(workflow), "utf-8")
    generated(source, module)
    assert TYPESCRIPT.read(module.read_text("utf-8"), "made.ts").names == before


def test_a_module_that_was_edited_is_not_overwritten(tmp_path: Path) -> None:
    source, module = tmp_path / "workflow_api.json", tmp_path / "made.ts"
    source.write_text(json.dumps(text_to_image()), "utf-8")
    generated(source, module)
    module.write_text(module.read_text("utf-8") + "// mine\n", "utf-8")
    done = run(source, "-o", module)
    assert done.exit_code == 1 and "edited by hand" in done.stderr


def test_both_languages_are_written_and_checked_in_one_go(tmp_path: Path) -> None:
    source = tmp_path / "workflow_api.json"
    source.write_text(json.dumps(text_to_image()), "utf-8")
    outputs = [tmp_path / "made.py", tmp_path / "made.ts"]
    options = [part for each in outputs for part in ("-o", str(each))]
    assert run(source, *options).exit_code == 0
    assert run(source, *options, "--check").exit_code == 0
    outputs[1].unlink()
    assert run(source, *options, "--check").exit_code == 1


def generated(source: Path, module: Path) -> None:
    done = run(source, "-o", module)
    assert done.exit_code == 0, done.output


def test_properties_are_camel_case_unique_and_no_reserved_words() -> None:
    names = ["positive_prompt", "seed", "lora_1_strength", "lora_1strength", "class_"]
    assert parameter_properties([*names, "constructor", "größe_x"]) == {
        "positive_prompt": "positivePrompt",
        "seed": "seed",
        "lora_1_strength": "lora1Strength",
        "lora_1strength": "lora1strength",
        "class_": "class_",
        "constructor": "constructor_",
        "größe_x": "größeX",
    }
    assert list(parameter_properties(["a_b", "a__b"]).values()) == ["aB", "aB2"]


def test_an_output_hides_nothing_that_every_result_has() -> None:
    assert output_properties(["images", "status"]) == {
        "images": "images_",
        "status": "status_",
    }


def test_a_type_hides_nothing_that_the_runtime_uses() -> None:
    assert type_names(["Sampler", "Status", "Promise"]) == {
        "Sampler": "Sampler",
        "Status": "StatusChoice",
        "Promise": "PromiseChoice",
    }


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ("plain", '"plain"'),
        ('say "hi"', "'say \"hi\"'"),
        ("a\\b\n\u2028", '"a\\\\b\\n\\u2028"'),
        ("\ud800\U000e0001", '"\\ud800\\u{e0001}"'),
        (5, "5"),
        (-(2**64), "-18446744073709551616n"),
    ],
)
def test_a_literal_is_the_value(value: Any, code: str) -> None:
    assert literal(value) == code


def test_json_stands_in_a_raw_template_as_it_is() -> None:
    entries = {"a": "`${x}` \\ \n", "b": {"c": 2**64}}
    text = raw_json(entries)
    inner = text.removeprefix("String.raw`").removesuffix("`")
    assert "`" not in inner and "${" not in inner
    assert json.loads(inner) == entries


def test_a_comment_ends_where_it_should() -> None:
    text = comment(["ends */ here @tag and {@link x}"])
    assert text.count("*/") == 1 and "\\@tag" in text and "{\\@link" in text


TABLE = """\
[tool.viewcomfy-codegen]
runtime = "viewcomfy.ts"

[tool.viewcomfy-codegen.workflows.one]
source = "workflow_api.json"
typescript = "web/one.ts"

[tool.viewcomfy-codegen.workflows.two]
source = "workflow_api.json"
typescript = "web/two.ts"
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with two clients that share their TypeScript runtime."""
    (tmp_path / "workflow_api.json").write_text(json.dumps(text_to_image()), "utf-8")
    (tmp_path / "pyproject.toml").write_text(TABLE, "utf-8")
    (tmp_path / "web").mkdir()
    monkeypatch.chdir(tmp_path)
    done = run("generate")
    assert done.exit_code == 0, done.output
    return tmp_path


def test_the_modules_of_a_project_may_share_their_runtime(project: Path) -> None:
    one = (project / "web" / "one.ts").read_text("utf-8")
    assert 'from "./viewcomfy.ts";' in one and "class ViewComfyGateway" not in one
    runtime = (project / "web" / "viewcomfy.ts").read_text("utf-8")
    assert "export class ViewComfyGateway" in runtime
    assert run("generate", "--check").exit_code == 0


def test_a_project_without_python_writes_typescript_as_its_modules(
    project: Path,
) -> None:
    table = TABLE.replace("typescript =", "output =").replace("web/", "")
    more = 'vendor = "copy"\nruntime'
    (project / "pyproject.toml").write_text(table.replace("runtime", more, 1), "utf-8")
    before = set(project.iterdir())
    done = run("generate")
    assert done.exit_code == 0, done.output
    made = {path.name for path in set(project.iterdir()) - before}
    assert made == {"one.ts", "two.ts", "viewcomfy.ts"}
    assert 'from "./viewcomfy.ts";' in (project / "one.ts").read_text("utf-8")


def test_a_shared_runtime_that_was_edited_is_not_overwritten(project: Path) -> None:
    path = project / "web" / "viewcomfy.ts"
    path.write_text(path.read_text("utf-8") + "// mine\n", "utf-8")
    assert run("generate", "--check").exit_code == 1
    done = run("generate")
    assert done.exit_code == 1 and "edited by hand" in done.stderr


def test_a_module_contains_what_its_workflow_can_need_of_the_runtime() -> None:
    plain = module_text(text_to_image())
    files = module_text(CASES["image_to_image"]())
    assert "FileInput" not in plain and "files: FILES" not in plain
    assert "export type FileInput" in files and "files: FILES" in files
    assert not any("#region" in text for text in (plain, files))


def test_a_property_says_what_it_takes_as_an_editor_shows_it() -> None:
    text = module_text(text_to_image())
    seed = text.partition("  seed?: number | bigint | null;")[0].rpartition("/**")[2]
    told = " ".join(seed.replace("*", " ").split())
    assert "`null` draws a new one for each run. From 0 to 2^64 - 1. Node 3" in told
    assert "@defaultValue `" in told

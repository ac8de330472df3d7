"""`migrate` writes calls with ViewComfy's keys for a
generated module, and tells what it could not translate.
"""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from click.testing import Result

from viewcomfy_codegen.migration.python import calls_in_python

from ...helpers.cases import CASES
from ...helpers.commands import run
from ...helpers.growth import MOST, growth
from ...helpers.support import made
from ...helpers.typescript import module_text

PYTHON = """
async def generate(prompt):
    params = {}
    params["6-inputs-text"] = prompt.strip()
    params["10-inputs-image"] = open("input/me.png", "rb")
    params["_6-node-class_type-info"] = "a note"
    params["99-inputs-text"] = "gone"
    params[chosen] = 1
    if prompt:
        params["3-inputs-seed"] = 7
    params.update({"3-inputs-steps": 20 + 1})
    return await infer_with_logs(
        api_url=url, params=params, client_id="a", client_secret=secret,
        logging_callback=print, override_workflow_api=None,
    )
"""

TYPESCRIPT = """
const params: Record<string, unknown> = {};
params["6-inputs-text"] = prompt.trim();
params["10-inputs-image"] = inputImage;
params["99-inputs-text"] = "gone";
params[chosen] = 1;
if (prompt) {
  params["3-inputs-seed"] = 7;
}
const old = await infer({ apiUrl: url, params, clientId, clientSecret: secret });
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a generated client in both languages."""
    workflow = CASES["image_to_image"]()
    (tmp_path / "made.py").write_text(made(workflow).files["made.py"], "utf-8")
    (tmp_path / "made.ts").write_text(module_text(workflow), "utf-8")
    return tmp_path


def migrated(folder: Path, name: str, text: str, *options: str) -> Result:
    old = folder / name
    old.write_text(text, encoding="utf-8")
    return run("migrate", old, *options)


def test_a_python_call_names_what_it_sets(folder: Path) -> None:
    done = migrated(folder, "old.py", PYTHON)
    assert done.exit_code == 0, done.output
    assert done.stdout == (
        "from pathlib import Path\n\n"
        "from made import Parameters, arun\n"
        "from viewcomfy_runtime import ViewComfy\n\n"
        "result = await arun(\n"
        "    Parameters(\n"
        "        positive_prompt=prompt.strip(),\n"
        '        image=Path("input/me.png"),\n'
        "        steps=20 + 1,\n"
        "    ),\n"
        '    client=ViewComfy(url, "a", secret),\n'
        "    on_log=print,\n"
        ")\n"
    )
    compile(done.stdout, "new.py", "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)


def test_a_typescript_call_names_what_it_sets(folder: Path) -> None:
    pytest.importorskip("tree_sitter_typescript")
    done = migrated(folder, "old.ts", TYPESCRIPT)
    assert done.exit_code == 0, done.output
    assert done.stdout == (
        'import { run, ViewComfy } from "./made";\n\n'
        "const result = await run(\n"
        "  {\n"
        "    positivePrompt: prompt.trim(),\n"
        "    image: inputImage,\n"
        "  },\n"
        "  {\n"
        "    client: new ViewComfy({ url, clientId, clientSecret: secret }),\n"
        "  },\n"
        ");\n"
    )


@pytest.mark.parametrize(("name", "text"), [("old.py", PYTHON), ("old.ts", TYPESCRIPT)])
def test_what_cannot_be_translated_is_reported_with_its_line(
    name: str, text: str, folder: Path
) -> None:
    if name.endswith(".ts"):
        pytest.importorskip("tree_sitter_typescript")
    told = migrated(folder, name, text).stderr
    [line] = [
        number
        for number, each in enumerate(text.splitlines(), 1)
        if "99-inputs-text" in each
    ]
    assert f"line {line}: 99-inputs-text sets no parameter of the generated" in told
    assert "the key is not a literal string" in told
    assert "3-inputs-seed is set under a condition, to 7" in told
    assert "class_type-info" not in told


@pytest.mark.parametrize(
    ("key", "near"),
    [("33-inputs-seed", "3-inputs-seed"), ("99-inputs-x", None)],
)
def test_a_key_without_a_parameter_is_compared_with_those_of_its_input(
    key: str, near: str | None, folder: Path
) -> None:
    told = migrated(folder, "old.py", f'infer(params={{"{key}": 1}})\n').stderr
    assert f"{key} sets no parameter" in told
    assert ("did you mean" in told) == (near is not None)
    assert near is None or f"did you mean {near} (" in told


def test_parameters_written_into_the_call_are_found(folder: Path) -> None:
    text = 'infer(params={"6-inputs-text": "x"})\n'
    done = migrated(folder, "old.py", text)
    assert "positive_prompt=" in done.stdout and "= run(" in done.stdout


def test_the_workflow_or_the_schema_may_stand_for_the_module(folder: Path) -> None:
    schema = folder / "made.schema.json"
    schema.write_text(
        made(CASES["image_to_image"]()).files["made.schema.json"], encoding="utf-8"
    )
    expected = migrated(folder, "old.py", PYTHON).stdout
    assert migrated(folder, "old.py", PYTHON, "-m", str(schema)).stdout == expected


def test_a_program_is_never_run(folder: Path) -> None:
    text = f"open({str(folder / 'ran')!r}, 'w')\n{PYTHON}"
    migrated(folder, "old.py", text)
    assert not (folder / "ran").exists()


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("old.py", "x = 1\n", "sets no parameter by one of ViewComfy's keys"),
        ("old.py", "def (\n", "not a Python program"),
        ("old.rb", "x = 1\n", "neither a Python nor a TypeScript program"),
    ],
)
def test_what_holds_no_calls_is_refused(
    name: str, text: str, told: str, folder: Path
) -> None:
    done = migrated(folder, name, text)
    assert done.exit_code == 1 and told in done.stderr


def test_without_a_module_beside_it_one_is_asked_for(tmp_path: Path) -> None:
    done = migrated(tmp_path, "old.py", PYTHON)
    assert done.exit_code == 1 and "--module" in done.stderr
    assert "viewcomfy-codegen workflow_api.json -o my_workflow.py" in done.stderr


ONE_SEED = '"3-inputs-seed": 7'


@pytest.mark.parametrize(
    ("text", "sets"),
    [
        (f"await infer({{ params: {{ {ONE_SEED} }} }});", True),
        (f"const p = {{ {ONE_SEED} }} as Params; await infer({{ params: p }});", True),
        (
            f"const p = {{ {ONE_SEED} }} satisfies P; await infer({{ params: p }});",
            True,
        ),
        ("p['3-inputs-seed'] = 7; await infer({ params: p });", True),
        ("function f() { const p = {}; p['3-inputs-seed'] = 7; }", True),
        ("const p = { seed: 7 }; await infer({ params: p });", False),
        ("const p = [1]; p[0] = 2; q.x = 3; f(1, null, {});", False),
        ("const { p } = q; let r; r['\\u0033'] = 1; this.p['x'] = 1;", False),
    ],
)
def test_parameters_of_typescript_are_found_wherever_they_are_set(
    text: str, sets: bool, folder: Path
) -> None:
    pytest.importorskip("tree_sitter_typescript")
    done = migrated(folder, "old.tsx", text)
    assert ("seed: 7" in done.stdout) is sets, done.output


def test_what_a_spread_may_add_in_typescript_is_reported(folder: Path) -> None:
    pytest.importorskip("tree_sitter_typescript")
    text = f"await infer({{ params: {{ ...more, {ONE_SEED} }} }});"
    done = migrated(folder, "old.ts", text)
    assert "more may hold more parameters" in done.stderr


@pytest.mark.parametrize(
    "text",
    [
        f"p: dict = {{{ONE_SEED}}}\ninfer(params=p)\n",
        f"p = {{}}\nwhile True:\n    pass\np.update({{{ONE_SEED}}})\ninfer(params=p)\n",
        'p["3-inputs-seed"] = 7\nx: int\na, b = c\nq[0] = 1\ninfer(params=p)\n',
        f"class Job:\n    def run(self):\n        infer(params={{{ONE_SEED}}})\n",
        f"async def run():\n    await nothing\n    return infer({{{ONE_SEED}}})\n",
    ],
)
def test_parameters_of_python_are_found_wherever_they_are_set(
    text: str, folder: Path
) -> None:
    assert "seed=7" in migrated(folder, "old.py", text).stdout


@pytest.mark.parametrize(
    "opened",
    [
        'open("me.png", "rb")',
        'io.open("me.png", "rb")',
        'Path("me.png").open("rb")',
        'await aiofiles.open("me.png", "rb")',
    ],
)
def test_a_file_that_was_opened_is_a_path(opened: str, folder: Path) -> None:
    text = f'async def f():\n    infer(params={{"10-inputs-image": {opened}}})\n'
    assert 'image=Path("me.png")' in migrated(folder, "old.py", text).stdout


@pytest.mark.parametrize(
    ("added", "says"),
    [
        ("p.update(more)", "more may hold more parameters"),
        ("p.update({key: 1})", "the key is not a literal string"),
        ("p[key] = 1", "the key is not a literal string"),
        ("p['3-inputs-seed'] += 1", "p['3-inputs-seed'] is changed by what is already"),
        ("del p['3-inputs-seed']", "p['3-inputs-seed'] is removed again"),
    ],
)
def test_what_may_add_parameters_to_a_python_call_is_reported(
    added: str, says: str, folder: Path
) -> None:
    text = f"p = {{{ONE_SEED}}}\n{added}\ninfer(params=p)\n"
    assert f"line 2: {says}" in migrated(folder, "old.py", text).stderr


@pytest.mark.parametrize(
    "program",
    [
        b"\xef\xbb\xbf" + 'p["6-inputs-text"] = "caf\u00e9"\n'.encode(),
        b"# coding: latin-1\np['6-inputs-text'] = \"caf\xe9\"\r\n",
        b"x = '\xc3\xa9'; p['6-inputs-text'] = \"caf\xc3\xa9\"\r",
    ],
    ids=["a mark of byte order", "an encoding of its own", "old line ends"],
)
def test_a_program_is_read_as_python_reads_it(program: bytes, folder: Path) -> None:
    (folder / "old.py").write_bytes(program)
    assert '="caf\u00e9",' in run("migrate", folder / "old.py").stdout


@pytest.mark.heavy
def test_twice_the_program_takes_twice_the_time(folder: Path) -> None:
    line = "p['6-inputs-text'] = 'a'\n"
    assert growth(lambda size: calls_in_python(line * size, "old.py"), 500) <= MOST


@pytest.mark.parametrize(
    ("altered", "how"),
    [
        ('p["3-inputs-seed"] += 1', "is changed by what is already in it"),
        ('delete p["3-inputs-seed"]', "is removed again"),
    ],
)
def test_what_is_changed_later_in_typescript_is_reported(
    altered: str, how: str, folder: Path
) -> None:
    pytest.importorskip("tree_sitter_typescript")
    text = f'const p = {{ "3-inputs-seed": 7 }};\n{altered};\ninfer({{ params: p }});\n'
    done = migrated(folder, "old.ts", text)
    assert f'line 2: p["3-inputs-seed"] {how}' in done.stderr

"""[tool.viewcomfy-codegen]: several clients in one project."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import jsonschema
import pytest

from viewcomfy_codegen.project.table import project_schema
from viewcomfy_codegen.targets.python.reading import read_module
from viewcomfy_runtime.parameters.types import Integer

from ...helpers.cases import image_to_image
from ...helpers.commands import run
from ...helpers.support import imported, node, text_to_image

PROJECT = """
[tool.viewcomfy-codegen.workflows.painter]
source = "w/painter.json"
output = "app/painter.py"
{more}
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Writes the settings of a project with a workflow."""
    (tmp_path / "w").mkdir()
    (tmp_path / "w" / "painter.json").write_text(json.dumps(text_to_image()))
    (tmp_path / "w" / "other.json").write_text(json.dumps(image_to_image()))
    (tmp_path / "app").mkdir()
    monkeypatch.chdir(tmp_path)

    def write(more: str, text: str = PROJECT) -> None:
        (tmp_path / "pyproject.toml").write_text(text.format(more=more))

    return write


def names(path: str = "app/painter.py") -> list[str]:
    return [each.name for each in read_module(Path(path).read_text(), path).fields]


def test_all_workflows_are_generated_from_anywhere_in_the_project(
    project: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    project('\n[tool.viewcomfy-codegen.workflows.other]\nsource = "w/other.json"')
    monkeypatch.chdir("app")
    assert run().exit_code == 0
    for made in ("painter.py", "painter.schema.json", "../other.py"):
        assert Path(made).is_file()


def test_files_are_named_as_in_the_table_where_it_is(
    project: Callable[..., None],
) -> None:
    project("")
    assert f"wrote {Path('app/painter.py')}\n" in run().stderr
    project("steps = 3")
    assert run().stderr.startswith("pyproject.toml: [tool.viewcomfy-codegen]")


def test_nothing_is_written_where_one_of_them_fails(
    project: Callable[..., None],
) -> None:
    project('\n[tool.viewcomfy-codegen.workflows.other]\nsource = "w/nowhere.json"')
    done = run()
    assert done.exit_code == 1
    assert "nowhere.json: there is no such file" in done.output
    assert not Path("app/painter.py").exists()


def test_parameters_are_renamed_documented_and_required(
    project: Callable[..., None], tmp_path: Path
) -> None:
    project("""
required = ["seed"]
schema = false
[tool.viewcomfy-codegen.workflows.painter.rename]
"6-inputs-text" = "wish"
cfg = "strictness"
[tool.viewcomfy-codegen.workflows.painter.docs]
steps = "How long to work on it"
""")
    assert run().exit_code == 0
    assert not Path("app/painter.schema.json").exists()
    module = imported(Path("app/painter.py").read_text(), tmp_path)
    fields = {field.name: field for field in module.WORKFLOW.fields}
    assert {"wish", "strictness"} <= fields.keys()
    assert fields["seed"].required
    assert fields["steps"].doc.startswith("How long to work on it. ")


def test_one_parameter_sets_several_inputs(
    project: Callable[..., None], tmp_path: Path
) -> None:
    project("""
[tool.viewcomfy-codegen.workflows.painter.shared]
size = ["5-inputs-width", "height"]
""")
    assert run().exit_code == 0
    module = imported(Path("app/painter.py").read_text(), tmp_path)
    params, _ = module.WORKFLOW.to_wire(module.Parameters(size=640))
    assert (params["5-inputs-width"], params["5-inputs-height"]) == (640, 640)


def test_files_may_be_left_out_where_it_is_said(project: Callable[..., None]) -> None:
    project(
        "",
        '[tool.viewcomfy-codegen.workflows.other]\nsource = "w/other.json"\noptional = ["image"]',
    )
    assert run().exit_code == 0
    [image] = [
        each
        for each in read_module(Path("other.py").read_text(), "x").fields
        if each.name == "image"
    ]
    assert not image.required


def test_a_projects_comfyui_and_view_comfy_are_used(
    project: Callable[..., None], tmp_path: Path
) -> None:
    (tmp_path / "info.json").write_text(
        json.dumps(
            {"KSampler": {"input": {"required": {"steps": ["INT", {"max": 33}]}}}}
        )
    )
    app = {
        "title": "Fidelity",
        "inputs": [{"key": "3-inputs-cfg", "title": "Fidelity"}],
    }
    shown = {"viewComfyJSON": {"inputs": [app]}}
    (tmp_path / "view_comfy.json").write_text(
        json.dumps({"file_type": "view_comfy", "workflows": [shown]})
    )
    text = '[tool.viewcomfy-codegen]\nobject_info = "info.json"\n' + PROJECT
    project('view_comfy = "view_comfy.json"\nall = true', text)
    assert run().exit_code == 0
    fields = {
        each.name: each
        for each in read_module(Path("app/painter.py").read_text(), "x").fields
    }
    assert "fidelity" in fields
    steps = fields["steps"].type
    assert isinstance(steps, Integer) and steps.hi == 33


@pytest.mark.parametrize(
    ("more", "says"),
    [
        (
            "includes = []",
            "workflows.painter.includes: is not a setting\nhint: did you mean include?",
        ),
        ("embed = 1", "painter.embed: must be true or false"),
        ("include = [3]", "include[0]: must be a string"),
        ("schema = true", "schema: must be a string or false"),
        ("workflow = ''", "must not be empty"),
        ("shared = { a = ['x'] }", "must have at least 2 items"),
        ("rename = 3", "must be a table"),
        ("rename = { nothing = 'x' }", "there is no parameter nothing"),
        ("rename = { stepz = 'x' }", "did you mean steps?"),
        (
            "rename = { steps = 'effort' }\ndocs = { effort = 'x' }",
            "effort is the table's own name: write steps, which it stands for",
        ),
        (
            "shared = { both = ['width', 'height'] }\ndocs = { both = 'x' }",
            "both is the table's own name: write width, which it stands for",
        ),
        ("rename = { steps = 'class' }", "cannot be a parameter's name"),
        ("rename = { steps = 'a b' }", "cannot be a parameter's name"),
        ("rename = { steps = 'cfg' }", "cannot both be called cfg"),
        ("rename = { steps = 'x', cfg = 'x' }", "cannot both be called x"),
        ("shared = { x = ['steps', 'cfg'] }", "they take different values"),
        ("shared = { x = ['steps', 'nothing'] }", "there is no parameter nothing"),
        ("output = 'json.py'", "a module json of its own"),
        ("vendor = '.'", "is not a package that Python can import"),
        ('view_comfy = "a\\u0000b"', "cannot be read: embedded null"),
        ('html = "a\\u0000b.html"', "embedded null"),
    ],
)
def test_wrong_settings_are_named_and_nothing_is_written(
    project: Callable[..., None], more: str, says: str
) -> None:
    if more.startswith("output"):
        project("", PROJECT.replace('output = "app/painter.py"', more))
    else:
        project(more)
    done = run()
    assert done.exit_code == 1
    assert says in done.output
    assert not Path("app/painter.py").exists()


def test_two_names_may_be_exchanged(project: Callable[..., None]) -> None:
    project('rename = { steps = "cfg", cfg = "steps" }')
    assert run().exit_code == 0
    assert {"steps", "cfg"} <= set(names())


@pytest.mark.parametrize("output", ["app/painter.py", "app/Painter.py"])
def test_two_clients_of_one_path_are_refused(
    project: Callable[..., None], output: str
) -> None:
    project(
        "\n[tool.viewcomfy-codegen.workflows.other]\n"
        f'source = "w/other.json"\noutput = "{output}"'
    )
    done = run()
    assert done.exit_code == 1
    assert "both write it" in done.output


@pytest.mark.parametrize(
    "text",
    [
        "[tool",
        "[tool.viewcomfy-codegen]\nx = 1",
        "[tool]\nviewcomfy-codegen = 3",
        "[tool.viewcomfy-codegen.workflows]",
        "[tool.viewcomfy-codegen]\nworkflows = [1]",
        "\xff",
        pytest.param("x = " + "9" * 5000, id="a long number"),
        pytest.param("x = " + "[" * 5000 + "]" * 5000, id="a deep list"),
    ],
)
def test_a_project_file_that_is_broken_is_named(
    project: Callable[..., None], text: str
) -> None:
    Path("pyproject.toml").write_bytes(text.encode("latin-1"))
    done = run()
    assert isinstance(done.exception, SystemExit) and done.exit_code == 1
    assert "pyproject.toml" in done.output


def test_without_a_project_a_workflow_is_needed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run().exit_code == 2
    assert run("--check", "-o", "x.py").exit_code == 2


def test_a_file_without_tools_is_no_project(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("pyproject.toml").write_text("tool = 3")
    assert run().exit_code == 2


def test_the_table_alone_needs_jsonschema(project: Callable[..., None]) -> None:
    project("")
    code = (
        "import sys; from viewcomfy_codegen.cli.main import main\n"
        "try: main(sys.argv[1:])\n"
        "finally: print('jsonschema' in sys.modules)"
    )
    for arguments, needed in (
        (["w/painter.json", "-o", "x.py"], "False"),
        ([], "True"),
    ):
        done = subprocess.run(
            [sys.executable, "-c", code, *arguments],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.stdout.strip() == needed, done.stderr


def test_check_says_which_outputs_are_stale(project: Callable[..., None]) -> None:
    project("")
    done = run("--check")
    assert done.exit_code == 1
    assert "is missing" in done.output
    run()
    assert run("--check").exit_code == 0
    Path("w/painter.json").write_text(
        json.dumps(
            {
                **text_to_image(),
                "5": node("EmptyLatentImage", width=64, height=64, batch_size=1),
            }
        )
    )
    before = Path("app/painter.py").read_bytes()
    done = run("--check")
    assert done.exit_code == 1
    assert "default of width: 512 → 64" in done.output
    assert "-    width: " in done.output
    assert "2 files are out of date" in done.stderr
    assert "the same command without --check" in done.stderr
    assert Path("app/painter.py").read_bytes() == before


def test_the_schema_that_editors_complete_by_is_the_one_that_is_read() -> None:
    import viewcomfy_codegen

    path = Path(viewcomfy_codegen.__file__).with_name("project") / "project.schema.json"
    assert json.loads(path.read_text()) == project_schema()
    jsonschema.Draft202012Validator.check_schema(project_schema())


@pytest.mark.parametrize(
    ("output", "imported_from"),
    [
        ("app/painter.py", "app.painter"),
        ("src/app/painter.py", "app.painter"),
        ("src.py", "src"),
        ("my-app/painter.py", "painter"),
        ("../painter.py", "painter"),
    ],
)
def test_the_rules_name_the_module_as_the_project_imports_it(
    project: Callable[..., None], tmp_path: Path, output: str, imported_from: str
) -> None:
    (tmp_path / output).parent.mkdir(parents=True, exist_ok=True)
    text = PROJECT.replace("app/painter.py", output)
    project('rules = "rules.md"', text)
    assert run().exit_code == 0
    assert f"from {imported_from} import Parameters" in Path("rules.md").read_text()

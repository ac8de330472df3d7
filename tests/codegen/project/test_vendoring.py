"""A copy of the runtime in the user's own project: whole,
up to date, and all that a module needs beside requests.
"""

from __future__ import annotations

import json
import subprocess
import sys
import sysconfig
import venv
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import pytest

import viewcomfy_runtime
from viewcomfy_codegen import CodegenError, __version__
from viewcomfy_codegen.project.vendoring import imported_from

from ...helpers.checkers import findings_of_mypy, findings_of_pyright
from ...helpers.commands import run
from ...helpers.local import ID, SECRET, served, serving
from ...helpers.support import text_to_image


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def names(folder: Path) -> set[str]:
    return {
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.is_file() and path.suffix != ".pyc"
    }


def test_the_whole_runtime_is_there_with_its_types_license_and_version(
    here: Path,
) -> None:
    assert run("vendor", "_viewcomfy").exit_code == 0
    copy = here / "_viewcomfy"
    source = Path(viewcomfy_runtime.__file__).parent
    assert names(copy) == names(source) | {"VERSION"}
    assert {"py.typed", "LICENSE"} <= names(copy)
    assert __version__ in (copy / "VERSION").read_text()
    assert "MIT License" in (copy / "LICENSE").read_text()


def test_the_license_is_the_projects() -> None:
    root = Path(__file__).parents[3]
    beside = Path(viewcomfy_runtime.__file__).with_name("LICENSE")
    assert beside.read_text() == (root / "LICENSE").read_text()


def test_a_copy_is_kept_up_to_date(here: Path) -> None:
    run("vendor", "_viewcomfy")
    assert run("vendor", "_viewcomfy", "--check").exit_code == 0
    assert run("vendor", "_viewcomfy").exit_code == 0
    (here / "_viewcomfy" / "errors.py").unlink()
    (here / "_viewcomfy" / "later.py").write_text("x = 1\n")
    done = run("vendor", "_viewcomfy", "--check")
    assert done.exit_code == 1
    assert "errors.py is out of date" in done.output
    assert "later.py is out of date" in done.output
    assert run("vendor", "_viewcomfy", "--force").exit_code == 0
    assert "later.py" not in names(here / "_viewcomfy")
    assert run("vendor", "_viewcomfy", "--check").exit_code == 0


def test_other_ends_of_lines_are_no_edit(here: Path) -> None:
    run("vendor", "_viewcomfy")
    path = here / "_viewcomfy" / "errors.py"
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert run("vendor", "_viewcomfy", "--check").exit_code == 0


def test_an_edited_copy_is_named_and_kept(here: Path) -> None:
    run("vendor", "_viewcomfy")
    path = here / "_viewcomfy" / "errors.py"
    path.write_text(path.read_text() + "# mine\n")
    done = run("vendor", "_viewcomfy")
    assert done.exit_code == 1
    assert "was edited by hand" in done.output
    assert path.read_text().endswith("# mine\n")
    assert run("vendor", "_viewcomfy", "--force").exit_code == 0


def test_somebody_elses_folder_is_left_alone(here: Path) -> None:
    (here / "app").mkdir()
    (here / "app" / "mine.py").write_text("x = 1\n")
    done = run("vendor", "app")
    assert done.exit_code == 1
    assert "did not write" in done.output
    assert names(here / "app") == {"mine.py"}
    (here / "file").write_text("x")
    assert "is a file" in run("vendor", "file").output


def test_where_it_cannot_be_written_nothing_stays(here: Path) -> None:
    done = run("vendor", "no/such/_viewcomfy")
    assert done.exit_code == 1
    assert "does not exist" in done.output
    assert not (here / "no").exists()


@pytest.mark.parametrize(
    ("vendor", "module", "packages", "imported"),
    [
        ("_viewcomfy", "portrait.py", [], "_viewcomfy"),
        ("app/_viewcomfy", "app/portrait.py", [], "_viewcomfy"),
        ("app/_viewcomfy", "app/portrait.py", ["app"], "._viewcomfy"),
        ("app/_viewcomfy", "app/a/b/portrait.py", ["app", "app/a", "app/a/b"], "..._viewcomfy"),
        ("app/lib/rt", "app/a/portrait.py", ["app", "app/a"], "..lib.rt"),
        ("lib/rt", "app/portrait.py", ["app"], "lib.rt"),
        ("src/lib/rt", "src/app/portrait.py", ["src/app"], "lib.rt"),
    ],
)  # fmt: skip
def test_a_module_imports_the_copy_as_its_place_allows(
    here: Path, vendor: str, module: str, packages: list[str], imported: str
) -> None:
    for package in packages:
        (here / package).mkdir(parents=True, exist_ok=True)
        (here / package / "__init__.py").touch()
    assert imported_from(here / vendor, here / module, here) == imported


@pytest.mark.parametrize("vendor", ["my-runtime", "a b/rt", "1/rt"])
def test_a_folder_that_python_cannot_import_is_refused(here: Path, vendor: str) -> None:
    with pytest.raises(CodegenError, match="Python can import"):
        imported_from(here / vendor, here / "app" / "portrait.py", here)


@pytest.fixture
def project(here: Path) -> Callable[[str], None]:
    """Writes a project whose modules import a copy of the runtime."""
    (here / "w.json").write_text(json.dumps(text_to_image()))

    def write(folder: str) -> None:
        (here / "pyproject.toml").write_text(
            f'[tool.viewcomfy-codegen]\nvendor = "{folder}_viewcomfy"\n'
            "[tool.viewcomfy-codegen.workflows.portrait]\n"
            f'source = "w.json"\noutput = "{folder}portrait.py"\n'
        )

    return write


def test_generating_and_checking_keep_the_copy_up_to_date(
    here: Path, project: Callable[[str], None]
) -> None:
    project("")
    assert run("--check").exit_code == 1
    done = run()
    assert done.exit_code == 0
    assert "wrote _viewcomfy\n" in done.stderr.replace("\r", "")
    assert run("--check").exit_code == 0
    assert "from _viewcomfy import" in Path("portrait.py").read_text()
    (here / "_viewcomfy" / "errors.py").unlink()
    done = run("--check")
    assert done.exit_code == 1
    assert "errors.py is out of date" in done.output
    assert run().exit_code == 0
    assert run("--check").exit_code == 0


def test_a_failing_generation_copies_nothing(
    here: Path, project: Callable[[str], None]
) -> None:
    project("")
    (here / "w.json").write_text("{")
    assert run().exit_code == 1
    assert not (here / "_viewcomfy").exists()


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Python that has requests and requests-toolbelt, and nothing else."""
    folder = tmp_path_factory.mktemp("venv")
    venv.create(folder, with_pip=False, symlinks=True)
    scripts = {"base": str(folder), "platbase": str(folder)}
    packages = Path(sysconfig.get_path("purelib", vars=scripts))
    for name in (
        "requests",
        "requests_toolbelt",
        "urllib3",
        "idna",
        "certifi",
        "charset_normalizer",
    ):
        spec = find_spec(name)
        assert spec is not None and spec.origin is not None
        (packages / name).symlink_to(Path(spec.origin).parent)
    return Path(sysconfig.get_path("scripts", vars=scripts)) / "python"


CALL = """
from {module} import Parameters, run
result = run(Parameters(positive_prompt="A cat", seed=3))
print(result.outputs[0].filename, len(result.outputs[0].read()))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights on Windows")
@pytest.mark.parametrize("package", [False, True], ids=["script", "package"])
def test_a_module_runs_where_only_requests_is_installed(
    here: Path, project: Callable[[str], None], python: Path, package: bool
) -> None:
    if package:
        (here / "app").mkdir()
        (here / "app" / "__init__.py").touch()
    project("app/" if package else "")
    assert run().exit_code == 0
    module = "app.portrait" if package else "portrait"
    (here / "main.py").write_text(CALL.format(module=module))
    with serving(served(text_to_image())) as base:
        environment = {
            "VIEWCOMFY_API_URL": f"{base}/made",
            "VIEWCOMFY_CLIENT_ID": ID,
            "VIEWCOMFY_CLIENT_SECRET": SECRET,
        }
        for command in (["main.py"], ["-m", module, "--seed", "3", "-o", "out"]):
            done = subprocess.run(
                [python, *command],
                env=environment,
                cwd=here,
                capture_output=True,
                encoding="utf-8",
                check=False,
            )
            assert done.returncode == 0, done.stderr
            assert "ComfyUI_00001_" in done.stdout


@pytest.mark.parametrize(
    "package",
    [
        pytest.param(False, marks=pytest.mark.heavy, id="script"),
        pytest.param(True, id="package"),
    ],
)
def test_type_checkers_find_nothing_wrong_with_it(
    here: Path, project: Callable[[str], None], package: bool
) -> None:
    if package:
        (here / "app").mkdir()
        (here / "app" / "__init__.py").touch()
    project("app/" if package else "")
    run()
    module = "app.portrait" if package else "portrait"
    (here / "main.py").write_text(CALL.format(module=module))
    assert findings_of_mypy(here) == ""
    assert findings_of_pyright(here) == ""

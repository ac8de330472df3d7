"""The runtime where nothing but `requests` and its like is
installed: how a generated module is deployed.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from importlib.metadata import distribution
from pathlib import Path

from ..helpers.cases import CASES
from ..helpers.support import made

RUNTIME = Path(__file__).parents[2] / "codegen" / "viewcomfy_runtime"
NEEDED = (
    "requests",
    "requests-toolbelt",
    "urllib3",
    "certifi",
    "idna",
    "charset-normalizer",
)


def test_a_generated_module_runs_without_the_generators_libraries(
    tmp_path: Path,
) -> None:
    site = tmp_path / "site"
    site.mkdir()
    for name in NEEDED:
        _copy(name, site)
    shutil.copytree(RUNTIME, site / "viewcomfy_runtime")
    (tmp_path / "made.py").write_text(
        made(CASES["only_files"]()).files["made.py"], "utf-8"
    )
    script = (
        "import importlib.util, made, viewcomfy_runtime as v\n"
        "for name in ('jinja2', 'click', 'black', 'jsonschema', 'viewcomfy_codegen'):\n"
        "    assert importlib.util.find_spec(name) is None, name\n"
        "try:\n"
        "    made.run(made.Parameters(image=b'x'), "
        "client=v.ViewComfy('http://127.0.0.1:9', 'id', 'the-secret'))\n"
        "except v.ConnectionFailedError as error:\n"
        "    print('asked', made.WORKFLOW.schema['required'])\n"
    )
    done = subprocess.run(
        [sys.executable, "-S", "-c", script],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(site), str(tmp_path)])},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.stdout, done.stderr) == ("asked ['image']\n", "")


def _copy(name: str, site: Path) -> None:
    """The distribution's packages, alone, into a folder of their own."""
    library = Path(str(distribution(name).locate_file("")))
    tops = {Path(str(each)).parts[0] for each in distribution(name).files or ()}
    for top in tops - {".."}:  # its scripts
        if (library / top).is_dir():
            shutil.copytree(library / top, site / top, dirs_exist_ok=True)
        elif (library / top).is_file():
            shutil.copy(library / top, site / top)

"""The generated files, word for word.

`pytest --update-golden` writes them anew; read the difference.
"""

from __future__ import annotations

import json
from pathlib import Path

import black
import pytest

from viewcomfy_codegen import Options, generate

from ...helpers.cases import CASES
from ...helpers.checkers import findings_of_mypy, findings_of_pyright, findings_of_ruff

GOLDEN = Path(__file__).parents[2] / "golden"

OPTIONS = {
    "text_to_image_with_options": (
        "image_to_image",
        Options(exclude=("*_name", "11-*"), optional_files=True, embed=False),
    ),
}


def _files(name: str) -> dict[str, str]:
    case, options = OPTIONS.get(name, (name, Options()))
    made = generate(
        json.dumps(CASES[case]()), name=name, source=f"{name}.json", options=options
    )
    return dict(made.files)


@pytest.mark.parametrize("name", [*CASES, *OPTIONS])
def test_generated_files_are_as_they_were(
    name: str, request: pytest.FixtureRequest
) -> None:
    for file, text in _files(name).items():
        path = GOLDEN / file
        if request.config.getoption("--update-golden"):
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8", newline="\n")
        assert text == path.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", [*CASES, *OPTIONS])
def test_generated_modules_are_laid_out_as_black_would(name: str) -> None:
    text = _files(name)[f"{name}.py"]
    assert black.format_str(text, mode=black.Mode()) == text


@pytest.mark.parametrize(
    "findings", [findings_of_ruff, findings_of_mypy, findings_of_pyright]
)
def test_checkers_find_nothing_in_generated_modules(
    findings: object, tmp_path: Path
) -> None:
    assert callable(findings)
    for name in (*CASES, *OPTIONS):
        (tmp_path / f"{name}.py").write_text(
            _files(name)[f"{name}.py"], encoding="utf-8"
        )
    assert findings(tmp_path) == ""

"""Options and fixtures that the tests share."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

import pytest

from .helpers.shared import shared_files
from .helpers.support import module_of, text_to_image


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-golden",
        action="store_true",
        help="write what is generated today into tests/golden/",
    )


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """One test for each workflow of the corpus, where the environment says that there is one."""
    if "corpus_file" in metafunc.fixturenames:
        files = shared_files("corpus/api/*.json")
        metafunc.parametrize("corpus_file", files, ids=[each.stem for each in files])


@pytest.fixture
def module(tmp_path: Path) -> ModuleType:
    """The client of a workflow from text to image."""
    return module_of(text_to_image(), tmp_path)

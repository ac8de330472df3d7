"""A generated module, for the tests of what runs it."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

import pytest

from ..support import module_of, text_to_image


@pytest.fixture
def module(tmp_path: Path) -> ModuleType:
    return module_of(text_to_image(), tmp_path)

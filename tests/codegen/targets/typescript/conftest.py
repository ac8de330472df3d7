"""Fixtures of the tests of TypeScript."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ....helpers.images import masked_image
from ....helpers.local import served, serving
from ....helpers.support import module_of, node, text_to_image
from ....helpers.typescript import EACH_RUNTIME, Runtime, bundled, module_text
from ....helpers.typescript_runs import Place, words


@pytest.fixture(
    scope="session",
    params=EACH_RUNTIME,
)
def place(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Place]:
    """Modules of TypeScript in a runtime, beside the server that runs them."""
    workflows = {
        "plain": text_to_image(),
        "masked": masked_image(),
        "words": words(),
        "previewed": {
            **text_to_image(),
            "10": node("PreviewImage", images=["8", 0]),
        },
    }
    texts = {name: module_text(each) for name, each in workflows.items()}
    folder = tmp_path_factory.mktemp("modules")
    modules = bundled(texts, folder)
    python = module_of(workflows["plain"], folder)
    local = [served(each, name) for name, each in workflows.items()]
    with serving(*local) as url, Runtime(request.param) as runtime:
        yield Place(runtime, modules, url, python)

"""Options and fixtures that the tests share."""

from __future__ import annotations

import gc
import signal
import sys
from collections.abc import Generator, Iterator
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import HealthCheck, settings

from viewcomfy_runtime import texts
from viewcomfy_runtime.clients import environment, submitting
from viewcomfy_runtime.http import client as http_client
from viewcomfy_runtime.http import polling

from .helpers.shared import shared_files
from .helpers.support import forgetting_imports, module_of, text_to_image

# A busy machine is no reason to fail: how long an example takes says nothing of what is tested. The
# examples are the same in each run (but for constants, which Hypothesis reads in the modules that
# are imported by then), so that a change is judged by what it changed alone; those who look for new
# ones say --hypothesis-profile=searching.
settings.register_profile(
    "searching",
    deadline=None,
    derandomize=False,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile("same", settings.get_profile("searching"), derandomize=True)
settings.load_profile("same")

_SHARED = {
    "corpus_file": "corpus/api/*.json",
    "official_file": "pairs/official/*.api.json",
}
"""The fixtures that are one real workflow each, and where these are."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-golden",
        action="store_true",
        help="write what is generated today into tests/golden/",
    )


@pytest.hookimpl(wrapper=True, optionalhook=True)
def pytest_xdist_auto_num_workers() -> Generator[None, int, int]:
    """Three processes for two cores: much of the time of the tests is waiting for servers."""
    cores = yield
    return cores + cores // 2


def pytest_configure() -> None:
    """Let programs that tests start take Ctrl-C, which a shell's background jobs ignore."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def _no_catalog_of_the_user(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Runs in a test find no catalog that whoever runs the tests keeps."""
    folder = str(tmp_path_factory.getbasetemp() / "home")
    home = "HOME" if sys.platform == "darwin" else "XDG_CONFIG_HOME"
    for name in (home, "APPDATA", "LOCALAPPDATA"):
        monkeypatch.setenv(name, folder)


@pytest.fixture(autouse=True)
def _no_server_of_the_user(monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs in a test go to no server that the environment of whoever runs the tests names."""
    for name in environment.VARIABLES:
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(autouse=True)
def _short_pauses(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Servers are asked again at once, and those that are busy too."""
    if "users_pauses" not in request.fixturenames:
        monkeypatch.setattr(polling, "FIRST", 0.02)
        monkeypatch.setattr(polling, "LONGEST", 0.05)
        monkeypatch.setattr(submitting, "LOOKUP_PAUSES", (0.05, 0.1))
        monkeypatch.setattr(http_client, "FIRST_PAUSE", 0.02)


@pytest.fixture
def users_pauses() -> None:
    """Servers are asked again after as long as users wait."""


@pytest.fixture(autouse=True)
def _no_secrets_of_other_tests(monkeypatch: pytest.MonkeyPatch) -> None:
    """A client that outlives its test hides nothing in the texts of another."""
    monkeypatch.setattr(texts, "KNOWN", texts.KnownSecrets())


@pytest.fixture(autouse=True)
def _no_modules_of_other_tests() -> Iterator[None]:
    with forgetting_imports():
        yield


def pytest_collection_finish() -> None:
    """The thousands of tests stay to the end, so that the garbage collector need not look."""
    gc.freeze()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """One test for each workflow of the corpus, where the environment says that there is one. The
    tests of one workflow follow each other, so that its client is made once for all.
    """
    for fixture, pattern in _SHARED.items():
        if fixture in metafunc.fixturenames:
            files = shared_files(pattern)
            ids = [each.stem for each in files]
            metafunc.parametrize(fixture, files, ids=ids, scope="module")


@pytest.fixture
def module(tmp_path: Path) -> ModuleType:
    """The client of a workflow from text to image."""
    return module_of(text_to_image(), tmp_path)

"""pytest's fixture `viewcomfy_server`: a local ViewComfy for the tests of an app. Using it needs
the extra `serve`.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Protocol

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from .serving import LocalViewComfy, Served


class StartServer(Protocol):
    """Starts a server that ends with the test, and points generated modules to it."""

    def __call__(
        self, *workflows: str | Path | Served, step_time: float = 0.0, **settings: Any
    ) -> LocalViewComfy:
        """Serve these workflows, as `viewcomfy_codegen.serving.running` does."""
        ...


@pytest.fixture
def viewcomfy_server(monkeypatch: pytest.MonkeyPatch) -> Iterator[StartServer]:
    """Call it with the paths of workflows: `server = viewcomfy_server("workflow_api.json")`.

    A generated module's `run` finds the server through the environment. `server.calls` are the
    calls that were run; `server.fail_next("429")` simulates a failure of the next one.
    """
    from .serving import running

    with contextlib.ExitStack() as stack:

        def start(*workflows: Any, **settings: Any) -> LocalViewComfy:
            server = stack.enter_context(running(*workflows, **settings))
            for name, value in server.environment.items():
                monkeypatch.setenv(name, value)
            return server

        yield start

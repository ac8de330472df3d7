"""The places where a workflow can run, one module each, behind one interface."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from ..files import Upload
    from ..results import PromptResult


@dataclass(frozen=True, slots=True)
class Call:
    """One run as it is sent: the values by wire key, the files by wire key."""

    params: Mapping[str, Any]
    files: Mapping[str, Upload]


class Client(Protocol):
    """Where a workflow runs."""

    def run(self, call: Call, *, timeout: float | None = None) -> PromptResult:
        """Run the workflow once and wait for its result, `timeout` seconds at most.

        Raises ViewComfyError.
        """
        ...


def client_from_environment(environ: Mapping[str, str] = os.environ) -> Client:
    """The client that VIEWCOMFY_API_URL, VIEWCOMFY_CLIENT_ID and VIEWCOMFY_CLIENT_SECRET describe.

    Raises ConfigurationError naming those that are missing.
    """
    from .viewcomfy import ViewComfy

    return ViewComfy.from_environment(environ)

"""A workflow of words and an image, for modules of TypeScript to run."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from .local import ID, SECRET
from .support import Workflow, node
from .typescript import Runtime

PNG = (
    "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGA"
    "WjR9awAAAABJRU5ErkJggg=="
)


def words() -> Workflow:
    """A workflow with a small result: a text."""
    text = node("PrimitiveStringMultiline", value="hello")
    return {"1": text, "2": node("PreviewAny", source=["1", 0])}


@dataclass
class Place:
    """A runtime with modules in it, and the local ViewComfy that serves their workflows."""

    runtime: Runtime
    modules: dict[str, Path]
    url: str
    python: ModuleType
    """The Python module of the plain workflow."""

    def client(self, name: str, kind: str = "ViewComfy") -> dict[str, str]:
        about = {"kind": kind, "url": f"{self.url}/{name}"}
        about |= {"clientId": ID, "clientSecret": SECRET}
        return about if kind == "ViewComfy" else {**about, "base": self.url}

    def run(self, name: str = "plain", **given: Any) -> Any:
        given = {"client": self.client(name), "call": "{}", **given}
        return self.runtime.do(self.modules[name], "run", **given)

    def job(self, name: str = "plain", **given: Any) -> Any:
        given = {"client": self.client(name, "ViewComfyGateway"), "call": "{}", **given}
        return self.runtime.do(self.modules[name], "job", **given)

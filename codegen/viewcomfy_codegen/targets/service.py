"""A web service around a generated module, as files that
are written once and are their owner's from then on.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Final

from jinja2 import Environment

from ..model import Identifier
from .python.rendering import literal
from .templates import environment

_FILES: Final[Mapping[str, str]] = {
    "README.md": "README.md",
    "Dockerfile": "Dockerfile",
    "pyproject.toml": "pyproject.toml",
    "requirements.txt": "requirements.txt",
    "requirements-dev.txt": "requirements-dev.txt",
    "{package}/__init__.py": "init.py",
    "{package}/app.py": "app.py",
    "{package}/limits.py": "limits.py",
    "{package}/models.py": "models.py",
    "{package}/runs.py": "runs.py",
    "{package}/settings.py": "settings.py",
    "tests/test_service.py": "test_service.py",
}
"""The files of a service, each with its template."""


def service_files(module: str) -> dict[str, str]:
    """The texts of a service that imports the module with this name, by their paths."""
    names = {
        "module": Identifier(module),
        "package": Identifier(f"{module}_service"),
    }
    return {
        path.format(**names): _templates()
        .get_template(f"service/{template}.jinja")
        .render(names)
        for path, template in _FILES.items()
    }


@cache
def _templates() -> Environment:
    return environment(literal, {})

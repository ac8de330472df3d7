"""Options shared by all commands that read workflows: node definitions, a view_comfy.json, and
filters.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, Final

import click

from ..pipeline import Generated, generate
from ..planning.options import Options
from ..project.paths import label_of
from ..targets.target import Target
from .files import node_classes, read_file, users_facts
from .grouping import grouped


@dataclass(frozen=True, slots=True)
class Reading:
    """How a command reads workflows, according to its options."""

    object_info: str | None = None
    view_comfy: str | None = None
    picked: str | None = None
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    app_only: bool = False

    def generated(
        self,
        data: bytes,
        place: str,
        name: str,
        targets: Iterable[Target] = (),
        **options: Any,
    ) -> Generated:
        """The client of a workflow that was read from `place`, under the given `name`.

        `options` are further fields of Options. Raises CodegenError.
        """
        beside = None
        if self.view_comfy:
            beside = read_file(self.view_comfy), self.view_comfy
        return generate(
            data,
            name=name,
            source=label_of(place),
            options=replace(self._options(), **options),
            workflow_in=self.picked,
            view_comfy=beside,
            targets=targets,
        )

    def _options(self) -> Options:
        return Options(
            include=self.include,
            exclude=self.exclude,
            app_only=self.app_only,
            object_info=node_classes(self.object_info),
            kept=users_facts(),
        )


AS_IT_IS: Final = Reading()
"""No options given."""

OBJECT_INFO: Final = click.option(
    "--object-info",
    metavar="FILE|URL",
    help="Node definitions of your own ComfyUI: its URL, or a saved /object_info.",
)
VIEW_COMFY: Final = click.option(
    "--view-comfy",
    metavar="FILE",
    help="view_comfy.json whose titles, texts, types and groups apply to the workflow.",
)
PICKED: Final = click.option(
    "--workflow",
    "picked",
    metavar="N|TITLE",
    help="Which workflow of a view_comfy.json to use, by number or title.",
)
INCLUDE: Final = click.option(
    "--include",
    multiple=True,
    metavar="GLOB",
    help="Keep only parameters whose name, key or node class matches.",
)
EXCLUDE: Final = click.option(
    "--exclude",
    multiple=True,
    metavar="GLOB",
    help="Leave out parameters whose name, key or node class matches.",
)
APP_ONLY: Final = click.option(
    "--app-only",
    is_flag=True,
    help="Keep only what the workflow's App mode shows.",
)

reads_workflows: Final = grouped(
    "reading", Reading, OBJECT_INFO, VIEW_COMFY, PICKED, INCLUDE, EXCLUDE, APP_ONLY
)
"""Adds these options to a command, which receives them as the argument `reading`."""

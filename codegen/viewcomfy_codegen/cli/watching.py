"""`--watch`: generate again whenever a source changes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from ..errors import CodegenError
from ..project.regenerate import Task
from ..sources.object_info import is_url
from .console import err, report, requiring
from .finishing import generated, write_stale

Tasks = Callable[[], Sequence[Task]]
State = dict[Path, tuple[int, int] | None]

_QUIET: Final = 0.1
"""Seconds for which a file must stay unchanged before it is read, since an editor may still be
writing it.
"""

_LOOK: Final = 1000
"""Milliseconds between polls, on systems that do not report every change."""


def watch(tasks: Tasks, settings: Path | None) -> None:
    """Generate now and after every change, until Ctrl-C.

    `settings` is the file that `tasks` reads, if any. Errors are reported, and the files stay as
    they are until the errors are fixed.
    """
    with requiring("watch", "--watch"):
        from watchfiles import watch as changes
    with suppress(KeyboardInterrupt):
        seen = _generated(tasks, settings)
        err("watching for changes; press Ctrl-C to stop")
        while True:
            for _ in changes(
                *{path.parent for path in seen if path.parent.is_dir()},
                recursive=False,
                yield_on_timeout=True,
                rust_timeout=_LOOK,
            ):
                if _state(seen) != seen or _has_new_source(tasks, seen):
                    break
            seen = _generated(tasks, settings)


def _generated(tasks: Tasks, settings: Path | None) -> State:
    """Generate what is out of date, printing one line for each client, and return the state of all
    sources.
    """
    own = [settings] if settings else []
    while True:
        before = _settled(own)
        try:
            found = tasks()
        except CodegenError as error:
            report(error.diagnostics)
            return before
        seen = _settled([*own, *(path for task in found for path in _sources(task))])
        if all(seen[path] == before[path] for path in own) and _written(found, seen):
            return seen


def _has_new_source(tasks: Tasks, seen: State) -> bool:
    """Whether a file has come that a pattern in the project's table matches."""
    try:
        return any(path not in seen for task in tasks() for path in _sources(task))
    except CodegenError:
        return False  # which was reported when the table changed


def _sources(task: Task) -> list[Path]:
    """The files that a client is generated from."""
    places = (task.source, task.view_comfy, task.object_info, task.catalog)
    return [Path(each).absolute() for each in places if each and not is_url(each)]


def _written(tasks: Sequence[Task], seen: State) -> bool:
    """Write what is out of date. Returns False, without writing, if a source changed while it was
    read.
    """
    try:
        products, copies = generated(tasks)
        if _state(seen) != seen:
            return False
        write_stale(products, copies, tasks)
    except CodegenError as error:
        if _state(seen) != seen:
            return False
        report(error.diagnostics)
        return True
    for product in products:
        if product.stale:
            report(product.diagnostics)
            changes = "; ".join(map(str, product.changes))
            files = ", ".join(map(str, product.stale))
            err(f"wrote {files}" + (f": {changes}" if changes else ""))
    return True


def _state(paths: Iterable[Path]) -> State:
    """The modification time and size of each file, which tell whether it changed; None if it does
    not exist.
    """
    found: State = {}
    for path in paths:
        found[path] = None
        with suppress(OSError):
            stat = path.stat()
            found[path] = (stat.st_mtime_ns, stat.st_size)
    return found


def _settled(paths: Sequence[Path]) -> State:
    """The files' state once it has been stable for a moment."""
    state = _state(paths)
    while True:
        time.sleep(_QUIET)
        later = _state(paths)
        if later == state:
            return state
        state = later

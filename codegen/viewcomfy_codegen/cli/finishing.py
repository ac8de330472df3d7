"""The end of a generation: write or compare the files, and report what changed."""

from __future__ import annotations

import contextlib
import gc
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path

from viewcomfy_runtime.json_types import JsonValue

from ..errors import CodegenError, Diagnostic
from ..project.paths import STANDARD
from ..project.regenerate import Product, Task, produce
from ..project.vendoring import copied, shared_runtime, stale
from ..project.writing import write_all
from .console import err, out, out_text, report, reporting_errors
from .files import read_beside, read_file, read_node_classes

MOST_LINES = 200
"""Lines of a difference that are shown."""


def finish(tasks: Sequence[Task], *, check: bool) -> None:
    """Generate everything, then write all files or none; with `check`, compare them instead.

    Exits with 1 for invalid input, or if `check` finds an output that is out of date.
    """
    with reporting_errors():
        products, copies = generated(tasks, check=check)
        if not check:
            texts: dict[Path, str | None] = dict(_written(products))
            write_all(copies | texts, within=_vendored(tasks))
    for product in products:
        report(product.diagnostics)
        for change in product.changes:
            err(f"{product.task.name}: {change}")
    if check:
        old = stale(copies)
        for path in old:
            out(f"{path} is out of date")
        old = [*old, *_shown_stale(products)]
        if old:
            what = f"{old[0]} is" if len(old) == 1 else f"{len(old)} files are"
            err(
                f"{what} out of date\n"
                "hint: run the same command without --check to write what is out of date"
            )
        sys.exit(1 if old else 0)
    for product in products:
        for path, text in product.outputs.items():
            if path == _STDOUT:
                out_text(text)
            else:
                err(f"wrote {path}")
    for path in (*_vendored(tasks), *_runtimes(tasks)):
        err(f"wrote {path}")


@contextlib.contextmanager
def _without_collection() -> Iterator[None]:
    """Turn off garbage collection meanwhile. A plan has no reference cycles, and looking for them
    takes a third of the time of a large generation.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


@_without_collection()
def generated(
    tasks: Sequence[Task], *, check: bool = False
) -> tuple[list[Product], dict[Path, str | None]]:
    """What the tasks generate, and the runtime files that go with it, without writing anything.

    Raises CodegenError with every fault of every task.
    """
    described: dict[str, Mapping[str, JsonValue]] = {}
    products: list[Product] = []
    faults: list[Diagnostic] = []
    for task in tasks:
        try:
            classes = _classes(task, described)
            task = _with_catalog(task, described)
            products.append(produce(task, read_file, _present, classes))
            if not task.force and not check:
                faults += _links(products[-1])
        except CodegenError as error:
            faults += error.diagnostics
    copies: dict[Path, str | None] = {}
    try:
        for folder, force in _vendored(tasks).items():
            copies |= copied(folder, force=force or check)
        for path, force in _runtimes(tasks).items():
            copies |= shared_runtime(path, force=force or check)
    except CodegenError as error:
        faults += error.diagnostics
    if faults:
        raise CodegenError(*faults)
    return products, copies


def write_stale(
    products: Sequence[Product],
    copies: Mapping[Path, str | None],
    tasks: Sequence[Task],
) -> None:
    """Write the files that are out of date, and no others. Raises CodegenError."""
    old = {path for product in products for path in product.stale} | {*stale(copies)}
    texts = {**copies, **dict(_written(products))}
    changed = {path: text for path, text in texts.items() if path in old}
    write_all(changed, within=_vendored(tasks))


def _vendored(tasks: Sequence[Task]) -> dict[Path, bool]:
    """The folders that hold a copy of the runtime, and whether they may be overwritten."""
    return {task.vendor: task.force for task in tasks if task.vendor is not None}


def _runtimes(tasks: Sequence[Task]) -> dict[Path, bool]:
    """The runtime files of TypeScript modules, and whether they may be overwritten."""
    return {task.runtime: task.force for task in tasks if task.runtime is not None}


_STDOUT = Path(STANDARD)


def _present(path: Path) -> str | None:
    return None if path == _STDOUT else read_beside(path)


def _links(product: Product) -> Iterator[Diagnostic]:
    for path in product.outputs:
        if path.is_symlink():
            message = f"is a symbolic link to {os.readlink(path)}"
            hint = "name the file itself, or write to it through the link with --force"
            yield Diagnostic(str(path), message, hint)


def _classes(
    task: Task, described: dict[str, Mapping[str, JsonValue]]
) -> Mapping[str, JsonValue] | None:
    """The node classes of the task's ComfyUI, requested once for all tasks that name it."""
    place = task.object_info
    if place is None:
        return None
    if place not in described:
        described[place] = read_node_classes(place)
    return described[place]


def _with_catalog(task: Task, described: dict[str, Mapping[str, JsonValue]]) -> Task:
    """The task with the facts of its catalog, which is read once for all tasks that name it."""
    place = task.catalog
    if place is None:
        return task
    if place not in described:
        if not Path(place).exists():
            hint = "write it: viewcomfy-codegen catalog update http://127.0.0.1:8188"
            raise CodegenError(Diagnostic(place, "there is no such catalog", hint))
        described[place] = read_node_classes(place)
    return task._replace(options=replace(task.options, kept=described[place]))


def _written(products: Sequence[Product]) -> Iterator[tuple[Path, str]]:
    """The texts by path. Raises CodegenError if two clients have the same path."""
    seen: dict[str, tuple[str, str]] = {}
    for product in products:
        source = product.task.source
        for path, text in product.outputs.items():
            if path == _STDOUT:
                continue
            place = os.path.realpath(path)
            if place.casefold() in seen:
                other, taken = seen[place.casefold()]
                where = "" if taken == place else " on Windows and macOS"
                message = f"{other} and {source} both write it{where}"
                hint = "give one of them another output"
                raise CodegenError(Diagnostic(str(path), message, hint))
            seen[place.casefold()] = source, place
            yield path, text


def _shown_stale(products: Sequence[Product]) -> Iterator[Path]:
    """Print how outputs differ from what would be generated, and yield those that do."""
    from difflib import unified_diff

    for product in products:
        for path in product.stale:
            yield path
            old = read_beside(path)
            if old is None:
                out(f"{path} is missing")
                continue
            lines = unified_diff(
                old.splitlines(),
                product.outputs[path].splitlines(),
                str(path),
                f"{path} (generated now)",
                lineterm="",
            )
            out("\n".join(islice(lines, MOST_LINES)))
            if more := sum(1 for _ in lines):
                out(f"(and {more} more lines)")

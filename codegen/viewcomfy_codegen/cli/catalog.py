"""`viewcomfy-codegen catalog`: show what is known of node classes, and keep it up to date."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import click

from viewcomfy_runtime.json_types import JsonObject, JsonValue

from ..catalog import Catalog, InputFacts, NodeFacts, shipped, with_object_info
from ..catalog.comparing import differences
from ..catalog.keeping import kept_facts, kept_text
from ..errors import CodegenError, Diagnostic
from ..pipeline import read
from ..project.settings import tasks_of_project
from ..project.writing import write_all
from .console import err, out, report, reporting_errors
from .files import read_file, read_node_classes, users_catalog

_MOST_SHOWN = 12
"""Choices that `show` lists."""


@click.group("catalog")
def catalog_command() -> None:
    """Show what is known of node classes, and keep it up to date."""


@catalog_command.command("update")
@click.argument("servers", nargs=-1, required=True, metavar="URL|FILE...")
@click.option(
    "--user", is_flag=True, help="Update your own catalog, not the project's."
)
@click.option(
    "--tooltips", is_flag=True, help="Also keep the servers' descriptions of inputs."
)
def update_command(servers: tuple[str, ...], user: bool, tooltips: bool) -> None:
    """Add each server's node definitions to a catalog.

    The definitions are its /object_info. In a project whose table names a catalog, that file is
    updated with the classes that the project's workflows use. Elsewhere, your own catalog is
    updated, which commands outside of projects consult before the shipped one. A server's
    definitions replace those of the catalog and of the servers named before it.
    """
    faults: list[Diagnostic] = []
    with reporting_errors():
        answers = [read_node_classes(each) for each in servers]
        places = {} if user else _used_by_project(_merged(answers), faults)
        report(faults)
        texts = {
            path: _updated(path, answers, used, tooltips)
            for path, used in (places or {users_catalog(): None}).items()
            if used or not faults
        }
        for path in texts:
            _make_folder(path.parent)
        write_all(texts)
    for path, text in texts.items():
        count = text.count("\n") - 2  # a line each
        err(f"wrote {path} ({count} {'class' if count == 1 else 'classes'})")
    if faults:
        sys.exit(1)


@catalog_command.command("show")
@click.argument("class_type", metavar="CLASS")
def show_command(class_type: str) -> None:
    """Print what is known of CLASS, and which catalog says so."""
    with reporting_errors():
        place, catalog = _in_use()
    facts = catalog.node(class_type)
    if facts is None:
        report([_unknown(class_type, catalog)])
        sys.exit(1)
    for line in _lines(class_type, facts):
        out(line)
    out(f"According to {place if facts.own else shipped().name}")


@catalog_command.command("diff")
@click.argument("servers", nargs=-1, required=True, metavar="URL|FILE...")
def diff_command(servers: tuple[str, ...]) -> None:
    """Print what has changed on the servers since the catalog was written.

    In a project, only the classes that its workflows use are compared.
    """
    faults: list[Diagnostic] = []
    with reporting_errors():
        answers = [read_node_classes(each) for each in servers]
        used = _used_by_project(_merged(answers), faults)
        report(faults)
        place, catalog = _in_use()
    wanted = {each for classes in used.values() for each in classes or ()} or None
    now = kept_facts(_merged(answers), wanted)
    lines = list(_changes(catalog, now))
    for line in lines:
        out(line)
    if not lines:
        err(f"nothing changed since {place}")
    if faults:
        sys.exit(1)


def _merged(answers: Sequence[Mapping[str, JsonValue]]) -> JsonObject:
    return {name: each for classes in answers for name, each in classes.items()}


def _updated(
    path: Path,
    answers: Sequence[Mapping[str, JsonValue]],
    used: set[str] | None,
    tooltips: bool,
) -> str:
    """The catalog at `path` updated with the answers. Raises CodegenError if it can't be read."""
    found = kept_facts(_merged([_kept_in(path), *answers]), used, tooltips=tooltips)
    if not found:
        raise CodegenError(
            Diagnostic(
                str(path),
                "the servers have none of the classes that the project's workflows use",
                "ask the server that runs them",
            )
        )
    return kept_text(found)


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        message = f"cannot be made: {error.strerror or error}"
        hint = "check the path and its permissions"
        raise CodegenError(Diagnostic(str(folder), message, hint)) from None


def _used_by_project(
    classes: Mapping[str, JsonValue], faults: list[Diagnostic]
) -> dict[Path, set[str] | None]:
    """The catalogs that this project names, and the classes that the workflows of each use;
    `classes` are a server's own, by which the workflows are read.

    A workflow that cannot be read adds to `faults`; nothing that its catalog has of other classes
    is given up then.
    """
    found: dict[Path, set[str] | None] = {}
    catalog = with_object_info(classes)
    for task in tasks_of_project():
        if task.catalog is None:
            continue
        used = found.setdefault(Path(task.catalog), set())
        assert used is not None
        try:
            source = read(
                read_file(task.source),
                task.source,
                workflow_in=task.workflow,
                catalog=catalog,
            )
        except CodegenError as error:
            faults += error.diagnostics
            used.update(_kept_in(Path(task.catalog)))
        else:
            nodes = source.workflow.nodes
            used.update(node.class_type for node in nodes.values())
    return found


def _kept_in(path: Path) -> Mapping[str, JsonValue]:
    """The classes in a catalog; none if there is no such file yet."""
    return read_node_classes(str(path)) if path.is_file() else {}


def _in_use() -> tuple[str, Catalog]:
    """The catalog that a run here would use, and its name for messages."""
    named = (task.catalog for task in tasks_of_project())
    places = [*map(Path, filter(None, dict.fromkeys(named)))] or [users_catalog()]
    present = [each for each in places if each.is_file()]
    if not present:
        return shipped().name, shipped()
    kept = [read_node_classes(str(each)) for each in present]
    return ", ".join(map(str, present)), with_object_info(_merged(kept))


def _changes(catalog: Catalog, now: Mapping[str, JsonValue]) -> Iterator[str]:
    fresh = with_object_info(now)
    for class_type in sorted(now):
        old, new = catalog.node(class_type), fresh.node(class_type)
        if old is None:
            yield f"{class_type}: new"
        elif new is not None:
            yield from (f"{class_type}: {each}" for each in differences(old, new))


def _unknown(class_type: str, catalog: Catalog) -> Diagnostic:
    from difflib import get_close_matches

    near = get_close_matches(class_type[:200], catalog.classes(), n=3)
    return Diagnostic(
        class_type[:200],
        "no catalog has this class",
        (
            f"did you mean {', '.join(near)}?"
            if near
            else "ask a server that has it: viewcomfy-codegen catalog update URL"
        ),
    )


def _lines(class_type: str, facts: NodeFacts) -> Iterator[str]:
    yield f"{class_type}: {facts.name}" if facts.name != class_type else class_type
    if facts.does:
        yield f"  {facts.does}."
    if facts.output_node:
        yield "  Saves or shows a result."
    yield from _input_lines(facts.inputs, "  ")
    outputs = zip(facts.outputs, facts.output_names, strict=False)
    for kind, name in outputs:
        yield f"  → {kind}" if name == kind else f"  → {name}: {kind}"


def _input_lines(inputs: Mapping[str, InputFacts], indent: str) -> Iterator[str]:
    for name, facts in inputs.items():
        yield f"{indent}{name}: {', '.join(_words(facts))}"
        for option, members in facts.branches.items():
            if members:
                yield f"{indent}  with {option}:"
                yield from _input_lines(members, f"{indent}    ")
        if facts.autogrow is not None:
            names = facts.autogrow.names[:3] or (f"{facts.autogrow.prefix}0",)
            places = ", ".join(f"{name}.{each}" for each in names)
            yield from _input_lines({places: facts.autogrow.element}, f"{indent}  ")
        if facts.group is not None:
            yield from _input_lines(facts.group.members, f"{indent}  {name}.0.")


def _words(facts: InputFacts) -> Iterator[str]:
    """What is known of an input, a few words for each fact."""
    yield facts.type
    if not facts.required:
        yield "optional"
    if facts.upload is not None:
        yield f"uploaded file ({facts.upload})"
    if facts.files:
        yield "lists the machine's files"
    if facts.lo is not None or facts.hi is not None:
        yield f"{_end(facts.lo)} to {_end(facts.hi)}"
    if facts.default not in (None, ""):
        yield f"default {str(facts.default)[:80]}"
    if facts.choices:
        yield f"{len(facts.choices)} choices: {_listed(facts.choices)}"
    if facts.control is not None:
        yield f"followed by {facts.control}"
    marks = ("multiline", "multiselect", "force_input", "socketless", "advanced")
    for mark in (*marks, "page_only"):
        if getattr(facts, mark):
            yield mark.replace("_", " ")


def _end(bound: float | None) -> str:
    return "…" if bound is None else str(bound)


def _listed(values: Iterable[object]) -> str:
    shown = [str(each)[:80] for each in values]
    return ", ".join(shown[:_MOST_SHOWN]) + (", …" if shown[_MOST_SHOWN:] else "")

"""What a client can be generated from: a workflow in the API format or in the page's format, a
view_comfy.json with workflows, or an image, video or audio file that ComfyUI saved.
"""

from __future__ import annotations

from typing import NamedTuple

from viewcomfy_runtime.json_types import JsonObject

from ..catalog import Catalog, shipped
from ..errors import CodegenError, Diagnostic
from ..model import BASIC
from ..naming.titles import split_mark
from ..planning.author import Author
from ..planning.wishes import Wish, Wishes
from .api_format import holds_nodes, without_wrappers
from .documents import is_page_format, is_view_comfy
from .embedded import extracted
from .json_text import decoded, read_json
from .object_info import classes_in as classes_in


class Source(NamedTuple):
    """A decoded workflow, and what was written about its inputs.

    `flawed` tells whether the document contains anything that JSON cannot represent exactly;
    `curated` whether the wishes choose which inputs are shown. `author` is what the workflow's
    author wrote on ComfyUI's page; `app` tells whether the wishes are the inputs of an app made
    there.
    """

    document: object
    flawed: bool = False
    wishes: Wishes = {}
    curated: bool = False
    notes: tuple[Diagnostic, ...] = ()
    author: Author = Author()
    app: bool = False


def read_source(
    data: bytes,
    name: str,
    *,
    workflow: str | None = None,
    view_comfy: tuple[bytes, str] | None = None,
    catalog: Catalog | None = None,
) -> Source:
    """The workflow in `data`, whose format is detected from its content; `name` is the file's, for
    messages.

    `workflow` picks one of several by number, from 1, or by title. `view_comfy` is a
    view_comfy.json beside the workflow, with its name. `catalog` describes the widgets of a
    workflow in the page's format; by default it is the one that ships with the package. Raises
    CodegenError for data without a workflow.
    """
    document, flawed = decoded(extracted(data, name), name)
    if is_view_comfy(document):
        return _described(document, None, workflow, name, flawed)
    source = _plain(document, flawed, name, catalog or shipped())
    if view_comfy is not None:
        content, beside = view_comfy
        described = read_json(content, beside)
        if is_view_comfy(described):
            found = _described(described, source.document, workflow, beside, flawed)
            return found._replace(
                notes=(*source.notes, *found.notes), author=source.author
            )
        message = "this is not a view_comfy.json"
        hint = "export it from ViewComfy's editor"
        raise CodegenError(Diagnostic(beside, message, hint))
    if workflow is not None:
        message = "it contains one workflow only; there is nothing to choose from"
        raise CodegenError(Diagnostic(name, message, "leave --workflow out"))
    return source


def _plain(document: object, flawed: bool, name: str, catalog: Catalog) -> Source:
    """The workflow in a decoded document other than a view_comfy.json."""
    page = _page_in(document)
    if page is None:
        return Source(document, flawed)
    from .page_format.conversion import convert
    from .page_format.reading import read_document

    found = convert(read_document(page, name), catalog.node)
    titles = (node.get("_meta", {}).get("title", "") for node in found.graph.values())
    marked = any(split_mark(title)[0] for title in titles)
    # If there are ViewComfy's marks, they alone determine what is basic, and its order.
    shown = () if marked or found.app is None else found.app
    wishes = {
        key: Wish("App mode", group=BASIC, order=place)
        for place, key in enumerate(shown)
    }
    return Source(
        found.graph, flawed, wishes, False, found.notes, found.author, bool(shown)
    )


def _page_in(document: object) -> JsonObject | None:
    """The page's workflow: the document itself, or the one embedded in it if there is no API
    format.
    """
    if is_page_format(document):
        return document
    beside = document.get("workflow") if isinstance(document, dict) else None
    if not is_page_format(beside) or holds_nodes(without_wrappers(document)):
        return None
    return beside


def _described(
    description: JsonObject,
    workflow: object,
    wanted: str | None,
    name: str,
    flawed: bool,
) -> Source:
    """The source that a view_comfy.json describes: its own workflow, or the one beside it."""
    from .view_comfy import apps_in, edited, picked, wishes_of

    app = picked(apps_in(description, name), wanted, name)
    graph = without_wrappers(app.workflow(name) if workflow is None else workflow)
    wishes, notes = wishes_of(app, graph, name)
    if isinstance(graph, dict):
        graph = edited(app, graph)
    return Source(graph, flawed, wishes, True, notes)

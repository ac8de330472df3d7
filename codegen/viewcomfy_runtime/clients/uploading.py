"""Prepares a workflow for a plain ComfyUI server: uploads files and fills in the values."""

from __future__ import annotations

import contextlib
import json
import uuid
from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from ..calls.call import Call
from ..calls.overrides import applied, own_workflow, require_nodes
from ..errors import ProtocolError, ServerError
from ..http.client import Http
from ..http.deadlines import Deadline
from ..http.multipart import Form
from ..parameters.files import Upload
from ..parameters.key import MASK_SUFFIX, WireKey
from .history import stored_name

if TYPE_CHECKING:
    from ..json_types import ApiWorkflow

_CLIPSPACE: Final = "clipspace"
"""The folder where ComfyUI's web page stores masked copies of images."""


def graph_of(http: Http, call: Call, deadline: Deadline) -> ApiWorkflow:
    """Upload the call's files, and return the workflow with its values filled in."""
    workflow = own_workflow(call, "ComfyUI")
    values = dict(call.params)
    require_nodes(workflow, (*values, *call.files))
    sent = dict(call.files)
    for key, upload in call.files.items():
        if name := "" if _is_mask(key) else stored_name(upload.data, http):
            values[key] = name
            del sent[key]
    # Open all files before sending any, so that a missing one leaves nothing behind.
    with contextlib.closing(Form({}, _named(sent), deadline)) as form:
        for key in sent:
            if not _is_mask(key):
                values[key] = _stored(http, form, key, "/upload/image", {}, deadline)
        for key in filter(_is_mask, sent):
            image = key.removesuffix(MASK_SUFFIX)
            original = values.get(image) or _own_value(workflow, image)
            values[image] = _masked(http, form, key, str(original), deadline)
    return applied(workflow, values)


def _masked(http: Http, form: Form, key: str, original: str, deadline: Deadline) -> str:
    """Upload the mask under `key`, and return the name of the masked copy of a stored image."""
    fields = {
        "original_ref": json.dumps(_reference(original)),
        "subfolder": _CLIPSPACE,
    }
    try:
        return _stored(http, form, key, "/upload/mask", fields, deadline)
    except ServerError as error:
        # ComfyUI's own message doesn't explain this.
        error.hint = "check that the mask has the same size as its image"
        raise


def _stored(
    http: Http,
    form: Form,
    key: str,
    path: str,
    fields: dict[str, str],
    deadline: Deadline,
) -> str:
    """Upload a file, and return the name under which the server stored it."""
    body = partial(form.body_with, key, "image", {"type": "input", **fields})
    # The server recognizes a file that it already has, so the upload can be repeated.
    with http.request(
        "POST", http.at(path), deadline, body=body, idempotent=True, expect=(200,)
    ) as response:
        stored = response.json()
    if not isinstance(stored, dict) or not isinstance(stored.get("name"), str):
        raise ProtocolError(
            f"{http.host} didn't say where it stored the file for {key}",
            hint="check that the URL is ComfyUI's",
        )
    folder = stored.get("subfolder")
    return f"{folder}/{stored['name']}" if folder else str(stored["name"])


def _own_value(workflow: Mapping[str, Any], key: str) -> Any:
    """The workflow's own value for an input."""
    found = WireKey.parse(key)
    inputs = workflow[found.node].get("inputs") if found else None
    return inputs.get(found.name) if found and isinstance(inputs, dict) else None


def _named(files: Mapping[str, Upload]) -> dict[str, Upload]:
    """The files, with unique names for masks: the server would keep an earlier file of the same
    name.
    """
    return {
        key: (
            Upload(each.data, f"masked-{uuid.uuid4().hex}.png", "image/png")
            if _is_mask(key)
            else each
        )
        for key, each in files.items()
    }


def _reference(stored: str) -> dict[str, str]:
    """The parts of a stored file's name, such as `folder/name.png [input]`."""
    name, _, kind = stored.removesuffix("]").partition(" [")
    subfolder, _, filename = name.rpartition("/")
    return {"filename": filename, "subfolder": subfolder, "type": kind or "input"}


def _is_mask(key: str) -> bool:
    return key.endswith(MASK_SUFFIX)

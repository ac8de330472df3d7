"""ViewComfy's open-source app, self-hosted in front of a ComfyUI."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from ..calls.call import QUIET, Call, Watch
from ..errors import (
    ExecutionError,
    InvalidParametersError,
    ProtocolError,
    RejectedError,
    RunTimeoutError,
    ServerError,
    ViewComfyError,
)
from ..faults import Fault, NodeFault
from ..http.client import RETRIES, Http
from ..http.deadlines import LONGEST_RUN, Deadline
from ..http.error_responses import error_of
from ..http.multipart import Form
from ..http.responses import Response
from ..json_types import as_list
from ..parameters.key import MASK_SUFFIX, WireKey
from ..results.result import PromptResult
from ..texts import quoted
from .app_blocks import outputs_in
from .closing import HttpClient
from .hints import APP

if TYPE_CHECKING:
    import requests

    from ..parameters.files import Upload

_PATH: Final = "/api/comfy"

_MASKABLE: Final = len(MASK_SUFFIX)
"""Characters that an image's key must have so that the app finds it: it cuts the mask's key by the
length of its suffix.
"""


class ViewComfyApp(HttpClient):
    """ViewComfy's open-source app at `url`.

    It reports nothing about a run before its end, and keeps no runs. A client can be shared between
    threads. Raises ConfigurationError if the URL isn't valid.
    """

    def __init__(
        self,
        url: str,
        *,
        session: requests.Session | None = None,
        retries: int = RETRIES,
    ) -> None:
        error_for = partial(error_of, hints=APP)
        self._http = Http(url, session=session, retries=retries, error_for=error_for)

    def run(
        self, call: Call, deadline: Deadline | None = None, watch: Watch = QUIET
    ) -> PromptResult:
        """Run the app's workflow once and wait for its result, 2400 seconds at most by default.

        The app can't cancel a run: after a timeout or an interruption here, it continues there.
        Raises ViewComfyError, and its subclass InvalidParametersError for an input that the app
        would ignore.
        """
        deadline = deadline or Deadline(LONGEST_RUN)
        fields = {name: json.dumps(value) for name, value in _fields(call).items()}
        with (
            _explained(),
            deadline,
            contextlib.closing(_form(fields, call, deadline)) as form,
            self._http.request(
                "POST", self._http.at(_PATH), deadline, body=form.body
            ) as response,
        ):
            if response.status != 200:
                raise _error(response, call)
            outputs = tuple(outputs_in(response.chunks(), response.host))
        if not outputs:
            raise ProtocolError(
                f"{response.host} ran the workflow and sent none of its files",
                hint="look at the app's log: it couldn't read them from its ComfyUI",
            )
        return PromptResult(
            prompt_id="",
            status="success",
            completed=True,
            execution_time_seconds=None,
            outputs=outputs,
            prompt={},
            params=dict(call.params),
        )

    def request(self, call: Call) -> Mapping[str, Any]:
        """A human-readable view of what would be sent for the call: method, URL, fields and
        files.
        """
        return {
            "method": "POST",
            "url": self._http.at(_PATH),
            "fields": _fields(call),
            "files": call.file_summaries(),
        }


@contextlib.contextmanager
def _explained() -> Iterator[None]:
    """Add a hint about the app to a timeout."""
    try:
        yield
    except RunTimeoutError as error:
        error.hint = (
            "pass a larger timeout; the app waits forever where its ComfyUI has the result"
            " of the same call already, or finishes within milliseconds: change a value,"
            " such as the seed"
        )
        raise


def _form(fields: dict[str, str], call: Call, deadline: Deadline) -> Form:
    deadline.enter("upload")
    files = _masks_last(call.files)
    return Form(fields, files, deadline, sent=lambda: deadline.enter("run"))


def _fields(call: Call) -> dict[str, object]:
    values = {
        key: value for key, value in call.params.items() if not _unneeded(key, call)
    }
    faults = [
        Fault(key, reason)
        for key in (*values, *call.files)
        if (reason := _unsupported(key, call))
    ]
    if faults:
        raise InvalidParametersError(tuple(faults))
    about = {
        "inputs": [{"key": key, "value": value} for key, value in values.items()],
        "textOutputEnabled": True,
    }
    workflow = {} if call.override is None else {"workflow": call.override}
    return {**workflow, "viewComfy": about}


def _unsupported(key: str, call: Call) -> str:
    """Why the app can't set an input; empty if it can. At the first input that it can't set, the
    app also drops all later ones.
    """
    image = key.removesuffix(MASK_SUFFIX)
    if image.count("-") != 2:
        return (
            "can't be set through ViewComfy's app, which splits names at every hyphen;"
            " use ViewComfy or ComfyUI as the client"
        )
    found = WireKey.parse(image)
    if call.override is not None and found and found.node not in call.override:
        return "the workflow doesn't have this node"
    if image != key and len(image) != _MASKABLE:
        return (
            "can't be set through ViewComfy's app, which finds a mask's image only where its"
            f" key has {_MASKABLE} characters, unlike "
            f"{image}; use ViewComfy or ComfyUI as the client"
        )
    if image != key and image not in call.files:
        return "ViewComfy's app takes a mask only together with its image"
    return ""


def _masks_last(files: Mapping[str, Upload]) -> dict[str, Upload]:
    """The files with all masks last, since the app adds a mask to an image that it has received."""
    return dict(sorted(files.items(), key=lambda each: each[0].endswith(MASK_SUFFIX)))


def _unneeded(key: str, call: Call) -> bool:
    """Whether a value doesn't need to be sent, since the app can't set it and its workflow has the
    same one.
    """
    found = WireKey.parse(key)
    if key.count("-") == 2 or found is None:
        return False
    about = (call.override or call.graph or {}).get(found.node)
    inputs = about["inputs"] if about else {}
    return found.name in inputs and inputs[found.name] == call.params[key]


def _error(response: Response, call: Call) -> ViewComfyError:
    """The error for the app's response: its status is always 500, and the message says what
    happened.
    """
    error = response.error()
    about = response.error_body
    if not (
        isinstance(error, ServerError)
        and isinstance(about, dict)
        and about.get("errorType") == "ComfyWorkflowError"
    ):
        return error
    title = str(about.get("errorMsg"))
    if title in ("Cannot connect to ComfyUI", "Error running workflow"):
        return error
    details = as_list(about.get("errorDetails"))
    messages = [each for each in details if isinstance(each, str)]
    faults = tuple(_fault(each, call) for each in messages)
    if title in ("ComfyUI workflow execution error", "No output files found"):
        return ExecutionError(
            f"the workflow failed: {quoted('; '.join(messages)) or quoted(title)}",
            hint="look at the log of the app's ComfyUI",
            status=error.status,
            fault=faults[0] if len(faults) == 1 and faults[0].class_type else None,
        )
    return RejectedError(
        f"{response.host} rejected the call: {quoted(title)}",
        hint="check the values; if the workflow changed, generate the module again",
        status=error.status,
        faults=faults,
    )


def _fault(line: str, call: Call) -> NodeFault:
    """A fault in one of the app's messages. It names the node's class, which identifies the node
    only if no other has that class.
    """
    name, colon, rest = line.partition(": ")
    nodes = [
        node
        for node, about in (call.override or call.graph or {}).items()
        if about.get("class_type") == name
    ]
    message = quoted(rest.rstrip(", ") if colon else line)
    return NodeFault(
        nodes[0] if len(nodes) == 1 else "?", name if nodes else "", "", message
    )

"""ViewComfy's open-source app, hosted by oneself in front of a ComfyUI."""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from ..calls.call import LONGEST_RUN, QUIET, Call, Watch
from ..errors import Fault, InvalidParametersError, ProtocolError
from ..http.client import RETRIES, Http
from ..http.deadlines import Deadline
from ..http.multipart import Form
from ..parameters.key import MASK_SUFFIX
from ..parameters.media import UNKNOWN
from ..results.result import OutputFile, PromptResult

if TYPE_CHECKING:
    import requests

_SEPARATOR: Final = b"\r\n--BLOB_SEPARATOR--\r\n"
_BLANK: Final = b"\r\n\r\n"
_LONGEST_HEADER: Final = 1 << 16


class ViewComfyApp:
    """ViewComfy's own app at `url`. It tells nothing of a run before its end, and keeps no runs.

    One client may serve any number of threads. Raises ConfigurationError for a URL that cannot be right.
    """

    def __init__(
        self,
        url: str,
        *,
        session: requests.Session | None = None,
        retries: int = RETRIES,
    ) -> None:
        self._http = Http(url.rstrip("/"), session=session, retries=retries)

    def __repr__(self) -> str:
        return f"ViewComfyApp({self._http.host!r})"

    def run(
        self, call: Call, deadline: Deadline | None = None, watch: Watch = QUIET
    ) -> PromptResult:
        """Run the app's workflow once and wait for its result, 2400 seconds at most unless said otherwise.

        Raises ViewComfyError, and InvalidParametersError for an input whose name the app cannot read.
        """
        deadline = deadline or Deadline(LONGEST_RUN)
        fields = {name: json.dumps(value) for name, value in _fields(call).items()}
        with deadline, contextlib.closing(Form(fields, call.files, deadline)) as form:
            url = f"{self._http.url}/api/comfy"
            with self._http.answer("POST", url, deadline, body=form.body) as answer:
                if answer.status != 200:
                    raise answer.error()
                outputs = tuple(_outputs(answer.pieces(), answer.host))
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
        """What would be sent for the call, for people to read: method, URL, fields and files."""
        return {
            "method": "POST",
            "url": f"{self._http.url}/api/comfy",
            "fields": _fields(call),
            "files": {key: upload.about() for key, upload in call.files.items()},
        }

    def close(self) -> None:
        """Close the connections that are kept open for later calls."""
        self._http.sessions.close()


def _fields(call: Call) -> dict[str, Any]:
    values = {
        key: value for key, value in call.params.items() if not _unread(key, call)
    }
    faults = [
        Fault(
            key,
            "cannot be set through ViewComfy's app, which splits names at every hyphen;"
            " use ViewComfy or ComfyUI as the client",
        )
        for key in (*values, *call.files)
        if key.removesuffix(MASK_SUFFIX).count("-") != 2
    ]
    if faults:
        raise InvalidParametersError(tuple(faults))
    about = {
        "inputs": [{"key": key, "value": value} for key, value in values.items()],
        "textOutputEnabled": True,
    }
    workflow = {} if call.override is None else {"workflow": call.override}
    return {**workflow, "viewComfy": about}


def _unread(key: str, call: Call) -> bool:
    """Whether the app cannot set this value, and need not, since its workflow has the same."""
    if key.count("-") == 2:
        return False
    node, _, name = key.partition("-inputs-")
    about = (call.override or call.graph or {}).get(node, {})
    inputs = about.get("inputs") or {}
    return name in inputs and bool(inputs[name] == call.params[key])


def _outputs(pieces: Iterable[bytes], host: str) -> Iterator[OutputFile]:
    """The files in the app's blocks: a type, a name, the content, a separator."""
    buffer = bytearray()
    blocks = iter(pieces)
    while True:
        headers: list[str] = []
        for _ in range(2):
            while (end := buffer.find(_BLANK)) < 0:
                piece = next(blocks, None)
                if piece is None and not buffer and not headers:
                    return
                if piece is None or len(buffer) > _LONGEST_HEADER:
                    raise _nonsense(host)
                buffer += piece
            headers.append(buffer[:end].decode("utf-8", "replace"))
            del buffer[: end + len(_BLANK)]
        content_type, name = _header(headers, host)
        yield OutputFile(name, content_type, *_content(buffer, blocks, host))


def _content(
    buffer: bytearray, blocks: Iterator[bytes], host: str
) -> tuple[int, None, bytes]:
    """Size, node and bytes of a block; takes them off the buffer, which is searched once."""
    searched = 0
    while (end := buffer.find(_SEPARATOR, searched)) < 0:
        searched = max(0, len(buffer) - len(_SEPARATOR))
        piece = next(blocks, None)
        if piece is None:
            raise _nonsense(host)
        buffer += piece
    content = bytes(memoryview(buffer)[:end])
    del buffer[: end + len(_SEPARATOR)]
    return len(content), None, content


def _header(headers: list[str], host: str) -> tuple[str, str]:
    kind = re.fullmatch(r"Content-Type:\s*(.*)", headers[0], re.IGNORECASE)
    name = re.search(r'filename="(.*)"', headers[1])
    if kind is None or name is None:
        raise _nonsense(host)
    return kind[1].strip() or UNKNOWN, name[1]


def _nonsense(host: str) -> ProtocolError:
    return ProtocolError(
        f"{host} sent something other than whole files in the app's blocks",
        hint="check that the URL is the app's, and run it again",
    )

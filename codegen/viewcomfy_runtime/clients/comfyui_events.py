"""The events of a run on a ComfyUI, over its WebSocket, with the extra `live`."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Final
from urllib.parse import urlencode

from ..calls.call import Watch
from ..calls.events import OutputReady
from ..http.bodies import json_in
from ..http.client import Http
from ..http.deadlines import Deadline
from .history import files_of
from .live import LiveEvents, Source, opened_channel
from .previews import preview_in

if TYPE_CHECKING:
    from .channel import Channel

_LAST: Final = ("execution_success", "execution_error", "execution_interrupted")
"""The types of messages that report the end of a run."""


class ComfyEvents(LiveEvents[str | bytes]):
    """The events of one run on a ComfyUI."""

    def __init__(
        self,
        source: Source[str | bytes],
        http: Http,
        prompt_id: str,
        classes: Mapping[str, str],
        watch: Watch,
        deadline: Deadline,
    ) -> None:
        super().__init__(source, watch, deadline)
        self._http = http
        self.prompt_id = prompt_id
        self._classes = classes

    def _handle(self, message: str | bytes) -> bool:
        if isinstance(message, bytes):
            preview = preview_in(message, self.prompt_id)
            if preview is not None:
                self.emit(preview)
            return False
        event = json_in(message)
        about = event.get("data") if isinstance(event, dict) else None
        if not isinstance(about, dict) or about.get("prompt_id") != self.prompt_id:
            return False
        kind = event.get("type")
        node = _id(about.get("display_node")) or _id(about.get("node"))
        if kind == "executing":
            if about.get("node") is None:
                return True
            self._deadline.enter("run")
            self.log(f"node {node} ({self._classes.get(node, '?')})")
        elif kind == "executed" and isinstance(about.get("output"), dict):
            for file in files_of({node: about["output"]}, self._http):
                self.emit(OutputReady(file))
        elif kind == "progress":
            self.emit_steps(about.get("value"), about.get("max"), node or None)
        return kind in _LAST


@contextlib.contextmanager
def comfy_events(
    http: Http,
    client_id: str,
    classes: Mapping[str, str],
    watch: Watch,
    deadline: Deadline,
) -> Iterator[ComfyEvents | None]:
    """The messages that a ComfyUI sends to `client_id`; None without callbacks or without the extra
    `live`.
    """

    def connect() -> Channel:
        from .channel import Channel, websocket_url

        url = websocket_url(http.at(f"/ws?{urlencode({'clientId': client_id})}"))
        return Channel(url, http.credentials.as_headers(), http.host)

    with opened_channel(connect, watch, deadline) as channel:
        if channel is None:
            yield None
        else:
            yield ComfyEvents(channel, http, client_id, classes, watch, deadline)


def _id(value: object) -> str:
    return value if isinstance(value, str) else ""

"""The events of a run over Socket.IO and WebSocket, with the extra `live`.

Nothing depends on them: events may be lost or repeated, so the end and the result of a run are
always polled.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final, Generic, Protocol, TypeVar
from urllib.parse import urlencode

from ..calls.call import Watch
from ..calls.events import OutputReady
from ..calls.listening import Listener
from ..http.bodies import json_in
from ..http.client import LOG, Http
from ..http.deadlines import Deadline
from .history import files_of
from .previews import preview_in

if TYPE_CHECKING:
    from .channel import Channel

M = TypeVar("M")
M_co = TypeVar("M_co", covariant=True)

TAIL: Final = 0.5
"""Seconds after the end of a run in which events that are still arriving are handled."""

_PATIENCE: Final = 5.0
"""Seconds that a run waits for its event connection, and never more than a quarter of its time."""

_MISSING: Final = (
    'log and progress can\'t be heard: pip install "viewcomfy-codegen[live]"'
)


class Source(Protocol[M_co]):
    """A source of messages that is read in the background."""

    lost: bool
    """Whether the server can't be heard at present."""

    def next(self, seconds: float) -> M_co | None:
        """The next message, if one arrives within that time."""
        ...


class LiveEvents(Listener, Generic[M]):
    """The events of one run, until one reports the end of the run."""

    def __init__(self, channel: Source[M], watch: Watch, deadline: Deadline) -> None:
        super().__init__(watch)
        self._channel = channel
        self._deadline = deadline
        self._over = False

    def hear(self, seconds: float) -> bool:
        """Handle messages for that long, or until one reports the end of the run for the first
        time.
        """
        return self._deadline.wait_for(self._heard, seconds)

    def drain(self) -> None:
        """Handle what is still arriving after the end of the run, for half a second at most."""
        if not self._over and not self._channel.lost:
            self._deadline.wait_for(self._heard, TAIL)

    def _heard(self, seconds: float) -> bool:
        message = self._channel.next(seconds)
        if message is None or not self._understood(message) or self._over:
            return False
        self._over = True
        return True

    def _understood(self, message: M) -> bool:
        """Handle one message and return whether the run is over."""
        raise NotImplementedError


class GatewayEvents(LiveEvents[str | bytes]):
    """The gateway's events for one run; they are sent here because the call names `sid`."""

    def __init__(
        self,
        channel: Channel,
        sid: str,
        prompt_id: str,
        watch: Watch,
        deadline: Deadline,
    ) -> None:
        super().__init__(channel, watch, deadline)
        self._prompt_id = prompt_id
        self.sid = sid

    def _understood(self, message: str | bytes) -> bool:
        from .channel import event_in

        if isinstance(message, bytes):
            return False
        event, about = event_in(message)
        if isinstance(about, dict) and about.get("prompt_id") not in (
            None,
            self._prompt_id,
        ):
            return False
        if event in ("infer_log_message", "infer_error_message"):
            self.tell(_line(about))
        return event in ("infer_result_message", "infer_canceled_message")


@contextlib.contextmanager
def gateway_events(
    http: Http, prompt_id: str, watch: Watch, deadline: Deadline
) -> Iterator[GatewayEvents | None]:
    """A connection to the gateway's events; None if it can't be opened."""
    try:
        from .channel import SocketIO
    except ImportError:
        LOG.warning(_MISSING)
        yield None
        return
    headers = http.credentials.as_headers()
    auth = {name: headers.pop(name) for name in ("client_id", "client_secret")}
    channel = SocketIO(_websocket(http.at("")), auth, headers, http.host)
    with contextlib.closing(channel):
        _await(channel, deadline)
        if not channel.sid:
            LOG.warning("the events of %s can't be heard; polling instead", http.host)
            yield None
            return
        yield GatewayEvents(channel, channel.sid, prompt_id, watch, deadline)


class ComfyEvents(LiveEvents[str | bytes]):
    """The events of one run on a ComfyUI."""

    def __init__(
        self,
        channel: Channel,
        http: Http,
        prompt_id: str,
        classes: Mapping[str, str],
        watch: Watch,
        deadline: Deadline,
    ) -> None:
        super().__init__(channel, watch, deadline)
        self._http = http
        self.prompt_id = prompt_id
        self._classes = classes

    def _understood(self, message: str | bytes) -> bool:
        if isinstance(message, bytes):
            preview = preview_in(message, self.prompt_id)
            if preview is not None:
                self.show(preview)
            return False
        said = json_in(message)
        about = said.get("data") if isinstance(said, dict) else None
        if not isinstance(about, dict) or about.get("prompt_id") != self.prompt_id:
            return False
        kind = said.get("type")
        node = _id(about.get("display_node")) or _id(about.get("node"))
        if kind == "executing":
            if about.get("node") is None:
                return True
            self._deadline.enter("run")
            self.tell(f"node {node} ({self._classes.get(node, '?')})")
        elif kind == "executed" and isinstance(about.get("output"), dict):
            for file in files_of({node: about["output"]}, self._http):
                self.show(OutputReady(file))
        elif kind == "progress":
            self.steps(about.get("value"), about.get("max"), node or None)
        return kind in ("execution_success", "execution_error", "execution_interrupted")


@contextlib.contextmanager
def comfy_events(
    http: Http,
    client_id: str,
    classes: Mapping[str, str],
    watch: Watch,
    deadline: Deadline,
) -> Iterator[ComfyEvents | None]:
    """A connection to the messages that a ComfyUI sends to `client_id`; None without the extra."""
    try:
        from .channel import Channel
    except ImportError:
        LOG.warning(_MISSING)
        yield None
        return
    url = _websocket(http.at(f"/ws?{urlencode({'clientId': client_id})}"))
    with contextlib.closing(
        Channel(url, http.credentials.as_headers(), http.host)
    ) as channel:
        _await(channel, deadline)
        yield ComfyEvents(channel, http, client_id, classes, watch, deadline)


def _await(channel: Channel, deadline: Deadline) -> None:
    deadline.wait_for(channel.ready.wait, min(_PATIENCE, deadline.remaining / 4))
    deadline.check()


def _websocket(url: str) -> str:
    return "ws" + url.removeprefix("http")


def _id(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _line(data: Any) -> str:
    """The log line in an event, which servers send as a string or within an object."""
    if isinstance(data, dict):
        for key in ("message", "log", "logs", "data", "text", "error"):
            if isinstance(data.get(key), str):
                return str(data[key])
    if isinstance(data, str):
        return data
    try:
        return json.dumps(data, default=str)
    except (ValueError, RecursionError):
        return ""

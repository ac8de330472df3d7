"""What servers tell of a run while it goes on, over Socket.IO and WebSocket: the extra `live`.

Nothing here decides anything: events may be lost or doubled, so that a run's end and its result are always asked for.
"""

from __future__ import annotations

import contextlib
import json
from collections import deque
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from ..calls.call import MOST_LOGS, Progress, Watch
from ..calls.progress import progress_of
from ..http.client import LOG, Http
from ..http.deadlines import Deadline

if TYPE_CHECKING:
    import socketio
    import websocket

_MISSING = 'log and progress are not heard: pip install "viewcomfy-codegen[live]"'


class Hearing:
    """Who listens to one run, and the last lines that were heard."""

    def __init__(self, watch: Watch, http: Http, deadline: Deadline) -> None:
        self._deadline = deadline
        self.lines: deque[str] = deque(maxlen=MOST_LOGS)
        self._watch = watch
        self._http = http

    def tell(self, line: str) -> None:
        line = self._http.credentials.redacted(line)
        self.lines.append(line)
        if self._watch.on_log is not None:
            self._watch.on_log(line)
        for progress in progress_of(line):
            self.show(progress)

    def show(self, progress: Progress) -> None:
        if self._watch.on_progress is not None:
            self._watch.on_progress(progress)


class GatewayEvents(Hearing):
    """The gateway's events for one run; `sid` is what a call names so that they come here."""

    def __init__(
        self,
        client: socketio.SimpleClient,
        prompt_id: str,
        watch: Watch,
        http: Http,
        deadline: Deadline,
    ) -> None:
        super().__init__(watch, http, deadline)
        self._client = client
        self._prompt_id = prompt_id
        self.sid = client.sid

    def hear(self, seconds: float) -> bool:
        """Pass on what comes for that long, or until an event says that the run is over."""
        from socketio.exceptions import SocketIOError, TimeoutError

        end = Deadline(seconds)
        while end.remaining > 0:
            try:
                event, *data = self._client.receive(timeout=_slice(end))
            except TimeoutError:
                self._deadline.check()
                continue
            except SocketIOError:
                end.sleep_to(seconds)
                return False
            about = data[0] if data else None
            if isinstance(about, dict) and about.get("prompt_id") not in (
                None,
                self._prompt_id,
            ):
                continue
            if event in ("infer_log_message", "infer_error_message"):
                self.tell(_text(about))
            elif event in ("infer_result_message", "infer_canceled_message"):
                return True
        return False


@contextlib.contextmanager
def gateway_events(
    http: Http, prompt_id: str, watch: Watch, deadline: Deadline
) -> Iterator[GatewayEvents | None]:
    """A connection to the gateway's events; None where there is none to be had."""
    try:
        import socketio
        from socketio.exceptions import SocketIOError
    except ImportError:
        LOG.warning(_MISSING)
        yield None
        return
    client = socketio.SimpleClient(logger=False, engineio_logger=False)
    try:
        client.connect(
            http.url,
            auth=http.credentials.revealed(),
            transports=["websocket"],
            wait_timeout=max(1, int(min(10.0, deadline.wait))),
        )
    except SocketIOError:
        # Its words could quote the credentials.
        LOG.warning("the events of %s cannot be heard; asking after the run", http.host)
        yield None
        return
    try:
        yield GatewayEvents(client, prompt_id, watch, http, deadline)
    finally:
        client.disconnect()


class ComfyEvents(Hearing):
    """What a ComfyUI tells of one run; the connection is made again when it is lost."""

    def __init__(
        self,
        http: Http,
        client_id: str,
        prompt_id: str,
        classes: Mapping[str, str],
        watch: Watch,
        deadline: Deadline,
    ) -> None:
        super().__init__(watch, http, deadline)
        self.prompt_id = prompt_id
        self._classes = classes
        scheme = "wss" if http.url.startswith("https") else "ws"
        address = http.url.partition("://")[2]
        self._url = f"{scheme}://{address}/ws?{urlencode({'clientId': client_id})}"
        self._socket: websocket.WebSocket | None = None

    def connect(self, seconds: float) -> bool:
        import websocket

        try:
            self._socket = websocket.create_connection(
                self._url, timeout=max(0.001, seconds)
            )
        except (websocket.WebSocketException, OSError, ValueError) as error:
            LOG.info("the events of %s cannot be heard: %s", self._http.host, error)
        return self._socket is not None

    def close(self) -> None:
        if self._socket is not None:
            import websocket

            with contextlib.suppress(websocket.WebSocketException, OSError):
                self._socket.close(timeout=1)
            self._socket = None

    def hear(self, seconds: float) -> bool:
        """Pass on what comes for that long, or until a message says that the run is over."""
        import websocket

        end = Deadline(seconds)
        while end.remaining > 0:
            if self._socket is None and not self.connect(min(5.0, end.remaining)):
                end.sleep_to(seconds)
                return False
            assert self._socket is not None
            try:
                self._socket.settimeout(_slice(end))
                message = self._socket.recv()
            except websocket.WebSocketTimeoutException:
                self._deadline.check()
                continue
            except (websocket.WebSocketException, OSError):
                self.close()
                end.sleep_to(0.5)
                continue
            if isinstance(message, str) and self._understood(message):
                return True
        return False

    def _understood(self, message: str) -> bool:
        """Tells what a message says; whether it says that the run is over."""
        try:
            kind, about = json.loads(message)["type"], json.loads(message)["data"]
        except (ValueError, KeyError, TypeError, RecursionError):
            return False
        if not isinstance(about, dict) or about.get("prompt_id") != self.prompt_id:
            return False
        node = str(about.get("display_node") or about.get("node") or "")
        if kind == "executing":
            if about.get("node") is None:
                return True
            self.tell(f"node {node} ({self._classes.get(node, '?')})")
        elif kind == "progress":
            value, total = about.get("value"), about.get("max")
            if isinstance(value, int | float) and isinstance(total, int | float):
                self.show(Progress(int(value), int(total), node or None))
        return kind in ("execution_success", "execution_error", "execution_interrupted")


@contextlib.contextmanager
def comfy_events(
    http: Http,
    client_id: str,
    prompt_id: str,
    classes: Mapping[str, str],
    watch: Watch,
    deadline: Deadline,
) -> Iterator[ComfyEvents | None]:
    """A connection to a ComfyUI's messages; None where the extra is missing."""
    try:
        import websocket  # noqa: F401
    except ImportError:
        LOG.warning(_MISSING)
        yield None
        return
    events = ComfyEvents(http, client_id, prompt_id, classes, watch, deadline)
    events.connect(min(10.0, deadline.wait))
    try:
        yield events
    finally:
        events.close()


def _slice(end: Deadline) -> float:
    """Seconds to listen at a time: few enough that a cancelled run ends soon."""
    return min(0.5, max(0.001, end.remaining))


def _text(data: Any) -> str:
    """The line in an event, which servers send bare or within an object."""
    if isinstance(data, dict):
        for key in ("message", "log", "logs", "data", "text", "error"):
            if isinstance(data.get(key), str):
                return str(data[key])
    return data if isinstance(data, str) else json.dumps(data, default=str)

"""The events of a run on ViewComfy's gateway, over Socket.IO, with the extra `live`."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from typing import TYPE_CHECKING

from ..calls.call import Watch
from ..http.client import LOG, Http
from ..http.deadlines import Deadline
from .live import LiveEvents, opened_channel

if TYPE_CHECKING:
    from .channel import Channel


class GatewayEvents(LiveEvents[str | bytes]):
    """The events of one run, which the gateway sends to the session `sid` that the call names."""

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

    def _handle(self, message: str | bytes) -> bool:
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
            self.log(_log_line(about))
        return event in ("infer_result_message", "infer_canceled_message")


@contextlib.contextmanager
def gateway_events(
    http: Http, prompt_id: str, watch: Watch, deadline: Deadline
) -> Iterator[GatewayEvents | None]:
    """A session for the gateway's events; None without callbacks, without the extra `live`, or if
    the connection fails.
    """

    def connect() -> Channel:
        from .channel import SocketIO, websocket_url

        headers = http.credentials.as_headers()
        auth = {name: headers.pop(name) for name in ("client_id", "client_secret")}
        return SocketIO(websocket_url(http.at("")), auth, headers, http.host)

    with opened_channel(connect, watch, deadline) as channel:
        if channel is not None and channel.sid:
            yield GatewayEvents(channel, channel.sid, prompt_id, watch, deadline)
            return
        if channel is not None:
            LOG.warning(
                "the events of %s can't be received; polling instead", http.host
            )
        yield None


def _log_line(value: object) -> str:
    """The log line in an event, which servers send as a string or within an object."""
    if isinstance(value, dict):
        for key in ("message", "log", "logs", "data", "text", "error"):
            if isinstance(value.get(key), str):
                return str(value[key])
    if isinstance(value, str):
        return value
    try:
        return json.dumps(value, default=str)
    except (ValueError, RecursionError):
        return ""

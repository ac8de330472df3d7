"""ViewComfy's cloud, called directly at a deployment's endpoint."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from ..calls.call import QUIET, Call, Watch
from ..calls.listening import Listener
from ..errors import ConnectionFailedError, MissingSettingsError, ProtocolError
from ..http.bodies import NOT_JSON, json_in
from ..http.client import LOG, RETRIES, Http
from ..http.credentials import Credentials
from ..http.deadlines import LONGEST_RUN, Deadline
from ..http.error_responses import execution_error
from ..http.multipart import Form
from ..http.responses import Response
from ..http.sse import events
from ..results.result import PromptResult
from .closing import Closing

if TYPE_CHECKING:
    import requests

_VARIABLES: Final = (
    "VIEWCOMFY_API_URL",
    "VIEWCOMFY_CLIENT_ID",
    "VIEWCOMFY_CLIENT_SECRET",
)


class ViewComfy(Closing):
    """A deployment on ViewComfy's cloud; one client may serve any number of threads.

    `url` is the deployment's endpoint. Pass a `session` of your own for proxies or certificates;
    its thread safety is yours then. `retries` is how often a call is sent again that can't have
    started: the connection was refused, or the server answered 429 or 503. Raises
    ConfigurationError for a URL or credentials that aren't valid.
    """

    def __init__(
        self,
        url: str,
        client_id: str,
        client_secret: str,
        *,
        session: requests.Session | None = None,
        retries: int = RETRIES,
    ) -> None:
        credentials = Credentials(
            {"client_id": client_id, "client_secret": client_secret}
        )
        self._http = Http(url, credentials, session, retries)
        self._links = self._http.for_links()

    def __repr__(self) -> str:
        return f"ViewComfy({self._http.host!r})"

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> ViewComfy:
        """The client that VIEWCOMFY_API_URL, VIEWCOMFY_CLIENT_ID and VIEWCOMFY_CLIENT_SECRET
        describe.

        Raises MissingSettingsError naming those that are missing.
        """
        missing = [name for name in _VARIABLES if not environ.get(name)]
        if missing:
            raise MissingSettingsError(
                f"no server configured: {', '.join(missing)} not set",
                hint="set them, or pass client=ViewComfy(url, client_id, client_secret)",
            )
        return cls(*(environ[name] for name in _VARIABLES))

    def run(
        self, call: Call, deadline: Deadline | None = None, watch: Watch = QUIET
    ) -> PromptResult:
        """Run the deployed workflow once and wait for its result, 2400 seconds at most by default.

        ViewComfy can't cancel such a run: where it ends early here, it may go on there. Raises
        ViewComfyError.
        """
        deadline = deadline or Deadline(LONGEST_RUN)
        fields = {
            name: (
                value if isinstance(value, str) else json.dumps(value, allow_nan=False)
            )
            for name, value in _fields(call, watch).items()
        }
        with (
            deadline,
            contextlib.closing(
                Form(fields, call.files, deadline, sent=lambda: deadline.enter("run"))
            ) as form,
        ):
            LOG.debug(
                "POST %s: %d values, %d files",
                self._http.host,
                len(call.params),
                len(call.files),
            )
            accept = "text/event-stream, application/json" if watch else "*/*"
            deadline.enter("upload")
            with self._http.request(
                "POST", self._http.url, deadline, body=form.body, accept=accept
            ) as response:
                if response.status not in (200, 201):
                    raise response.error()
                if response.content_type == "text/event-stream":
                    return self._streamed(response, call, watch)
                return self._result(response.json(), call)

    def request(self, call: Call) -> Mapping[str, Any]:
        """What would be sent for the call, for people to
        read: method, URL, fields, files, and no secret.
        """
        return {
            "method": "POST",
            "url": self._http.url,
            "headers": dict.fromkeys(self._http.credentials, "***"),
            "fields": _fields(call, QUIET),
            "files": {key: upload.about() for key, upload in call.files.items()},
        }

    def _streamed(self, response: Response, call: Call, watch: Watch) -> PromptResult:
        """The result at the end of an event stream."""
        listener = Listener(watch)
        failure = None
        with contextlib.closing(response.chunks()) as chunks:
            for event in events(chunks):
                if event.type == "prompt_result":
                    result = _json(event.data, response.host)
                    return self._result(result, call, listener.lines)
                if event.type in ("log_message", "error"):
                    listener.tell(event.data)
                if event.type == "error":
                    failure = event.data
        if failure is not None:
            raise execution_error(failure)
        raise ConnectionFailedError(
            f"{response.host} ended the stream before the result",
            hint="the run may still go on at the server; look at the deployment's logs",
        )

    def _result(
        self, response: Any, call: Call, logs: tuple[str, ...] = ()
    ) -> PromptResult:
        return PromptResult.from_wire(
            response, params=call.params, logs=logs, http=self._links
        )


def _fields(call: Call, watch: Watch) -> dict[str, object]:
    override = {} if call.override is None else {"workflow_api": call.override}
    logs = "true" if watch else "false"
    return {"params": dict(call.params), "logs": logs, **override}


def _json(text: str, host: str) -> Any:
    found = json_in(text)
    if found is NOT_JSON:
        raise ProtocolError(
            f"{host} sent a result that isn't valid JSON",
            hint="run it again; if that happens again, tell ViewComfy",
        )
    return found

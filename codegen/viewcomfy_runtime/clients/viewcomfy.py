"""ViewComfy's cloud, called directly at a deployment's endpoint."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..calls.call import QUIET, Call, Watch
from ..calls.dispatcher import EventDispatcher
from ..errors import ConnectionFailedError, ProtocolError
from ..http.bodies import NOT_JSON, json_in
from ..http.client import LOG, RETRIES, Http
from ..http.deadlines import LONGEST_RUN, Deadline
from ..http.error_responses import execution_error
from ..http.multipart import Form
from ..http.responses import Response
from ..http.sse import events
from ..results.result import PromptResult
from ..texts import HIDDEN
from .closing import HttpClient
from .deployments import credentials_for, form_fields, settings_in

if TYPE_CHECKING:
    import requests


class ViewComfy(HttpClient):
    """A deployment on ViewComfy's cloud.

    `url` is the deployment's endpoint. A client can be shared between threads, unless you pass a
    `session` of your own, for example for proxies or certificates, that can't. `retries` is the
    maximum number of times that a call is sent again if it can't have started: the connection was
    refused, or the server answered 429 or 503. Raises ConfigurationError if the URL or the
    credentials aren't valid.
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
        credentials = credentials_for(client_id, client_secret)
        self._http = Http(url, credentials, session, retries)
        self._links = self._http.for_links()

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> ViewComfy:
        """The client for VIEWCOMFY_API_URL, VIEWCOMFY_CLIENT_ID and VIEWCOMFY_CLIENT_SECRET.

        Raises MissingSettingsError naming those that are missing.
        """
        return cls(*settings_in(environ, cls.__name__))

    def run(
        self, call: Call, deadline: Deadline | None = None, watch: Watch = QUIET
    ) -> PromptResult:
        """Run the deployed workflow once and wait for its result, 2400 seconds at most by default.

        ViewComfy can't cancel such a run: after a timeout or an interruption here, it may continue
        there. Raises ViewComfyError.
        """
        deadline = deadline or Deadline(LONGEST_RUN)
        fields = form_fields(_fields(call, watch))
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
                "POST",
                self._http.url,
                deadline,
                body=form.body,
                accept=accept,
                expect=(200, 201),
            ) as response:
                if response.content_type == "text/event-stream":
                    return self._streamed(response, call, watch)
                return self._result(response.json(), call)

    def request(self, call: Call) -> Mapping[str, Any]:
        """A human-readable view of what would be sent for the call: method, URL, fields and files,
        without secrets.
        """
        return {
            "method": "POST",
            "url": self._http.url,
            "headers": dict.fromkeys(self._http.credentials, HIDDEN),
            "fields": _fields(call, QUIET),
            "files": call.file_summaries(),
        }

    def _streamed(self, response: Response, call: Call, watch: Watch) -> PromptResult:
        """The result at the end of an event stream."""
        dispatcher = EventDispatcher(watch)
        failure = None
        with contextlib.closing(response.chunks()) as chunks:
            for event in events(chunks):
                if event.type == "prompt_result":
                    result = _json(event.data, response.host)
                    return self._result(result, call, dispatcher.lines)
                if event.type in ("log_message", "error"):
                    dispatcher.log(event.data)
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

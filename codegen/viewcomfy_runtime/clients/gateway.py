"""ViewComfy's cloud through its gateway, which schedules, reports and cancels runs by their
prompt_id.
"""

from __future__ import annotations

import contextlib
import json
import uuid
from collections.abc import Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode

from ..calls.call import QUIET, Call, Status, Watch
from ..calls.events import Queued
from ..errors import (
    ConfigurationError,
    MissingSettingsError,
    NotFoundError,
    ProtocolError,
    ViewComfyError,
)
from ..http.bodies import JsonBody
from ..http.client import LOG, RETRIES, Http
from ..http.credentials import Credentials
from ..http.deadlines import LONGEST_RUN, Deadline
from ..http.multipart import Form
from ..http.polling import poll
from ..http.urls import checked_url
from ..json_types import JsonObject
from ..results.result import PromptResult
from .closing import Closing
from .defaults import GATEWAY
from .submitting import Run, named, once, reachable, teller

if TYPE_CHECKING:
    import requests

    from .live import GatewayEvents

ABSENCES: Final = 12
"""Consecutive polls in which the server doesn't know the run before it counts as lost: about half a
minute.
"""

_INFER: Final = "/api/workflow/infer"
_WAITING: Final = ("pending", "queued", "scheduled")
"""The gateway's names for a run that is queued."""

_VARIABLES: Final = (
    "VIEWCOMFY_API_URL",
    "VIEWCOMFY_CLIENT_ID",
    "VIEWCOMFY_CLIENT_SECRET",
)


class ViewComfyGateway(Closing):
    """A deployment on ViewComfy's cloud, reached through its gateway, which keeps runs and their
    results.

    `view_comfy_api_url` is the deployment's endpoint. One client may serve any number of threads. A
    run's log is heard over Socket.IO, with the extra `live`; without it the gateway is only polled.
    Raises ConfigurationError for URLs or credentials that aren't valid.
    """

    def __init__(
        self,
        view_comfy_api_url: str,
        client_id: str,
        client_secret: str,
        *,
        base: str = GATEWAY,
        session: requests.Session | None = None,
        retries: int = RETRIES,
    ) -> None:
        self._deployment, _ = checked_url(view_comfy_api_url)
        credentials = Credentials(
            {"client_id": client_id, "client_secret": client_secret}
        )
        self._http = Http(base, credentials, session, retries)
        self._links = self._http.for_links()

    def __repr__(self) -> str:
        return f"ViewComfyGateway({self._http.host!r})"

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> ViewComfyGateway:
        """The client that VIEWCOMFY_API_URL, VIEWCOMFY_CLIENT_ID and VIEWCOMFY_CLIENT_SECRET
        describe, with the gateway at VIEWCOMFY_GATEWAY_URL where it is set to a URL.

        Raises MissingSettingsError naming those that are missing.
        """
        missing = [name for name in _VARIABLES if not environ.get(name)]
        if missing:
            raise MissingSettingsError(
                f"no server configured: {', '.join(missing)} not set",
                hint="set them, or pass client=ViewComfyGateway(url, client_id, client_secret)",
            )
        base = environ.get("VIEWCOMFY_GATEWAY_URL") or GATEWAY
        return cls(*(environ[name] for name in _VARIABLES), base=base)

    def run(
        self, call: Call, deadline: Deadline | None = None, watch: Watch = QUIET
    ) -> PromptResult:
        """Run the deployed workflow once and wait for its result, 2400 seconds at most by default.

        A timeout, Ctrl-C and an error of a callback cancel the run at the server too. Raises
        ViewComfyError.
        """
        deadline = deadline or Deadline(LONGEST_RUN)
        run = Run(str(uuid.uuid4()))
        cancel = partial(self._cancel, run.prompt_id)
        with (
            deadline,
            reachable(run, deadline, cancel),
            self._events(run.prompt_id, watch, deadline) as events,
        ):
            deadline.enter("upload")
            self._schedule(call, run, deadline, events.sid if events else None)
            deadline.enter("queue")
            return self._awaited(run.prompt_id, call.params, deadline, watch, events)

    def submit(self, call: Call, deadline: Deadline) -> str:
        """Schedule a run and return its prompt_id. Raises ViewComfyError."""
        run = Run(str(uuid.uuid4()))
        cancel = partial(self._cancel, run.prompt_id)
        with deadline, reachable(run, deadline, cancel):
            self._schedule(call, run, deadline, None)
        return run.prompt_id

    def status(self, prompt_id: str, deadline: Deadline) -> Status:
        """The state of the run. Raises ViewComfyError."""
        with deadline, named(prompt_id):
            found = self._ask(prompt_id, deadline)
        if found is None:
            return "unknown"
        said = str(found.get("status") or "").lower()
        if said in ("cancelled", "canceled", "interrupted"):
            return "cancelled"
        if found.get("completed") is True or said in ("success", "error"):
            return "success" if said == "success" else "error"
        return "waiting" if said in _WAITING else "running"

    def result(
        self,
        prompt_id: str,
        params: Mapping[str, Any],
        deadline: Deadline,
        watch: Watch = QUIET,
    ) -> PromptResult:
        """Wait for the result of a run.

        Raises ViewComfyError: ConfigurationError if `watch` has callbacks, because the gateway
        sends events only to the connection that the call named.
        """
        if watch:
            raise ConfigurationError(
                "the gateway sends no events of a run that was submitted",
                hint="use result() without callbacks, or events() or run() in place of submit()",
            )
        with deadline, named(prompt_id):
            return self._awaited(prompt_id, params, deadline, watch, None)

    def cancel(self, prompt_id: str, deadline: Deadline) -> None:
        """End the run. Raises ViewComfyError."""
        with deadline, named(prompt_id):
            self._cancel(prompt_id, deadline)

    def request(self, call: Call) -> Mapping[str, Any]:
        """What would be sent for the call, for people to
        read: method, URL, fields, files, and no secret.
        """
        return {
            "method": "POST",
            "url": self._http.at(_INFER),
            "headers": dict.fromkeys(self._http.credentials, "***"),
            "fields": {"prompt_id": "(made for each run)", **self._fields(call)},
            "files": {key: upload.about() for key, upload in call.files.items()},
        }

    def _fields(self, call: Call) -> dict[str, object]:
        override = {} if call.override is None else {"workflow_api": call.override}
        about = {"view_comfy_api_url": self._deployment, "params": dict(call.params)}
        return {**about, **override}

    def _schedule(
        self, call: Call, run: Run, deadline: Deadline, sid: str | None
    ) -> None:
        prompt_id = run.prompt_id
        fields = {"prompt_id": prompt_id, **({"sid": sid} if sid else {})}
        fields |= {
            name: (
                value if isinstance(value, str) else json.dumps(value, allow_nan=False)
            )
            for name, value in self._fields(call).items()
        }
        with contextlib.closing(Form(fields, call.files, deadline)) as form:

            def send() -> None:
                with self._http.request(
                    "POST", self._http.at(_INFER), deadline, body=form.body
                ) as response:
                    if response.status not in (200, 201):
                        raise response.error()
                    response.json()

            once(
                run,
                send,
                lambda: self._ask(prompt_id, deadline) is not None,
                deadline,
            )
        LOG.debug("%s scheduled %s", self._http.host, prompt_id)

    def _awaited(
        self,
        prompt_id: str,
        params: Mapping[str, Any],
        deadline: Deadline,
        watch: Watch,
        events: GatewayEvents | None,
    ) -> PromptResult:
        absences = 0
        told: list[bool] = []

        def ask() -> JsonObject | None:
            nonlocal absences
            found = self._ask(prompt_id, deadline)
            absences = absences + 1 if found is None else 0
            said = str((found or {}).get("status") or "").lower()
            if said in _WAITING:
                if events is not None and not told:
                    events.show(Queued())
                    told.append(True)
            elif found is not None:
                deadline.enter("run")
            if absences > ABSENCES:
                raise self._vanished(prompt_id)
            return found if found is not None and _is_over(found) else None

        response = poll(
            ask, deadline, events.hear if events else None, teller(events, watch)
        )
        if events is not None:
            events.drain()
        return PromptResult.from_wire(
            response,
            params=params,
            logs=events.lines if events else (),
            http=self._links,
        )

    def _vanished(self, prompt_id: str) -> ViewComfyError:
        return NotFoundError(
            f"{self._http.host} no longer knows the run",
            hint="run it again; if that happens again, tell ViewComfy",
            prompt_id=prompt_id,
        )

    def _ask(self, prompt_id: str, deadline: Deadline) -> JsonObject | None:
        """The gateway's response about a run; None if it doesn't know the run."""
        query = urlencode({"prompt_ids": prompt_id}, errors="replace")
        url = self._http.at(f"{_INFER}/?{query}")
        with self._http.request("GET", url, deadline) as response:
            if response.status != 200:
                raise response.error()
            found = response.json()
        if not isinstance(found, list):
            raise ProtocolError(
                f"{self._http.host} answered with something other than a list of runs",
                hint="check the URL of the gateway",
            )
        for each in found:
            if isinstance(each, dict) and each.get("promptId") == prompt_id:
                return each
        return None

    def _cancel(self, prompt_id: str, deadline: Deadline) -> None:
        body = {"prompt_id": prompt_id, "view_comfy_api_url": self._deployment}
        url = self._http.at(f"{_INFER}/cancel")
        with self._http.request(
            "POST", url, deadline, body=partial(JsonBody, body), idempotent=True
        ) as response:
            if response.status not in (200, 201):
                raise response.error()

    @contextlib.contextmanager
    def _events(
        self, prompt_id: str, watch: Watch, deadline: Deadline
    ) -> Iterator[GatewayEvents | None]:
        """The run's events as they arrive; None if there are no callbacks, or no connection."""
        if not watch:
            yield None
            return
        from .live import gateway_events

        with gateway_events(self._http, prompt_id, watch, deadline) as events:
            yield events


def _is_over(found: Mapping[str, Any]) -> bool:
    return found.get("completed") is True or found.get("status") in ("success", "error")

"""ViewComfy's cloud, called directly at a deployment's endpoint."""

from __future__ import annotations

import contextlib
import json
import logging
import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from ..errors import ConfigurationError, ExecutionError, ProtocolError
from ..multipart import Form
from ..results import PromptResult
from ..transport import Deadline, chunks, host_of, refusal, send
from . import Call

if TYPE_CHECKING:
    import requests

LOG: Final = logging.getLogger("viewcomfy")
LONGEST_RUN: Final = 2400.0
"""Seconds that ViewComfy lets a run take, and the default timeout."""

_VARIABLES: Final = (
    "VIEWCOMFY_API_URL",
    "VIEWCOMFY_CLIENT_ID",
    "VIEWCOMFY_CLIENT_SECRET",
)
_CREDENTIALS_HINT: Final = (
    "copy the client id and secret from ViewComfy's dashboard, under API keys"
)


class ViewComfy:
    """A deployment on ViewComfy's cloud; one client may serve any number of threads.

    `url` is the deployment's endpoint. Pass a `session` of your own for proxies or certificates; its thread safety
    is yours then. Raises ConfigurationError for a URL or credentials that cannot be right.
    """

    def __init__(
        self,
        url: str,
        client_id: str,
        client_secret: str,
        *,
        session: requests.Session | None = None,
    ) -> None:
        self._url = _checked_url(url)
        self._credentials = {
            "client_id": _checked_header("client_id", client_id),
            "client_secret": _checked_header("client_secret", client_secret),
        }
        self._own = session
        self._sessions = threading.local()

    def __repr__(self) -> str:
        return f"ViewComfy({host_of(self._url)!r})"

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> ViewComfy:
        """The client that VIEWCOMFY_API_URL, VIEWCOMFY_CLIENT_ID and VIEWCOMFY_CLIENT_SECRET describe.

        Raises ConfigurationError naming those that are missing.
        """
        missing = [name for name in _VARIABLES if not environ.get(name)]
        if missing:
            raise ConfigurationError(
                f"where to run is not known: {', '.join(missing)} not set",
                hint="set them, or pass client=ViewComfy(url, client_id, client_secret)",
            )
        return cls(*(environ[name] for name in _VARIABLES))

    def run(self, call: Call, *, timeout: float | None = None) -> PromptResult:
        """Run the deployed workflow once and wait for its result.

        `timeout` is in seconds, over the whole call, 2400 by default. Raises ViewComfyError.
        """
        deadline = Deadline(LONGEST_RUN if timeout is None else timeout)
        fields = {
            "params": json.dumps(dict(call.params), allow_nan=False),
            "logs": "false",
        }
        with contextlib.closing(Form(fields, call.files, deadline)) as form:
            LOG.debug(
                "POST %s: %d values, %d files",
                host_of(self._url),
                len(call.params),
                len(call.files),
            )
            response = send(
                self._session(), self._url, self._credentials, form.body, deadline
            )
            status = response.status_code
            if status not in (200, 201):
                raise refusal(response, self._url, deadline)
            content = b"".join(chunks(response, self._url, deadline))
        LOG.debug(
            "%s answered %d with %d bytes", host_of(self._url), status, len(content)
        )
        return _result(content, host_of(self._url), call)

    def _session(self) -> requests.Session:
        """The user's session, else one for this thread: requests does not promise more."""
        if self._own is not None:
            return self._own
        found: requests.Session | None = getattr(self._sessions, "session", None)
        if found is None:
            import requests

            found = self._sessions.session = requests.Session()
        return found


def _result(content: bytes, host: str, call: Call) -> PromptResult:
    try:
        answer: Any = json.loads(content)
    except (ValueError, RecursionError):
        raise ProtocolError(
            f"{host} answered with something other than a result",
            hint="check that the URL is the deployment's endpoint",
        ) from None
    result = PromptResult.from_wire(answer, params=call.params)
    details = result.extra.get("error_data") or result.extra.get("errorMsg")
    if result.status == "error" or (details and not result.completed):
        raise ExecutionError(
            f"the workflow failed: {str(details or 'no reason was given')[:500]}",
            hint="look at the deployment's logs",
            prompt_id=result.prompt_id or None,
        )
    return result


def _checked_url(url: str) -> str:
    try:
        parts = urlsplit(url)
        usable = (
            parts.scheme in ("http", "https")
            and bool(parts.hostname)
            and parts.port != 0
        )
    except ValueError:
        usable = False
    if not usable or any(char.isspace() for char in url):
        raise ConfigurationError(
            "the URL of the deployment is none",
            hint="give the endpoint's whole URL from ViewComfy's dashboard, with https://",
        )
    return url


def _checked_header(name: str, value: str) -> str:
    if (
        not value
        or not value.isascii()
        or not value.isprintable()
        or value != value.strip()
    ):
        raise ConfigurationError(
            f"the {name} is empty or has characters that no {name} has",
            hint=_CREDENTIALS_HINT,
        )
    return value

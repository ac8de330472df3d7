"""HTTP as this package needs it: one deadline over a whole call, bodies that stream, credentials that stay at home."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Generator, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, Final, TypeVar
from urllib.parse import SplitResult, urljoin, urlsplit

from .errors import (
    AuthenticationError,
    ConnectionFailedError,
    NotFoundError,
    ProtocolError,
    RateLimitedError,
    RejectedError,
    RunTimeoutError,
    ServerError,
    ViewComfyError,
)

if TYPE_CHECKING:
    import requests

T = TypeVar("T")

CHUNK: Final = 1 << 16
CONNECT_TIMEOUT: Final = 30.0
LONGEST_WAIT: Final = 86_400.0
"""Seconds: less than what sockets of any system accept as a timeout."""

MOST_REDIRECTS: Final = 100
"""A deployment on a serverless platform answers a long run with a redirect every few minutes."""


class Deadline:
    """The moment when a call has to be over, in wall-clock time."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._end = time.monotonic() + seconds

    @property
    def remaining(self) -> float:
        return self._end - time.monotonic()

    @property
    def timeouts(self) -> tuple[float, float]:
        """Seconds to connect and to wait for bytes, as requests takes them; never 0, which sockets refuse."""
        wait = min(max(self.remaining, 0.001), LONGEST_WAIT)
        return min(CONNECT_TIMEOUT, wait), wait

    def check(self) -> None:
        """Raises RunTimeoutError once the time is over."""
        if not self.remaining > 0:  # so that NaN is over too
            raise RunTimeoutError(
                f"the run took longer than {self.seconds:g} s",
                hint="pass a larger timeout; the run may still go on at the server",
            )


def attempt(action: Callable[[], T], host: str, deadline: Deadline) -> T:
    """What `action` gives. What the libraries raise becomes this package's error.

    That error is raised once theirs is out of hand: theirs hold on to the request, and with it to the credentials.
    Raises ViewComfyError.
    """
    import requests
    import urllib3

    try:
        return action()
    except (
        requests.RequestException,
        urllib3.exceptions.HTTPError,
        OSError,
        ValueError,
    ) as error:
        cause = _innermost(error)
        timed_out = isinstance(
            error, requests.Timeout | urllib3.exceptions.TimeoutError
        )
        # These errors quote the URL, which may be signed.
        bad_url = isinstance(error, ValueError)
    if isinstance(cause, ViewComfyError):
        raise cause
    deadline.check()
    if timed_out:
        raise RunTimeoutError(
            f"{host} did not answer in time",
            hint="check the network, or pass a larger timeout",
        )
    reason = "the URL is not valid" if bad_url else _words(cause)
    raise ConnectionFailedError(
        f"the connection to {host} failed: {reason}",
        hint="check the URL, the network and that the deployment is up",
    )


def _innermost(error: BaseException) -> BaseException:
    """The cause at the bottom, which names no header and no path."""
    while True:
        inner = getattr(error, "reason", None)
        if not isinstance(inner, BaseException):
            nested = (each for each in error.args if isinstance(each, BaseException))
            inner = next(nested, None)
        if inner is None:
            return error
        error = inner


def _words(error: BaseException) -> str:
    text = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return str(text)[:200]


def send(
    session: requests.Session,
    url: str,
    credentials: Mapping[str, str],
    body: Callable[[], Any],
    deadline: Deadline,
) -> requests.Response:
    """POST what `body` makes and follow redirects; the answer's content is still to be read.

    The credentials go to the URL's own host only. Raises ViewComfyError.
    """
    method, origin, current = "POST", url, url
    for _ in range(MOST_REDIRECTS):
        deadline.check()
        at_home = same_host(origin, current)
        # None takes away what a session of the user's adds by itself.
        headers: dict[str, str | None] = (
            dict(credentials)
            if at_home
            else dict.fromkeys((*credentials, "Authorization"))
        )
        content = body() if method == "POST" else None
        if content is not None:
            headers["Content-Type"] = content.content_type
        response = attempt(
            partial(
                session.request,
                method,
                current,
                headers=headers,
                data=content,
                auth=None if at_home else no_auth,
                stream=True,
                allow_redirects=False,
                timeout=deadline.timeouts,
            ),
            host_of(current),
            deadline,
        )
        target = response.headers.get("Location")
        if not response.is_redirect or target is None:
            return response
        response.close()
        current = _joined(current, target)
        if response.status_code not in (307, 308):
            method = "GET"
        elif not same_host(origin, current):
            raise ProtocolError(
                f"{host_of(url)} redirects the call to {host_of(current)}",
                hint="call that deployment's own URL if you trust it; nothing was sent there",
                status=response.status_code,
            )
    raise ProtocolError(
        f"{host_of(url)} redirects without end", hint="check the deployment's URL"
    )


def no_auth(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """What to pass as `auth` where none must be sent: else requests looks into the session and ~/.netrc."""
    return request


def _joined(current: str, target: str) -> str:
    try:
        joined = urljoin(current, target)
        _ = urlsplit(joined).port  # is only checked when it is asked for
    except ValueError:
        raise ProtocolError(
            f"{host_of(current)} redirects to something that is no URL",
            hint="check that the URL is the deployment's endpoint",
        ) from None
    return joined


def same_host(origin: str, target: str) -> bool:
    """Whether what was meant for `origin` may go to `target`: the same host, and never in the clear after TLS."""
    first, second = urlsplit(origin), urlsplit(target)
    if first.hostname != second.hostname:
        return False
    if first.scheme == second.scheme:
        return _port(first) == _port(second)
    return (first.scheme, second.scheme) == ("http", "https")


def _port(url: SplitResult) -> int | None:
    return url.port or {"http": 80, "https": 443}.get(url.scheme)


def host_of(url: str) -> str:
    """A URL's scheme and host: all of it that may be shown, since its path may be signed."""
    try:
        parts = urlsplit(url)
    except ValueError:
        parts = urlsplit("")
    if not parts.netloc:
        return "a server without a name"
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"


def chunks(
    response: requests.Response, url: str, deadline: Deadline
) -> Generator[bytes, None, None]:
    """The content as it arrives. Raises ViewComfyError where it breaks off or takes too long."""
    read = partial(response.raw.read1, CHUNK, decode_content=True)
    with contextlib.closing(response):
        while chunk := attempt(read, host_of(url), deadline):
            deadline.check()
            yield chunk


def refusal(
    response: requests.Response, url: str, deadline: Deadline
) -> ViewComfyError:
    """The error that an answer stands for. Of its content only the start is read, or what arrives of it."""
    said = b""
    with (
        contextlib.closing(chunks(response, url, deadline)) as pieces,
        contextlib.suppress(ConnectionFailedError),
    ):
        for piece in pieces:
            said += piece
            if len(said) >= CHUNK:
                break
    return error_of(response.status_code, said, host_of(url))


def error_of(status: int, content: bytes, host: str) -> ViewComfyError:
    """The error that an answer with this status stands for, with the server's own words."""
    words = _message(content)
    said = f": {words}" if words else ""
    match status:
        case 401 | 403:
            return AuthenticationError(
                f"{host} does not accept the credentials ({status}){said}",
                hint="check VIEWCOMFY_CLIENT_ID and VIEWCOMFY_CLIENT_SECRET against ViewComfy's dashboard",
                status=status,
            )
        case 404:
            return NotFoundError(
                f"there is no deployment at {host} under this URL (404){said}",
                hint="copy the endpoint's URL from ViewComfy's dashboard",
                status=status,
            )
        case 429:
            return RateLimitedError(
                f"{host} has too many requests at the moment (429){said}",
                hint="wait a moment and try again, or send fewer at a time",
                status=status,
            )
        case _ if 400 <= status < 500:
            return RejectedError(
                f"{host} rejected the call ({status}){said}",
                hint="check the values; if the deployed workflow changed, generate the module again",
                status=status,
            )
        case _ if status >= 500:
            return ServerError(
                f"{host} failed ({status}){said}",
                hint="try again later; look at the deployment's logs if it stays",
                status=status,
            )
        case _:
            return ProtocolError(
                f"{host} answered with status {status}, which is not ViewComfy's{said}",
                hint="check that the URL is the deployment's endpoint",
                status=status,
            )


def _message(content: bytes) -> str:
    """What an error's body says: ViewComfy's JSON, FastAPI's, plain text, or a page's title."""
    import json
    import re

    text = content[:CHUNK].decode("utf-8", "replace")
    try:
        body = json.loads(text)
    except (ValueError, RecursionError):
        title = re.search(r"<title[^>]*>(.*?)</title>", text, re.IGNORECASE | re.DOTALL)
        words = title[1] if title else "" if text.lstrip().startswith("<") else text
    else:
        words = _said(body)
    return " ".join(words.split())[:500]


def _said(body: Any) -> str:
    if isinstance(body, str):
        return body
    if isinstance(body, list):
        return "; ".join(filter(None, map(_said, body)))
    if isinstance(body, dict):
        told = (
            body.get(key)
            for key in ("errorMsg", "errorDetails", "detail", "message", "msg", "error")
        )
        return ": ".join(dict.fromkeys(filter(None, map(_said, told))))
    return ""

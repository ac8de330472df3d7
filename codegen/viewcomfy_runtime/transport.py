"""HTTP as this package needs it: one deadline over a whole call, bodies that stream, credentials that stay at home."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urljoin, urlsplit

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

CHUNK: Final = 1 << 16
CONNECT_TIMEOUT: Final = 30.0
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

    def check(self) -> None:
        """Raises RunTimeoutError once the time is over."""
        if self.remaining <= 0:
            raise RunTimeoutError(
                f"the run took longer than {self.seconds:g} s",
                hint="pass a larger timeout; the run may still go on at the server",
            )


@contextlib.contextmanager
def failures(host: str, deadline: Deadline) -> Iterator[None]:
    """Turns what `requests` raises into this package's errors, without the request that it holds on to."""
    import requests

    try:
        yield
        return
    except (requests.RequestException, OSError) as error:
        if isinstance(error, ViewComfyError):
            raise
        deadline.check()
        reason = _reason(error)
        timed_out = isinstance(error, requests.Timeout)
    if timed_out:
        raise RunTimeoutError(
            f"{host} did not answer in time",
            hint="check the network, or pass a larger timeout",
        )
    raise ConnectionFailedError(
        f"the connection to {host} failed: {reason}",
        hint="check the URL, the network and that the deployment is up",
    )


def _reason(error: BaseException) -> str:
    """The innermost cause in its own words, which name no header."""
    reason = error
    while True:
        inner = getattr(reason, "reason", None) or next(
            (each for each in reversed(reason.args) if isinstance(each, BaseException)),
            None,
        )
        if not isinstance(inner, BaseException):
            break
        reason = inner
    text = getattr(reason, "strerror", None) or (
        str(reason.args[-1]) if reason.args else ""
    )
    return (text or type(reason).__name__).rpartition("): ")[2][:200]


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
        headers = dict(credentials) if _same_host(origin, current) else {}
        content = body() if method == "POST" else None
        if content is not None:
            headers["Content-Type"] = content.content_type
        with failures(host_of(current), deadline):
            response = session.request(
                method,
                current,
                headers=headers,
                data=content,
                stream=True,
                allow_redirects=False,
                timeout=(min(CONNECT_TIMEOUT, deadline.remaining), deadline.remaining),
            )
        target = response.headers.get("Location")
        if not response.is_redirect or target is None:
            return response
        response.close()
        current = urljoin(current, target)
        if response.status_code not in (307, 308):
            method = "GET"
        elif not _same_host(origin, current):
            raise ProtocolError(
                f"{host_of(url)} redirects the call to {host_of(current)}",
                hint="call that deployment's own URL if you trust it; nothing was sent there",
                status=response.status_code,
            )
    raise ProtocolError(
        f"{host_of(url)} redirects without end", hint="check the deployment's URL"
    )


def _same_host(origin: str, target: str) -> bool:
    """Whether what was meant for `origin` may go to `target`: the same host, and never in the clear after TLS."""
    first, second = urlsplit(origin), urlsplit(target)
    if first.hostname != second.hostname:
        return False
    if first.scheme == second.scheme:
        return first.port == second.port
    return (first.scheme, second.scheme) == ("http", "https")


def host_of(url: str) -> str:
    """A URL's scheme and host: all of it that may be shown, since its path may be signed."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"


def chunks(
    response: requests.Response, url: str, deadline: Deadline
) -> Iterator[bytes]:
    """The content as it arrives. Raises ViewComfyError where it breaks off or takes too long."""
    with contextlib.closing(response), failures(host_of(url), deadline):
        expected = response.headers.get("Content-Length", "")
        while chunk := response.raw.read1(CHUNK, decode_content=True):
            deadline.check()
            yield chunk
        read = response.raw.tell()
        if expected.isdecimal() and read < int(expected):
            raise ConnectionFailedError(
                f"{host_of(url)} closed the connection after {read} of {expected} bytes",
                hint="try again",
            )


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

    text = content[: 1 << 16].decode("utf-8", "replace")
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

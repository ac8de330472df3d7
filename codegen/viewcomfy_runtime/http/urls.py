"""Checks URLs, compares their hosts, and shortens them for messages."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import Final
from urllib.parse import SplitResult, unquote, urljoin, urlsplit, urlunsplit

from ..errors import ConfigurationError, ProtocolError

_WITHOUT_SCHEME: Final = re.compile(
    r"(?:[\w.-]+|\[[0-9a-fA-F:.]+\]):\d{1,5}(?=[/?#]|$)"
)
"""A host with its port, as people write it: `localhost:8188`, `[::1]:8188/path`."""

_PORTS: Final = {"http": 80, "https": 443}


def joined(current: str, target: str) -> str:
    """The URL that a redirect from `current` leads to. Raises ProtocolError if it isn't valid."""
    with suppress(ValueError):
        found = urljoin(current, target)
        parts = urlsplit(found)
        _ = parts.port  # raises ValueError if it isn't valid
        if parts.scheme in _PORTS:
            return found
    raise ProtocolError(
        f"{host_of(current)} redirects to something that isn't a valid URL",
        hint="check that the URL is the deployment's endpoint",
    )


def same_host(origin: str, target: str) -> bool:
    """Whether data for `origin` may be sent to `target`: the same host and port, or an upgrade to
    TLS.
    """
    first, second = urlsplit(origin), urlsplit(target)
    if first.hostname != second.hostname:
        return False
    if first.scheme == second.scheme:
        return _port(first) == _port(second)
    return [(each.scheme, _port(each)) for each in (first, second)] == [*_PORTS.items()]


def _port(url: SplitResult) -> int | None:
    return url.port or _PORTS.get(url.scheme)


def host_of(url: str) -> str:
    """A URL's scheme and host, the only parts that are shown, since the path may contain a
    signature.
    """
    try:
        parts = urlsplit(url)
    except ValueError:
        parts = urlsplit("")
    if not parts.netloc:
        return "a server without a name"
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"


def is_url(url: str) -> bool:
    """Whether `url` is an absolute HTTP URL."""
    try:
        parts = urlsplit(url)
        usable = (
            parts.scheme in ("http", "https")
            and bool(parts.hostname)
            and parts.port != 0
        )
    except ValueError:
        usable = False
    return usable and url.split() == [url]


def checked_url(url: str) -> tuple[str, tuple[str, str] | None]:
    """`url` without its user name and password, and those two if it has them; `host:port` means
    HTTP. Raises ConfigurationError for anything else.
    """
    if isinstance(url, str) and _WITHOUT_SCHEME.match(url):
        url = f"http://{url}"
    if not (isinstance(url, str) and is_url(url)):
        raise ConfigurationError(
            "not a valid server URL",
            hint="give the whole URL, such as https://… from ViewComfy's dashboard, or "
            "http://127.0.0.1:8188",
        )
    parts = urlsplit(url)
    user, at, host = parts.netloc.rpartition("@")
    if not at:
        return url, None
    bare = urlunsplit(parts._replace(netloc=host))
    name, _, password = user.partition(":")
    return bare, (unquote(name), unquote(password)) if user else None

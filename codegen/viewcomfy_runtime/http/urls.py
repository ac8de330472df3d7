"""URLs: which may be called, which are one server, and what of them may be shown."""

from __future__ import annotations

from urllib.parse import SplitResult, urljoin, urlsplit

from ..errors import ConfigurationError, ProtocolError


def joined(current: str, target: str) -> str:
    try:
        found = urljoin(current, target)
        _ = urlsplit(found).port  # is only checked when it is asked for
    except ValueError:
        raise ProtocolError(
            f"{host_of(current)} redirects to something that is no URL",
            hint="check that the URL is the deployment's endpoint",
        ) from None
    return found


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


def is_url(url: str) -> bool:
    """Whether `url` is whole and of HTTP."""
    try:
        parts = urlsplit(url)
        usable = (
            parts.scheme in ("http", "https")
            and bool(parts.hostname)
            and parts.port != 0
        )
    except ValueError:
        usable = False
    return usable and not any(char.isspace() for char in url)


def checked_url(url: str) -> str:
    """`url`, which is whole and of HTTP. Raises ConfigurationError for any other."""
    if not is_url(url):
        raise ConfigurationError(
            "the URL of the server is none",
            hint="give the whole URL, with https:// (ViewComfy's dashboard shows a deployment's)",
        )
    return url

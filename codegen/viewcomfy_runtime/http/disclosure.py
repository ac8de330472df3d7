"""What requests carry besides a client's credentials, and nobody should read in a message."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote
from urllib.request import getproxies

if TYPE_CHECKING:
    import requests

_PRIVATE: Final = re.compile(
    "auth|cookie|key|token|secret|pass|sess|sid|jwt", re.IGNORECASE
)
"""In the name of a header, a cookie or a parameter that is likely to be secret."""

_LOGIN: Final = re.compile(r"(?:[\w+.-]*://)?([^/?#]*)@")
"""The user name and the password in a URL, valid or not."""


def basic_token(name: str, password: str) -> str:
    """The two as HTTP Basic authentication sends them."""
    return b64encode(f"{name}:{password}".encode()).decode()


def secrets_around(session: requests.Session | None) -> Iterator[str]:
    """The secrets that the user's own session and the environment's proxies add to requests."""
    yield from _of_proxies(getproxies())
    if session is None:
        return
    yield from _of_proxies(session.proxies)
    for name, value in _pairs(session.headers):
        if _PRIVATE.search(name):
            yield from (value, value.partition(" ")[2])
    for name, value in _pairs(session.params):
        if _PRIVATE.search(name):
            yield value
    for cookie in session.cookies:
        if _PRIVATE.search(cookie.name):
            yield cookie.value or ""
    yield from _of_login(session.auth)


def _of_login(login: object) -> Iterator[str]:
    """The secrets of a pair, or of an object like those of requests that holds one."""
    if isinstance(login, tuple) and len(login) == 2:
        name, password = map(str, login)
    else:
        name, password = (
            str(getattr(login, each, None) or "") for each in ("username", "password")
        )
    if password:
        yield from (password, basic_token(name, password))


def _of_proxies(proxies: Mapping[str, str]) -> Iterator[str]:
    for url in proxies.values():
        if found := _LOGIN.match(str(url)):
            name, _, password = found[1].partition(":")
            yield from _of_login((unquote(name), unquote(password)))


def _pairs(given: object) -> Iterator[tuple[str, str]]:
    """The names and values of headers or parameters, in any form that requests takes them."""
    pairs = given.items() if isinstance(given, Mapping) else given
    for pair in pairs if isinstance(pairs, Iterable) else ():
        if isinstance(pair, tuple | list) and len(pair) == 2:
            name, value = (
                each.decode("latin-1") if isinstance(each, bytes) else str(each)
                for each in pair
            )
            yield name, value

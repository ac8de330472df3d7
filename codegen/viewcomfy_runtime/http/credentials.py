"""Credentials, which are added to requests last and never shown."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Final

from ..errors import ConfigurationError
from ..texts import Secrets
from .disclosure import basic_token

if TYPE_CHECKING:
    import requests

_NAME: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
"""The name of a header."""

_PUBLIC: Final = frozenset({"client_id"})
"""Headers that identify the caller and aren't secret."""


def _check(headers: Mapping[str, str]) -> None:
    """Raises TypeError, or ConfigurationError for a name or a value that isn't valid."""
    if not isinstance(headers, Mapping):
        raise TypeError("headers must be a mapping of names to strings")
    for name, value in headers.items():
        if not (isinstance(name, str) and isinstance(value, str)):
            raise TypeError(f"{name!r:.80} and its value must be strings")
        if not _NAME.fullmatch(name):
            raise ConfigurationError(
                f"{name!r:.80} isn't a valid name of a header",
                hint="a header is written as NAME: VALUE",
            )
        visible = value.isascii() and value.isprintable() and value == value.strip()
        if not (value and visible):
            raise ConfigurationError(
                f"the {name} is empty or contains characters that are not valid in it",
                hint=(
                    "copy it again from where it was given out, "
                    "such as ViewComfy's dashboard under API keys"
                ),
            )


class Credentials:
    """Headers that authenticate the caller. They are added to requests last and never shown.

    `login` is a user name and a password for HTTP Basic authentication. Raises ConfigurationError
    for values that aren't valid in a header.
    """

    def __init__(
        self, headers: Mapping[str, str], login: tuple[str, str] | None = None
    ) -> None:
        _check(headers)
        self._headers = dict(headers)
        if login is not None:
            self._headers["Authorization"] = f"Basic {basic_token(*login)}"
        self._login = login
        private = [
            value for name, value in self._headers.items() if name not in _PUBLIC
        ]
        # Texts hide these for as long as the credentials exist.
        self.secrets: Secrets = Secrets(
            [
                *private,
                *(value.partition(" ")[2] for value in private),
                *(login or ())[1:],
            ]
        )

    def __reduce__(self) -> tuple[type[Credentials], tuple[object, ...]]:
        return type(self), (self._headers, self._login)

    def __repr__(self) -> str:
        return f"Credentials({', '.join(self._headers)})"

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers.update(self._headers)
        return request

    def __iter__(self) -> Iterator[str]:
        return iter(self._headers)

    def with_login(self, login: tuple[str, str] | None) -> Credentials:
        """These credentials with a user name and a password added."""
        return self if login is None else Credentials(self._headers, login)

    def as_headers(self) -> dict[str, str]:
        """The headers with their secret values, for requests that the session doesn't send."""
        return dict(self._headers)


NO_CREDENTIALS: Final = Credentials({})

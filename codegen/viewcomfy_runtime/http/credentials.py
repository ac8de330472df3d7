"""Who calls: added to a request at the last moment, and shown nowhere."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Final

from ..errors import ConfigurationError

if TYPE_CHECKING:
    import requests


class Credentials:
    """Headers that say who calls. They are added to a request at the last moment and shown nowhere."""

    def __init__(self, headers: Mapping[str, str]) -> None:
        for name, value in headers.items():
            if not (
                value
                and value.isascii()
                and value.isprintable()
                and value == value.strip()
            ):
                raise ConfigurationError(
                    f"the {name} is empty or has characters that no {name} has",
                    hint="copy the client id and secret from ViewComfy's dashboard, under API keys",
                )
        self._headers = dict(headers)

    def __repr__(self) -> str:
        return f"Credentials({', '.join(self._headers)})"

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers.update(self._headers)
        return request

    def __iter__(self) -> Iterator[str]:
        return iter(self._headers)

    def redacted(self, text: str) -> str:
        """`text` without the secrets, which some servers repeat."""
        for name, value in self._headers.items():
            if value in text and name != "client_id":
                text = text.replace(value, "***")
        return text

    def revealed(self) -> dict[str, str]:
        """The headers themselves, for a connection that is no request."""
        return dict(self._headers)


NOBODY: Final = Credentials({})

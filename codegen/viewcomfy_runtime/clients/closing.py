"""Clients as context managers."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from ..http.client import Http

C = TypeVar("C", bound="ClosableClient")


class ClosableClient:
    """A client whose connections are closed at the end of a `with` or `async with` block.

    A closed client can be used again: it opens new connections.
    """

    def close(self) -> None:
        """Close the connections that are kept open for later calls."""
        raise NotImplementedError

    async def aclose(self) -> None:
        """`close` for asynchronous code."""
        await asyncio.to_thread(self.close)

    def __enter__(self: C) -> C:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    async def __aenter__(self: C) -> C:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()


class HttpClient(ClosableClient):
    """A client that sends its requests over HTTP."""

    _http: Http

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._http.host!r})"

    def close(self) -> None:
        """Close the connections that are kept open for later calls."""
        self._http.sessions.close()

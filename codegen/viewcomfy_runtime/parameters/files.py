"""The files of a call: uploads, URLs, and files that a server already has."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, BinaryIO, Final

from ..errors import wrong_type
from .media import type_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ..http.deadlines import Deadline
    from ..json_types import JsonObject

__all__ = [
    "URL",
    "DataURI",
    "Remote",
    "Stored",
    "Upload",
    "is_link",
    "plain_name",
]

LARGEST_FETCHED: Final = 1 << 30
"""Maximum size in bytes of a file at a URL, unless the URL object sets another one."""


class DataURI(str):
    """A file as a `data:` URI, such as `data:image/png;base64,…`."""

    __slots__ = ()


class Remote:
    """A file elsewhere, which is downloaded when the call is sent."""

    __slots__ = ()

    filename: str
    content_type: str

    if TYPE_CHECKING:

        def read(self) -> bytes: ...

    def fetch(self, deadline: Deadline) -> Iterator[bytes]:
        """Download the content in chunks. Raises ViewComfyError if that fails or takes too long."""
        raise NotImplementedError


class URL(Remote):
    """A file at an http or https URL, downloaded without credentials when the call is sent.

    Unless `allow_private` is true, it is downloaded from public addresses only, so that a service
    that accepts URLs from its callers doesn't expose its own network. `max_bytes` is the maximum
    size of the file. Raises ValueError if the URL isn't valid.
    """

    __slots__ = ("allow_private", "content_type", "filename", "max_bytes", "url")

    def __init__(
        self,
        url: str,
        *,
        allow_private: bool = False,
        max_bytes: int = LARGEST_FETCHED,
    ) -> None:
        from urllib.parse import unquote, urlsplit

        if not isinstance(url, str):
            raise wrong_type("a URL", "a string", url)
        if isinstance(max_bytes, bool) or not isinstance(max_bytes, int):
            raise wrong_type("max_bytes", "a whole number", max_bytes)
        parts = urlsplit(url)
        if not is_link(url) or not parts.hostname or parts.port == 0:
            raise ValueError(
                "a URL must begin with https:// or http:// and name a host"
            )
        if "@" in parts.netloc:
            raise ValueError("a URL can't contain a user name or a password")
        self.url: str = url
        self.allow_private: bool = allow_private
        self.max_bytes: int = max_bytes
        self.filename: str = plain_name(unquote(parts.path.rpartition("/")[2]))
        self.content_type: str = type_of(self.filename) or ""

    def _parts(self) -> tuple[object, ...]:
        return self.url, self.allow_private, self.max_bytes

    def __eq__(self, other: object) -> bool:
        return isinstance(other, URL) and self._parts() == other._parts()

    def __hash__(self) -> int:
        return hash(self._parts())

    def __repr__(self) -> str:
        # The rest of the URL may contain a signature.
        return f"URL('{self.shown}')"

    @property
    def shown(self) -> str:
        """The URL without its path and query, which may contain a signature."""
        from urllib.parse import urlsplit

        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.netloc}/…"


def is_link(text: str) -> bool:
    """Whether a text looks like the URL of a file."""
    return text[:8].lower().startswith(("https://", "http://"))


def plain_name(name: str) -> str:
    """A file name from outside, without characters that are special in paths or headers."""
    return _SPECIAL.sub("_", name).strip(" .")[-_LONGEST_NAME:]


_SPECIAL: Final = re.compile(r"[^\w .()+-]")
_LONGEST_NAME: Final = 100


class Upload:
    """A file with a name and a MIME type of your choice.

    `data` is a path, bytes, a URL, a file of an earlier result, or a binary file object, which is
    read from its current position and left open. By default, name and type come from the path or
    the file object.
    """

    # Not a dataclass: `dataclasses.asdict` would convert it to a dict, and try to copy open files.
    __slots__ = ("content_type", "data", "filename")

    def __init__(
        self,
        data: Path | bytes | BinaryIO | Remote,
        filename: str | None = None,
        content_type: str | None = None,
    ) -> None:
        self.data: Path | bytes | BinaryIO | Remote = data
        self.filename: str | None = filename
        self.content_type: str | None = content_type

    def _parts(self) -> tuple[object, ...]:
        return self.data, self.filename, self.content_type

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Upload) and self._parts() == other._parts()

    def __hash__(self) -> int:
        return hash(self._parts())

    def __deepcopy__(self, memo: object) -> Upload:
        return self

    def __repr__(self) -> str:
        data = (
            f"<{len(self.data)} bytes>"
            if isinstance(self.data, bytes)
            else repr(self.data)
        )
        return f"Upload({data}, filename={self.filename!r}, content_type={self.content_type!r})"

    def about(self) -> JsonObject:
        """The file name, MIME type and origin, for people to read."""
        where = {"path": str(self.data)} if isinstance(self.data, os.PathLike) else {}
        if isinstance(self.data, URL):
            where = {"url": self.data.shown}
        return {"filename": self.filename, "content_type": self.content_type, **where}


class Stored:
    """A file that the server already has, by its name there; nothing is uploaded."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name: str = name

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Stored) and self.name == other.name

    def __hash__(self) -> int:
        return hash(self.name)

    def __repr__(self) -> str:
        return f"Stored({self.name!r})"

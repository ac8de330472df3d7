"""What a file parameter accepts, and what is sent for it."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Annotated, BinaryIO, Final, TypeAlias, TypeGuard

from ..errors import wrong_type
from .media import UNKNOWN, extension_of, type_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from pydantic_core import CoreSchema

    from ..http.deadlines import Deadline
    from ..json_types import JsonObject

__all__ = [
    "URL",
    "DataURI",
    "File",
    "Remote",
    "Stored",
    "Upload",
    "as_data_uri",
    "as_upload",
    "is_file",
]

LARGEST_FETCHED: Final = 1 << 30
"""Bytes of a file at a URL, unless the URL object sets another limit."""


class DataURI(str):
    """A file as the text of a `data:` URI, such as `data:image/png;base64,…`."""

    __slots__ = ()


class Remote:
    """A file that is somewhere else: its content is fetched when the call is sent."""

    __slots__ = ()

    filename: str
    content_type: str

    if TYPE_CHECKING:

        def read(self) -> bytes: ...

    def pieces(self, deadline: Deadline) -> Iterator[bytes]:
        """The content as it arrives. Raises ViewComfyError if it can't be fetched before the
        deadline.
        """
        raise NotImplementedError


class URL(Remote):
    """A file at an http or https URL. It is fetched within the call's time, without credentials,
    and passed on.

    Only public addresses are fetched from, so that a service that passes on what its callers say
    can't be led into its own network, unless `allow_private` is true. `max_bytes` is the most that
    the file may have. Raises ValueError for what isn't such a URL.
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
            raise wrong_type("a URL", "a text", url)
        if isinstance(max_bytes, bool) or not isinstance(max_bytes, int):
            raise wrong_type("max_bytes", "a whole number", max_bytes)
        parts = urlsplit(url)
        if not is_link(url) or not parts.hostname or parts.port == 0:
            raise ValueError(
                "a URL must begin with https:// or http:// and name a host"
            )
        if "@" in parts.netloc:
            raise ValueError("a URL can't have a user name or a password in it")
        self.url: str = url
        self.allow_private: bool = allow_private
        self.max_bytes: int = max_bytes
        self.filename: str = _plain(unquote(parts.path.rpartition("/")[2]))
        self.content_type: str = type_of(self.filename) or ""

    def _parts(self) -> tuple[object, ...]:
        return self.url, self.allow_private, self.max_bytes

    def __eq__(self, other: object) -> bool:
        return isinstance(other, URL) and self._parts() == other._parts()

    def __hash__(self) -> int:
        return hash(self._parts())

    def __repr__(self) -> str:
        # What follows the host may be a signature.
        return f"URL('{self.shown}')"

    @property
    def shown(self) -> str:
        """The part of the URL that may be shown: its path may be signed."""
        from urllib.parse import urlsplit

        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.netloc}/…"


def is_link(text: str) -> bool:
    """Whether a text looks like the URL of a file."""
    return text[:8].lower().startswith(("https://", "http://"))


def _plain(name: str) -> str:
    """A name from outside, without characters that have a meaning in paths or headers."""
    return _ODD.sub("_", name).strip(" .")[-_LONGEST_NAME:]


_ODD: Final = re.compile(r"[^\w .()+-]")
_LONGEST_NAME: Final = 100


class Upload:
    """A file with a name and a MIME type of your choice, for data that has neither.

    `data` is a path, bytes, a URL, a file of an earlier result, or a binary file object, which is
    read from its current position and left open. By default, name and type come from the path or
    the file object.
    """

    # Not a dataclass: `dataclasses.asdict` would take it apart, and copy a file that has no copy.
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
        """What is sent, in words."""
        where = {"path": str(self.data)} if isinstance(self.data, os.PathLike) else {}
        if isinstance(self.data, URL):
            where = {"url": self.data.shown}
        return {"filename": self.filename, "content_type": self.content_type, **where}


class Stored:
    """A file that the server already has, by its name there. Nothing is uploaded."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name: str = name

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Stored) and self.name == other.name

    def __hash__(self) -> int:
        return hash(self.name)

    def __repr__(self) -> str:
        return f"Stored({self.name!r})"


class _FileInPydantic:
    """Tells pydantic, if it is used, how to accept and describe a file."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "file"

    def __get_pydantic_core_schema__(
        self, source: object, handler: Callable[[object], CoreSchema]
    ) -> CoreSchema:
        from pydantic_core import core_schema

        return core_schema.json_or_python_schema(
            json_schema=core_schema.str_schema(pattern="^data:"),
            python_schema=core_schema.no_info_plain_validator_function(_validated),
            serialization=core_schema.plain_serializer_function_ser_schema(
                as_data_uri, when_used="json"
            ),
        )


FILE_MARK: Final = _FileInPydantic()
"""Marks the annotation of a file."""

if TYPE_CHECKING:
    File: TypeAlias = Path | bytes | BinaryIO | Upload | Stored | DataURI | Remote
    """What a file parameter accepts: a path, bytes, a binary file object, an Upload, a `data:` URI,
    a URL, a file of an earlier result, or one that the server has already.

    A plain text is a `data:` URI at run time, as JSON has it, and never a path: whoever passes a
    request's JSON on must not send this machine's files away.
    """
else:
    # The types alone would load pathlib, which costs more than all the rest of this package's
    # import.
    File = Annotated[object, FILE_MARK]


def is_file(value: object) -> TypeGuard[File | str]:
    """Whether `value` is something that `File` accepts; a text only if it is a `data:` URI."""
    if isinstance(value, str):
        return value.startswith("data:")
    return isinstance(
        value, os.PathLike | bytes | Upload | Stored | Remote
    ) or callable(getattr(value, "read", None))


def as_upload(
    value: Path | bytes | BinaryIO | Upload | Remote | str, name: str
) -> Upload:
    """`value` with a file name and a MIME type; `name` is the stem for data without a name.

    Raises ValueError for a `data:` URI that can't be decoded and for what isn't a MIME type.
    """
    if isinstance(value, Upload):
        _check(value)
        if value.content_type and not _HEADER.fullmatch(value.content_type):
            raise ValueError(f"{value.content_type!r} isn't a MIME type")
        known = as_upload(value.data, name)
        filename = _encodable(value.filename or "") or known.filename
        return Upload(
            known.data,
            filename,
            value.content_type or type_of(filename) or known.content_type,
        )
    if isinstance(value, str):
        return _from_data_uri(value, name)
    if isinstance(value, Remote):
        return Upload(
            value, _plain(value.filename) or name, value.content_type or UNKNOWN
        )
    if isinstance(value, bytes):
        content_type = _sniff(value[:16])
        return Upload(value, name + extension_of(content_type), content_type)
    from pathlib import Path

    if isinstance(value, os.PathLike):
        value = Path(value)
    own = value if isinstance(value, Path) else getattr(value, "name", None)
    filename = Path(own).name if isinstance(own, str | Path) else name
    filename = _encodable(filename) or name
    return Upload(value, filename, type_of(filename) or UNKNOWN)


def _check(upload: Upload) -> None:
    """Raises ValueError for an upload that isn't made of a file and of texts."""
    if isinstance(upload.data, str | Stored) or not is_file(upload.data):
        raise ValueError(
            "an Upload takes a Path, bytes, a binary file object, a URL or a result's file,"
            f" not {type(upload.data).__name__}"
        )
    for text, what in ((upload.filename, "file name"), (upload.content_type, "type")):
        if text is not None and not isinstance(text, str):
            raise ValueError(
                f"the {what} of an Upload must be a text, not {type(text).__name__}"
            )


_TYPE: Final = re.compile(r"[\w.+-]+/[\w.+-]+", re.ASCII)
"""MIME types that a `data:` URI may have."""

_HEADER: Final = re.compile(r"[ -~]+")
"""Characters that may stand in a header; a line break would start another one."""

_SIGNATURES: Final = (
    (b"\x89PNG\r\n\x1a\n", 0, "image/png"),
    (b"\xff\xd8\xff", 0, "image/jpeg"),
    (b"GIF8", 0, "image/gif"),
    (b"WEBP", 8, "image/webp"),
    (b"WAVE", 8, "audio/wav"),
    (b"ftyp", 4, "video/mp4"),
    (b"\x1aE\xdf\xa3", 0, "video/webm"),
    (b"OggS", 0, "audio/ogg"),
    (b"fLaC", 0, "audio/flac"),
    (b"ID3", 0, "audio/mpeg"),
    (b"glTF", 0, "model/gltf-binary"),
)


def _sniff(start: bytes) -> str:
    for signature, offset, content_type in _SIGNATURES:
        if start.startswith(signature, offset):
            return content_type
    return UNKNOWN


def _encodable(filename: str) -> str:
    """The name in a form that can be sent: file systems may hold names that aren't valid text."""
    return filename.encode("utf-8", "replace").decode()


def _from_data_uri(uri: str, name: str) -> Upload:
    import base64
    from urllib.parse import unquote_to_bytes

    header, comma, payload = uri.removeprefix("data:").partition(",")
    if not comma:
        raise ValueError("the data: URI has no comma between its type and its data")
    content_type, *flags = (part.strip() for part in header.split(";"))
    data = unquote_to_bytes(payload)
    if "base64" in flags:
        try:
            data = base64.b64decode(data, validate=True)
        except ValueError as error:
            raise ValueError(f"the data: URI isn't valid base64: {error}") from None
    if _TYPE.fullmatch(content_type) is None:
        content_type = _sniff(data[:16])
    return Upload(data, name + extension_of(content_type), content_type)


def _validated(value: object) -> object:
    if not is_file(value):
        raise ValueError("a file must be sent as a data: URI")
    return value


def as_data_uri(value: File | str) -> str:
    """A file as the text that would be read back as the same file: a `data:` URI, or a URL as it
    is.

    Raises ValueError for a file that only the server has, OSError for one that can't be read.
    """
    import base64

    if isinstance(value, str):
        return value
    if isinstance(value, URL):
        return value.url
    if isinstance(value, Stored):
        raise ValueError(
            f"{value.name} is on the server, so there is no content to write"
        )
    upload = as_upload(value, "file")
    data = upload.data
    if isinstance(data, bytes):
        content = data
    elif isinstance(data, URL):
        return data.url
    elif isinstance(data, os.PathLike):
        content = data.read_bytes()
    else:
        content = data.read()
    return (
        f"data:{upload.content_type};base64,{base64.b64encode(content).decode('ascii')}"
    )

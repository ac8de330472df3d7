"""The values that a file parameter accepts, and the upload that is sent for each."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Annotated, BinaryIO, Final, TypeAlias, TypeGuard

from ..reading import read_path
from .files import URL, DataURI, Remote, Stored, Upload, plain_name
from .media import UNKNOWN, extension_of, type_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pydantic_core import CoreSchema


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
    """The values of a file parameter: a path, bytes, a binary file object, an Upload, a `data:`
    URI, a URL, a file of an earlier result, or one that the server already has.

    At run time, a plain string is accepted as a `data:` URI, which is how JSON represents a file,
    and never as a path: a request's JSON must not give access to this machine's files.
    """
else:
    # The union would import pathlib, which takes longer than the rest of this package.
    File = Annotated[object, FILE_MARK]


def is_file(value: object) -> TypeGuard[File | str]:
    """Whether `value` is something that `File` accepts; a string only if it is a `data:` URI."""
    if isinstance(value, str):
        return value.startswith("data:")
    return isinstance(
        value, os.PathLike | bytes | Upload | Stored | Remote
    ) or callable(getattr(value, "read", None))


def _validated(value: object) -> object:
    if not is_file(value):
        raise ValueError("a file must be sent as a data: URI")
    return value


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
            value, plain_name(value.filename) or name, value.content_type or UNKNOWN
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
    """Raises ValueError for an upload that isn't made of a file and strings."""
    if isinstance(upload.data, str | Stored) or not is_file(upload.data):
        raise ValueError(
            "an Upload takes a Path, bytes, a binary file object, a URL or a result's file,"
            f" not {type(upload.data).__name__}"
        )
    for text, what in ((upload.filename, "file name"), (upload.content_type, "type")):
        if text is not None and not isinstance(text, str):
            raise ValueError(
                f"the {what} of an Upload must be a string, not {type(text).__name__}"
            )


_TYPE: Final = re.compile(r"[\w.+-]+/[\w.+-]+", re.ASCII)
"""MIME types that a `data:` URI may have."""

_HEADER: Final = re.compile(r"[ -~]+")
"""A valid header value; a line break would start another header."""

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
    """The name as valid text, which file systems don't guarantee."""
    return filename.encode("utf-8", "replace").decode()


def _from_data_uri(uri: str, name: str) -> Upload:
    import base64
    from urllib.parse import unquote_to_bytes

    header, comma, payload = uri.removeprefix("data:").partition(",")
    if not comma:
        raise ValueError("the data: URI has no comma between its type and its data")
    content_type, *flags = (part.strip() for part in header.split(";"))
    try:
        data = unquote_to_bytes(payload)
    except UnicodeEncodeError:
        raise ValueError("the data: URI contains half a character") from None
    if "base64" in flags:
        try:
            data = base64.b64decode(data, validate=True)
        except ValueError as error:
            raise ValueError(f"the data: URI isn't valid base64: {error}") from None
    if _TYPE.fullmatch(content_type) is None:
        content_type = _sniff(data[:16])
    return Upload(data, name + extension_of(content_type), content_type)


def as_data_uri(value: File | str) -> str:
    """A file as the text that `parse` accepts: a `data:` URI, or the URL of a file at a URL.

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
        content = read_path(data)
    else:
        content = data.read()
    return (
        f"data:{upload.content_type};base64,{base64.b64encode(content).decode('ascii')}"
    )

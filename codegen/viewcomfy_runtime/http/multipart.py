"""Multipart forms whose files are read while they are sent."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO, Final

from ..errors import ConnectionFailedError, InvalidParametersError, ViewComfyError
from ..faults import Fault
from ..parameters.files import Remote, Upload
from ..parameters.key import MASK_SUFFIX
from ..parameters.masks import with_alpha
from ..parameters.media import UNKNOWN
from ..reading import read_stream
from .deadlines import Deadline

_AS_TEXT: Final = 'it is open as text; open it with mode "rb"'


class Part:
    """A file from its current position, with the length that the encoder needs."""

    def __init__(self, file: BinaryIO, size: int, check: Callable[[], None]) -> None:
        self._file, self._check = file, check
        self.len: int = size

    def read(self, size: int = -1) -> bytes:
        self._check()
        wanted = self.len if size < 0 else min(size, self.len)
        data = self._file.read(wanted)
        if wanted and not data:
            raise ConnectionFailedError(
                "a file became shorter while it was sent",
                hint="try again once it is complete",
            )
        self.len -= len(data)
        return data


class Form:
    """The fields and files of a call.

    Opens files given as paths and downloads remote ones; `close` closes only those. `sent` is
    called when the whole form has been sent. Raises InvalidParametersError listing every file that
    is missing, unreadable or empty.
    """

    def __init__(
        self,
        fields: Mapping[str, str],
        files: Mapping[str, Upload],
        deadline: Deadline,
        *,
        sent: Callable[[], object] | None = None,
    ) -> None:
        self._fields = fields
        self._deadline = deadline
        self._sent = sent
        self._opened = contextlib.ExitStack()
        self._files: list[tuple[str, Upload, BinaryIO, int, int]] = []
        faults: list[Fault] = []
        for key, upload in files.items():
            try:
                self._files.append((key, *self._prepared(key, upload)))
            except ViewComfyError:
                self.close()
                raise
            except (OSError, ValueError) as error:
                reason = (
                    error.strerror
                    if isinstance(error, OSError) and error.strerror
                    else str(error)
                )
                faults.append(
                    Fault(key, f"the file {upload.filename} can't be sent: {reason}")
                )
        if faults:
            self.close()
            raise InvalidParametersError(tuple(faults))

    def close(self) -> None:
        self._opened.close()

    def contents(self) -> Iterator[tuple[str, bytes]]:
        """The content of each file, from its current position."""
        for key, _, file, start, size in self._files:
            file.seek(start)
            yield key, file.read(size)

    def file(self, key: str) -> tuple[Upload, BinaryIO, int]:
        """One of the files as it is sent, open at its start, with its length in bytes."""
        for each, upload, file, start, size in self._files:
            if each == key:
                file.seek(start)
                return upload, file, size
        raise KeyError(key)

    def body(self) -> Any:
        """The encoded form. It can be encoded again for a retry or a redirect."""
        return self._encoded(self._fields, {each[0]: each[0] for each in self._files})

    def body_with(self, key: str, part: str, fields: Mapping[str, str]) -> Any:
        """A form with only one of the files, under the name `part`, and other fields."""
        return self._encoded(fields, {key: part})

    def _encoded(self, fields: Mapping[str, str], names: Mapping[str, str]) -> Any:
        from .encoder import Encoder

        parts: list[tuple[str, Any]] = list(fields.items())
        for key, upload, file, start, size in self._files:
            if key in names:
                file.seek(start)
                part = Part(file, size, self._deadline.check)
                about = (upload.filename, part, upload.content_type)
                parts.append((names[key], about))
        return Encoder(parts, self._sent)

    def _prepared(self, key: str, upload: Upload) -> tuple[Upload, BinaryIO, int, int]:
        """An upload, its open file, the position in it, and the number of bytes from there."""
        data = upload.data
        if isinstance(data, Remote):
            from .fetching import fetched

            file, content_type = fetched(data, self._deadline)
            self._opened.callback(file.close)
            if upload.content_type in (None, UNKNOWN):
                upload = Upload(data, upload.filename, content_type)
        elif isinstance(data, Path):
            if data.is_dir():
                raise ValueError("it is a folder")
            file = self._seekable(self._opened.enter_context(data.open("rb")))
        elif isinstance(data, bytes):
            file = io.BytesIO(data)
        else:
            file = self._seekable(data)
        if key.endswith(MASK_SUFFIX):
            file = with_alpha(file)
        start = file.tell()
        size = file.seek(0, io.SEEK_END) - start
        if size <= 0:
            raise ValueError(
                "it was read to its end; seek(0) goes back" if start else "it is empty"
            )
        file.seek(start)
        return upload, file, start, size

    def _seekable(self, file: BinaryIO) -> BinaryIO:
        """The file itself, or a copy of its rest if it can't seek, such as a pipe."""
        if isinstance(file, io.TextIOBase):
            raise ValueError(_AS_TEXT)
        with contextlib.suppress(AttributeError, OSError):
            if file.seekable():
                if isinstance(file.read(0), str):  # such as a temporary file's wrapper
                    raise ValueError(_AS_TEXT)
                return file
        if isinstance(file, io.IOBase):
            return io.BytesIO(read_stream(file, check=self._deadline.check))
        content: object = file.read()
        if not isinstance(content, bytes):
            raise ValueError("it doesn't read as bytes")
        return io.BytesIO(content)

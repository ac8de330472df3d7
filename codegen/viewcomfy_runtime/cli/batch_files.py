"""The files of a batch: the calls that it reads, one per line, and the results that it keeps."""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final

from ..calls.call import Call
from ..errors import ViewComfyError
from ..http.bodies import NOT_JSON, json_in
from ..parameters.files import URL
from .terminal import read

if TYPE_CHECKING:
    from ..json_types import JsonObject

RESULTS: Final = "results.jsonl"
"""The file of results in the output folder."""

_LONGEST_LINE: Final = 1 << 28
"""Bytes of one call, including files as `data:` URIs."""


@dataclass(frozen=True, slots=True)
class Line:
    """A call in the file: its line number, its identity when the batch is started again, and its
    parameters.
    """

    number: int
    digest: str
    make: Callable[[], Call]


def read_lines(
    path: str, parse: Callable[[JsonObject], Call], common: Mapping[str, object]
) -> list[Line]:
    """The calls in a file or on standard input. `common` is what applies to what a call doesn't set
    itself: with other flags, a call is another one.

    Raises ValueError with every fault, line by line.
    """
    data = read(path)
    found: list[Line] = []
    faults: list[str] = []
    seen: dict[str, int] = {}
    # At line feeds only: other characters that end a line in Python may be part of a string.
    for number, line in enumerate(data.removeprefix(b"\xef\xbb\xbf").split(b"\n"), 1):
        if not line.strip():
            continue
        try:
            call = _call_in(line)
            parse(call)
            # Python may not write JSON that is nested as deeply as what it can read.
            whole = {**common, **call}
            canonical = json.dumps(whole, sort_keys=True, default=_named).encode()
        except (ValueError, RecursionError, ViewComfyError) as error:
            faults.append(f"{path}, line {number}: {_reason(error)}")
            continue
        digest = hashlib.sha256(canonical).hexdigest()[:16]
        # A call that is repeated is run again, for example with another random seed.
        seen[digest] = seen.get(digest, 0) + 1
        found.append(Line(number, f"{digest}-{seen[digest]}", partial(parse, call)))
    if faults:
        raise ValueError("\n".join(faults))
    return found


def _named(file: object) -> str:
    """A file of a flag as it was given."""
    return file.url if isinstance(file, URL) else str(file)


def _reason(error: Exception) -> str:
    return "too deeply nested" if isinstance(error, RecursionError) else str(error)


def _call_in(line: bytes) -> JsonObject:
    if len(line) > _LONGEST_LINE:
        raise ValueError(f"is longer than {_LONGEST_LINE >> 20} MiB")
    try:
        text = line.decode()
    except UnicodeDecodeError:
        raise ValueError("isn't text in UTF-8") from None
    call = json_in(text)
    if call is NOT_JSON:
        raise ValueError("isn't valid JSON, or too deeply nested")
    if not isinstance(call, dict):
        raise ValueError("must be an object of names and values")
    return call


class Results:
    """The file of results in the output folder, which one process at a time writes.

    Raises ValueError if it can't be written, or another process runs a batch in this folder.
    """

    def __init__(self, folder: Path) -> None:
        self.path: Path = folder / RESULTS
        self._file = _opened(self.path)
        try:
            _lock(self._file)  # the system releases it however this process ends
        except OSError:
            self._file.close()
            raise ValueError(
                f"another batch is running in {folder}; wait for it, or use another --output"
            ) from None
        self._start = b"" if _ends_a_line(self.path) else b"\n"

    def __enter__(self) -> Results:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def succeeded(self) -> set[str]:
        """The calls that don't need to run again. An incomplete last line doesn't count."""
        found: set[str] = set()
        with self.path.open("rb") as lines:
            for line in lines:
                about = json_in(line)
                if isinstance(about, dict) and about.get("status") == "success":
                    found.add(str(about.get("call")))
        return found

    def add(self, about: JsonObject) -> None:
        """Append an outcome."""
        self._file.write(self._start + json.dumps(about).encode() + b"\n")
        self._file.flush()
        self._start = b""


def _opened(results: Path) -> IO[bytes]:
    try:
        if results.exists() and not results.is_file():
            raise ValueError(f"{results} isn't a file; use another --output")
        return results.open("ab")
    except OSError as error:
        raise ValueError(f"{results} can't be written: {error.strerror}") from None


if sys.platform == "win32":

    def _lock(file: IO[bytes]) -> None:
        import msvcrt

        # A byte far beyond the content, since Windows keeps others from reading what is locked.
        os.lseek(file.fileno(), 1 << 40, os.SEEK_SET)
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)

else:

    def _lock(file: IO[bytes]) -> None:
        import fcntl

        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _ends_a_line(path: Path) -> bool:
    with path.open("rb") as file:
        if not file.seek(0, os.SEEK_END):
            return True
        file.seek(-1, os.SEEK_END)
        return file.read() == b"\n"

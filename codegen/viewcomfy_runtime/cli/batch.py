"""`--batch calls.jsonl`: one call per line, one line of results for each. Started again, it skips
the calls that have succeeded.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO, Any, Final

from ..calls.call import Call, Client
from ..errors import ViewComfyError
from ..http.bodies import NOT_JSON, json_in
from ..results.result import PromptResult
from ..results.summaries import summary
from ..runs.attempts import Limits, Outcome
from ..runs.batches import Item, iter_calls
from .terminal import Bar, beside, err, is_terminal, new_bar, read

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


def read_lines(path: str, parse: Callable[[dict[str, Any]], Call]) -> list[Line]:
    """The calls in a file or on standard input. Raises ValueError with every fault, line by
    line.
    """
    data = read(path)
    found: list[Line] = []
    faults: list[str] = []
    seen: dict[str, int] = {}
    # At line feeds alone: other signs that end a line in Python may stand within a text.
    for number, line in enumerate(data.removeprefix(b"\xef\xbb\xbf").split(b"\n"), 1):
        if not line.strip():
            continue
        try:
            call = _call_in(line)
            parse(call)
            # With the same nesting as the line itself, which JSON in Python may not write again.
            canonical = json.dumps(call, sort_keys=True).encode()
        except (ValueError, RecursionError, ViewComfyError) as error:
            faults.append(f"{path}, line {number}: {error or 'too deeply nested'}")
            continue
        digest = hashlib.sha256(canonical).hexdigest()[:16]
        # The same call twice is two calls, as somebody wants who lets seeds be drawn.
        seen[digest] = seen.get(digest, 0) + 1
        found.append(Line(number, f"{digest}-{seen[digest]}", partial(parse, call)))
    if faults:
        raise ValueError("\n".join(faults))
    return found


def _call_in(line: bytes) -> dict[str, Any]:
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


def run_batch(
    lines: list[Line],
    client: Client,
    folder: Path,
    tell: Callable[[dict[str, Any]], object],
    seeds_of: Callable[[Call], dict[str, Any]],
    *,
    max_concurrency: int,
    timeout: float,
    quiet: bool,
) -> None:
    """Runs each call that hasn't succeeded before. Its outcome is appended to the results in the
    folder, and `tell` is called with it.

    Raises ValueError if another process runs a batch in this folder.
    """
    folder.mkdir(parents=True, exist_ok=True)
    results = folder / RESULTS
    with _opened(results) as file, _alone(file, folder):
        done = _succeeded(results)
        todo = [line for line in lines if line.digest not in done]
        if not todo:
            err(f"nothing to do: all {len(lines)} calls have succeeded, see {results}")
            return
        if not _ends_a_line(results):
            file.write(b"\n")
        shows = not quiet and is_terminal(sys.stderr)
        before = len(lines) - len(todo)
        bar = new_bar(len(lines), "call", before) if shows else None

        seeds: dict[int, dict[str, Any]] = {}

        def make(line: Line) -> Call:
            call = line.make()
            seeds[line.number] = seeds_of(call)
            return call

        items = (_item(line, partial(make, line), folder) for line in todo)
        limits = Limits(max_concurrency, timeout)
        try:
            for index, outcome in iter_calls(items, client, limits):
                line = todo[index]
                about = {
                    "line": line.number,
                    "call": line.digest,
                    "seeds": seeds.pop(line.number, {}),
                    **_told(outcome),
                }
                file.write(json.dumps(about).encode() + b"\n")
                file.flush()
                _show(bar, about, tell)
        finally:
            if bar is not None:
                bar.close()


def _opened(results: Path) -> IO[bytes]:
    try:
        if results.exists() and not results.is_file():
            raise ValueError(f"{results} isn't a file; use another --output")
        return results.open("ab")
    except OSError as error:
        raise ValueError(f"{results} can't be written: {error.strerror}") from None


def _item(line: Line, make: Callable[[], Call], folder: Path) -> Item[PromptResult]:
    """A line's call, whose files are saved by the worker that ran it, in a folder of the line's
    own.
    """
    return Item(
        make,
        lambda outcome: outcome,
        lambda made: made.save(folder / f"{line.number:05d}"),
    )


def _told(outcome: Outcome) -> dict[str, Any]:
    """A result whose files are saved, or an error, as JSON."""
    about = {"attempt": outcome.attempt, "seconds": outcome.wall_seconds}
    if isinstance(outcome, PromptResult):
        return summary(outcome, outcome.saved) | about
    return {
        "status": "error",
        "error": type(outcome).__name__,
        "message": outcome.message,
        "hint": outcome.hint,
        "prompt_id": outcome.prompt_id,
        **about,
    }


def _show(
    bar: Bar | None, about: dict[str, Any], tell: Callable[[dict[str, Any]], object]
) -> None:
    if bar is not None:
        bar.update()
    with beside(bar):
        tell(about)


@contextmanager
def _alone(file: IO[bytes], folder: Path) -> Iterator[None]:
    """Locks the folder's results against other processes; the system releases the lock however this
    process ends.
    """
    try:
        _lock(file)
    except OSError:
        raise ValueError(
            f"another batch is running in {folder}; wait for it, or use another --output"
        ) from None
    yield


if sys.platform == "win32":

    def _lock(file: IO[bytes]) -> None:
        import msvcrt

        # A byte far behind the content, since what is locked there can't be read by others.
        os.lseek(file.fileno(), 1 << 40, os.SEEK_SET)
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)

else:

    def _lock(file: IO[bytes]) -> None:
        import fcntl

        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _succeeded(results: Path) -> set[str]:
    """The calls that don't need to run again. An incomplete last line doesn't count."""
    found: set[str] = set()
    with results.open("rb") as lines:
        for line in lines:
            about = json_in(line)
            if isinstance(about, dict) and about.get("status") == "success":
                found.add(str(about.get("call")))
    return found


def _ends_a_line(results: Path) -> bool:
    with results.open("rb") as file:
        if not file.seek(0, os.SEEK_END):
            return True
        file.seek(-1, os.SEEK_END)
        return file.read() == b"\n"

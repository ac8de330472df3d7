"""`--batch calls.jsonl`: a call a line, a line of results for each as it ends, and no call twice when it is started again."""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

from ..calls.call import Call, Client
from ..errors import ViewComfyError
from ..results.result import PromptResult
from ..results.summaries import summary
from ..runs.batches import Item, Limits, Outcome, iter_calls
from .terminal import tqdm

RESULTS: Final = "results.jsonl"
"""Where in the folder of outputs the lines go."""


@dataclass(frozen=True, slots=True)
class Line:
    """A call in the file: its place, what it is known by when the batch is started again, and how it is made."""

    number: int
    digest: str
    make: Callable[[], Call]


def read_lines(path: str, parse: Callable[[dict[str, Any]], Call]) -> list[Line]:
    """The calls in a file, or on standard input. Raises ValueError with all that is wrong, line by line."""
    try:
        data = sys.stdin.buffer.read() if path == "-" else Path(path).read_bytes()
        text = data.decode("utf-8-sig")
    except OSError as error:
        raise ValueError(f"{path} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ValueError(f"{path} is no text in UTF-8") from None
    found: list[Line] = []
    faults: list[str] = []
    seen: dict[str, int] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        try:
            call = json.loads(line)
            if not isinstance(call, dict):
                raise ValueError("must be an object of names and values")
            parse(call)
        except (ValueError, RecursionError, ViewComfyError) as error:
            faults.append(f"{path}, line {number}: {error}")
            continue
        canonical = json.dumps(call, sort_keys=True).encode()
        digest = hashlib.sha256(canonical).hexdigest()[:16]
        # The same call twice is two calls, as somebody wants who lets seeds be drawn.
        seen[digest] = seen.get(digest, 0) + 1
        found.append(Line(number, f"{digest}-{seen[digest]}", partial(parse, call)))
    if faults:
        raise ValueError("\n".join(faults))
    return found


def run_batch(
    lines: list[Line],
    client: Client,
    folder: Path,
    tell: Callable[[dict[str, Any]], object],
    *,
    max_concurrency: int,
    timeout: float,
    quiet: bool,
) -> None:
    """Runs each call that has not succeeded before; what became of it is a line in the folder's results and `tell` hears it."""
    folder.mkdir(parents=True, exist_ok=True)
    results = folder / RESULTS
    done = set(_succeeded(results))
    todo = [line for line in lines if line.digest not in done]
    with (
        results.open("a", encoding="utf-8", newline="\n") as file,
        tqdm(
            total=len(lines),
            initial=len(lines) - len(todo),
            unit="call",
            disable=True if quiet else None,
            file=sys.stderr,
        ) as bar,
    ):

        items = (_item(line, folder) for line in todo)
        limits = Limits(max_concurrency, timeout)
        for index, outcome in iter_calls(items, client, limits):
            line = todo[index]
            about = {"line": line.number, "call": line.digest, **_told(outcome)}
            file.write(json.dumps(about) + "\n")
            file.flush()
            bar.update()
            with bar.external_write_mode(file=sys.stdout):
                tell(about)


def _item(line: Line, folder: Path) -> Item[PromptResult]:
    """A line's call, its files saved by the worker that ran it, in a folder of the line's own."""
    return Item(
        line.make,
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


def _succeeded(results: Path) -> Iterator[str]:
    """The calls that need not be run again. A line that was cut off in the middle counts as none."""
    try:
        text = results.read_bytes().decode("utf-8", "replace")
    except FileNotFoundError:
        return
    for line in text.splitlines():
        try:
            about = json.loads(line)
        except ValueError:
            continue
        if isinstance(about, dict) and about.get("status") == "success":
            yield str(about.get("call"))
    if text and not text.endswith("\n"):
        with results.open("a", encoding="utf-8", newline="\n") as file:
            file.write("\n")

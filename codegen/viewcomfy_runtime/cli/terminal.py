"""A module's command line prints through this module, which strips terminal control sequences and
writes only what the terminal's encoding can represent.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Final, Protocol, TextIO

from ..calls.call import Watch
from ..calls.events import Progress
from ..calls.progress import progress_of
from ..reading import TooLargeError, read_path, read_stream
from ..texts import shown

_EVERY: Final = 1.0
"""Seconds between two lines of progress if there is no progress bar."""


def read(path: str) -> bytes:
    """The content of a file, or of standard input for `-`. Raises ValueError if it can't be
    read.
    """
    if path == "-" and sys.stdin is None:
        raise ValueError("- can't be read: standard input is closed")
    try:
        return read_stream(sys.stdin.buffer) if path == "-" else read_path(path)
    except OSError as error:
        too_large = isinstance(error, TooLargeError)
        remedy = "; split it, or name files by their paths" if too_large else ""
        raise ValueError(f"{path} can't be read: {error.strerror}{remedy}") from None


def out(text: str) -> None:
    """Print to standard output, which receives results."""
    _write(sys.stdout, text)


def err(text: str) -> None:
    """Print to standard error, which receives the log and errors."""
    _write(sys.stderr, text)


def _write(stream: TextIO | None, text: str) -> None:
    if stream is None:  # a program without a console
        return
    encoding = getattr(stream, "encoding", None) or "utf-8"
    line = shown(text).encode(encoding, "backslashreplace").decode(encoding)
    try:
        print(line, file=stream, flush=True)
    except (OSError, ValueError) as error:
        if stream is sys.stdout and not isinstance(error, BrokenPipeError | ValueError):
            raise
        # Nobody reads the output any longer, or a log can't be written: neither is a reason to lose
        # a run that was paid for.
        _to_nowhere(stream)


def _to_nowhere(stream: TextIO) -> None:
    """Drop whatever is written to `stream` from now on, including what the interpreter flushes at
    exit.
    """
    with suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)


class Bar(Protocol):
    """A progress bar below the log."""

    @property
    def n(self) -> float: ...

    @property
    def total(self) -> float | None: ...

    def update(self, n: float = 1) -> object: ...

    def close(self) -> object: ...


class _Lines:
    """Progress as lines, if tqdm isn't installed."""

    def __init__(self, total: int, unit: str, n: int = 0) -> None:
        self.n: float = n
        self.total = total
        self._unit = unit
        self._next = 0.0

    def update(self, n: float = 1) -> None:
        self.n += n
        now = time.monotonic()
        if now >= self._next or self.n >= self.total:
            self._next = now + _EVERY
            err(f"{self._unit} {self.n} of {self.total}")

    def close(self) -> None:
        """Nothing to clean up: lines stay."""


def new_bar(total: int, unit: str, initial: int = 0) -> Bar:
    """A progress bar on a terminal, lines without tqdm, and nothing if standard error isn't a
    terminal.
    """
    try:
        from tqdm import tqdm
    except ImportError:
        return _Lines(total, unit, initial)
    # tqdm's own lock works across processes, is slow to create, and breaks if Ctrl-C interrupts it.
    tqdm.set_lock(threading.RLock())
    return tqdm(total=total, initial=initial, unit=unit, leave=False, file=sys.stderr)


@contextmanager
def beside(bar: Bar | None) -> Iterator[None]:
    """Print within this context while a bar is shown."""
    write_mode = getattr(bar, "external_write_mode", None)
    if write_mode is None:
        yield
    else:
        with write_mode(file=sys.stderr):
            yield


def is_terminal(stream: TextIO | None) -> bool:
    return stream is not None and stream.isatty()


class Terminal:
    """Shows a run: its log, and below it a progress bar.

    Everything goes to standard error. If that isn't a terminal, there are lines only, including the
    server's own progress bars.
    """

    def __init__(self, *, quiet: bool = False) -> None:
        self._bar: Bar | None = None
        self._interactive = is_terminal(sys.stderr)
        self._quiet = quiet

    @property
    def watch(self) -> Watch:
        """The callbacks to pass to a run; the log is requested only if it is shown."""
        if self._quiet:
            return Watch()
        return Watch(self.log, self.progress if self._interactive else None)

    def log(self, line: str) -> None:
        """Show a line of the log, with progress bars in it as this command's own."""
        if self._interactive and any(progress_of(line)):
            return
        with beside(self._bar):
            err(line)

    def progress(self, progress: Progress) -> None:
        """Show the progress of the current node; another number of steps means another node."""
        bar = self._bar
        if bar is None or bar.total != progress.total or progress.value < bar.n:
            self.close()
            bar = self._bar = new_bar(progress.total, "step")
        bar.update(progress.value - bar.n)
        if progress.value >= progress.total:
            self.close()

    def close(self) -> None:
        """Remove the bar."""
        if self._bar is not None:
            self._bar.close()
            self._bar = None


@contextmanager
def warnings_shown() -> Iterator[None]:
    """Shows warnings as plain sentences, for users of the command rather than the module's
    author.
    """
    import warnings

    def show(message: object, *_: object, **__: object) -> None:
        err(f"warning: {message}")

    with warnings.catch_warnings():
        warnings.showwarning = show
        yield

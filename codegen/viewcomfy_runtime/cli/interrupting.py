"""How Ctrl-C and SIGTERM end a program."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn


@contextmanager
def interruptible() -> Iterator[None]:
    """SIGTERM acts like Ctrl-C within: it raises KeyboardInterrupt, so that stopping a container or
    a service also cancels the run at the server. Only in the main thread, since others don't
    receive signals.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, _interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL if before is None else before)


@contextmanager
def ending_at_once() -> Iterator[None]:
    """Ctrl-C ends the process at once within, for a start that has nothing to clean up.

    While Python imports modules, KeyboardInterrupt would show a traceback, or be lost in one of the
    import system's callbacks.
    """
    if signal.getsignal(signal.SIGINT) is not signal.default_int_handler or (
        threading.current_thread() is not threading.main_thread()
    ):
        yield
        return
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def _interrupt(*_: object) -> NoReturn:
    raise KeyboardInterrupt

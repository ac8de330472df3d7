"""What a run shows on a terminal: its log, and under it a bar for the steps that go on."""

from __future__ import annotations

import sys
import threading
from typing import NoReturn

from tqdm import tqdm

from ..calls.call import Watch
from ..calls.events import Progress
from ..calls.progress import progress_of

__all__ = ["Terminal", "tqdm"]


# Its own lock is for several processes, takes long to make, and breaks when Ctrl-C comes meanwhile.
tqdm.set_lock(threading.RLock())


class Terminal:
    """Writes to stderr, where results do not go. Where that is no terminal there are lines alone, bars among them."""

    def __init__(self, *, quiet: bool = False) -> None:
        self._bar: tqdm[NoReturn] | None = None
        self._interactive = sys.stderr.isatty()
        self._quiet = quiet

    @property
    def watch(self) -> Watch:
        """To be passed to a run; the log is asked for only where it is shown."""
        if self._quiet:
            return Watch()
        return Watch(self.log, self.progress if self._interactive else None)

    def log(self, line: str) -> None:
        """Show a line of the log; one that is a bar itself shows as ours."""
        if self._interactive and any(progress_of(line)):
            return
        shown = "".join(each for each in line if each.isprintable() or each in "\n\t")
        if self._bar is None:
            print(shown, file=sys.stderr, flush=True)
        else:
            tqdm.write(shown, file=sys.stderr)

    def progress(self, progress: Progress) -> None:
        """Show how far the present node is; another number of steps is another node's."""
        bar = self._bar
        if bar is None or bar.total != progress.total or progress.value < bar.n:
            self.close()
            bar = tqdm(total=progress.total, unit="step", leave=False, file=sys.stderr)
            self._bar = bar
        bar.update(progress.value - bar.n)
        if progress.value >= progress.total:
            self.close()

    def close(self) -> None:
        """Take the bar away."""
        if self._bar is not None:
            self._bar.close()
            self._bar = None

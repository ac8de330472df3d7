"""Reads progress from ComfyUI's log, where samplers draw tqdm progress bars."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from ..calls.events import Progress

_STEPS: Final = re.compile(r"\d{1,3}%\|[^|]{0,400}\|\s{0,9}(\d{1,9})/(\d{1,9}) ?\[")


def progress_of(line: str) -> Iterator[Progress]:
    """The progress in a log line such as ` 50%|##### | 10/20 [00:04<00:04, 2.41it/s]`."""
    if "%|" not in line:
        return
    for value, total in _STEPS.findall(line):
        yield Progress(int(value), int(total))

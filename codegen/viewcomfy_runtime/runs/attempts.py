"""Runs one call of a batch, with retries, here or on another machine."""

from __future__ import annotations

import random
import time
from dataclasses import dataclass, replace
from typing import Final, TypeAlias

from ..calls.call import QUIET, Call, Client
from ..errors import ViewComfyError, wrong_type
from ..http.deadlines import LONGEST_RUN, Deadline, Timeout
from ..parameters.files import Upload
from ..results.result import PromptResult
from .observing import observed

Outcome: TypeAlias = "PromptResult | ViewComfyError"
"""The outcome of one call of a batch: its result, or the error it failed with."""

FIRST_PAUSE: Final = 0.5
LONGEST_PAUSE: Final = 30.0
"""Seconds to wait before a retry: doubled each time, unless the server asks for a specific delay.
"""


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of a batch: the number of concurrent calls, the timeout per call in seconds or by
    phase, and the number of attempts per call.
    """

    max_concurrency: int = 8
    timeout: float | Timeout = LONGEST_RUN
    attempts: int = 1

    def __post_init__(self) -> None:
        for name in ("max_concurrency", "attempts"):
            number = getattr(self, name)
            if isinstance(number, bool) or not isinstance(number, int):
                raise wrong_type(name, "a whole number", number)
            if number < 1:
                raise ValueError(f"{name} must be at least 1")


@dataclass(frozen=True, slots=True)
class Task:
    """A call for an executor's worker, perhaps on another machine, with all that it needs."""

    client: Client
    call: Call
    limits: Limits

    def __call__(self) -> Outcome:
        return run_with_retries(
            self.client, self.call, self.limits, Deadline(self.limits.timeout)
        )


def run_with_retries(
    client: Client, call: Call, limits: Limits, deadline: Deadline
) -> Outcome:
    """The result of a call, or the error it failed with, including the number of attempts and the
    total time in seconds.

    A call is retried only if it certainly didn't run.
    """
    start = time.monotonic()
    pause = FIRST_PAUSE
    for attempt in range(1, limits.attempts + 1):
        try:
            made = observed(client, call, deadline, QUIET)
            seconds = time.monotonic() - start
            return replace(made, attempt=attempt, wall_seconds=seconds)
        except ViewComfyError as error:
            error.attempt = attempt
            error.wall_seconds = time.monotonic() - start
            if attempt == limits.attempts or not error.retryable or error.may_have_run:
                return error
            asked = getattr(error, "retry_after", None)
        try:
            deadline.sleep(
                min(LONGEST_PAUSE, asked or pause * random.uniform(0.5, 1.5))
            )
        except ViewComfyError as error:
            return error
        pause = min(2 * pause, LONGEST_PAUSE)
    raise AssertionError("there is at least one attempt")


def with_file_contents(call: Call) -> Call:
    """The call with the content of its files, so that a worker needs no files from this machine.

    Raises InvalidParametersError listing every file that is missing, unreadable or empty.
    """
    from ..http.multipart import Form

    form = Form({}, call.files, Deadline(float("inf")))
    try:
        files = {
            key: Upload(content, call.files[key].filename, call.files[key].content_type)
            for key, content in form.contents()
        }
    finally:
        form.close()
    return replace(call, files=files)

"""What a ComfyUI says about its runs, and how a run is canceled there."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import Any, Final, NamedTuple
from urllib.parse import quote

from ..calls.call import Status
from ..errors import NotFoundError, ProtocolError, RunCancelledError, ViewComfyError
from ..http.client import Http
from ..http.deadlines import Deadline
from ..json_types import JsonObject, as_list
from .history import outcome_of

_MOST_CANCELED: Final = 1000
"""Maximum number of canceled runs that a client remembers: the server keeps no trace of a run that
was canceled while queued.
"""

_LISTS: Final[tuple[tuple[str, Status], ...]] = (
    ("queue_running", "running"),
    ("queue_pending", "waiting"),
)


class Place(NamedTuple):
    """Whether a run is queued or running, the id that the server gave it, and its position among
    runs of the same state.
    """

    status: Status
    prompt_id: str
    position: int


class ComfyServer:
    """The queue and the history of a ComfyUI. All methods raise ViewComfyError."""

    def __init__(self, http: Http) -> None:
        self._http = http
        self._canceled: deque[str] = deque(maxlen=_MOST_CANCELED)

    def history(self, prompt_id: str, deadline: Deadline) -> JsonObject | None:
        """The history entry of a finished run; None for any other run."""
        entry = self._get(f"/history/{_quoted(prompt_id)}", deadline).get(prompt_id)
        return entry if isinstance(entry, dict) else None

    def place(self, prompt_id: str, deadline: Deadline) -> Place | None:
        """The place of a run in the queue; None if it isn't there."""
        queue = self._get("/queue", deadline)
        for key, status in _LISTS:
            items = [item for item in as_list(queue.get(key)) if isinstance(item, list)]
            for item in items:
                if prompt_id in _ids_of(item):
                    ahead = sum(_number(each) < _number(item) for each in items)
                    return Place(status, usable_id(item[1]) or prompt_id, ahead + 1)
        return None

    def status(self, prompt_id: str, deadline: Deadline) -> Status:
        """The current state of a run."""
        place = self.place(prompt_id, deadline)
        if place is not None:
            return place.status
        entry = self.history(prompt_id, deadline)
        if entry is not None:
            return outcome_of(entry)
        return "cancelled" if prompt_id in self._canceled else "unknown"

    def lost(self, prompt_id: str) -> ViewComfyError:
        """The error for a run that the server no longer has."""
        if prompt_id in self._canceled:
            return RunCancelledError(
                "the run was canceled before it started",
                at_server=True,
                prompt_id=prompt_id,
            )
        return NotFoundError(
            f"{self._http.host} no longer knows the run: it was deleted, or the server restarted",
            hint="run it again",
            prompt_id=prompt_id,
        )

    def cancel(self, prompt_id: str, deadline: Deadline) -> None:
        """Remove a run from the queue, or interrupt it."""
        self._canceled.append(prompt_id)
        if self._cancel_job(prompt_id, deadline):
            return
        # Remove a queued run first, in case time is short.
        self._http.post_json("/queue", {"delete": [prompt_id]}, deadline)
        place = self.place(prompt_id, deadline)
        if place is None:
            return
        if place.status == "waiting":  # under an id that the server chose
            self._http.post_json("/queue", {"delete": [place.prompt_id]}, deadline)
        else:
            # Only if it is running: servers from before 2025 interrupt any run.
            self._http.post_json("/interrupt", {"prompt_id": place.prompt_id}, deadline)

    def _cancel_job(self, prompt_id: str, deadline: Deadline) -> bool:
        """Cancel the run in one step. Returns False if the server is too old to support that."""
        url = self._http.at(f"/api/jobs/{_quoted(prompt_id)}/cancel")
        with self._http.request(
            "POST", url, deadline, idempotent=True, expect=(200, 404, 405)
        ) as response:
            return response.status == 200

    def _get(self, path: str, deadline: Deadline) -> JsonObject:
        found = self._http.get_json(path, deadline)
        if not isinstance(found, dict):
            raise ProtocolError(
                f"{self._http.host} doesn't answer {path} as ComfyUI does",
                hint="check that the URL is ComfyUI's",
            )
        return found


def usable_id(value: Any) -> str:
    """The id that a server gave a run, or an empty string if it can't be used in requests."""
    usable = isinstance(value, str) and len(value) <= 200 and value.isprintable()
    return str(value) if usable else ""


def _quoted(prompt_id: str) -> str:
    return quote(prompt_id, safe="", errors="replace")


def _number(item: list[Any]) -> float:
    """A queued run's priority: ComfyUI runs the lowest number first."""
    number = item[0] if item else None
    return number if isinstance(number, int | float) else float("inf")


def _ids_of(item: list[Any]) -> Iterator[Any]:
    """The ids of a queued run: the server's and the client's."""
    yield from item[1:2]
    about = item[3] if len(item) > 3 else None
    if isinstance(about, dict):
        yield about.get("client_id")

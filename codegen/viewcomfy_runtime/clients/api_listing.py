"""The runs on a server of Comfy API v2, found by their labels."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlencode

from ..calls.call import Status
from ..errors import ConfigurationError, wrong_type
from ..http.client import Http
from ..http.deadlines import Deadline
from ..json_types import as_list, as_object
from .api_jobs import API, STATUSES, created_in, text_of
from .api_submission import RUN_LABEL

MOST_LABELS: Final = 15
"""Maximum number of labels of a run, besides the one that identifies it."""

_LABEL: Final = re.compile(r"[A-Za-z0-9_.-]{1,40}")
_LONGEST_LABEL: Final = 256
"""Maximum size in bytes of a label's value."""

_PAGE: Final = 100
"""Maximum number of jobs that are requested at a time."""


@dataclass(frozen=True, slots=True)
class ListedJob:
    """A run in a server's list; reopen it with `WORKFLOW.job(prompt_id, client=…)`.

    `labels` are those that it was started with.
    """

    prompt_id: str
    status: Status
    created_at: datetime | None = None
    labels: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def from_wire(cls, item: Mapping[str, Any]) -> ListedJob:
        """A job in a server's list."""
        labels = as_object(item.get("metadata"))
        return cls(
            prompt_id=text_of(item.get("id")),
            status=STATUSES.get(text_of(item.get("status")), "running"),
            created_at=created_in(item),
            labels={
                name: value for name, value in labels.items() if isinstance(value, str)
            },
        )


def listed_jobs(
    http: Http, labels: Mapping[str, str], limit: int | None, timeout: float
) -> Iterator[ListedJob]:
    """The runs with all of these labels, at most `limit`, a page at a time. `timeout` is in seconds
    for each page. Raises ViewComfyError.
    """
    query = {f"metadata[{key}]": value for key, value in labels.items()}
    left = limit
    while left is None or left > 0:
        query["limit"] = str(_PAGE if left is None else min(_PAGE, left))
        path = f"{API}/jobs?{urlencode(query, errors='replace')}"
        with Deadline(timeout, what="the list of runs") as deadline:
            page = as_object(http.get_json(path, deadline))
        items = [each for each in as_list(page.get("jobs")) if isinstance(each, dict)]
        found = map(ListedJob.from_wire, items)
        # Not every server filters by the labels in the query.
        matching = [each for each in found if labels.items() <= each.labels.items()]
        yield from matching[:left]
        left = None if left is None else left - len(matching)
        cursor = page.get("next_cursor")
        if not items or not isinstance(cursor, str) or not cursor:
            return
        query["cursor"] = cursor


def valid_labels(labels: Mapping[str, str]) -> dict[str, str]:
    """The labels. Raises ConfigurationError for labels that no server accepts, and TypeError if
    they aren't a mapping.
    """
    if not isinstance(labels, Mapping):
        raise wrong_type("labels", "a mapping of names to strings", labels)
    if len(labels) > MOST_LABELS:
        raise ConfigurationError(f"a run can have at most {MOST_LABELS} labels")
    for name, value in labels.items():
        if not isinstance(name, str) or not _LABEL.fullmatch(name) or name == RUN_LABEL:
            raise ConfigurationError(
                f"{name!r:.80} can't be the name of a label",
                hint="use 1 to 40 of A-Z, a-z, 0-9, _ . and -",
            )
        size = len(value.encode("utf-8", "replace")) if isinstance(value, str) else -1
        if not 0 <= size <= _LONGEST_LABEL:
            raise ConfigurationError(
                f"the label {name} must be a string of at most {_LONGEST_LABEL} bytes"
            )
    return dict(labels)

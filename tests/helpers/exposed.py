"""What people and logs could learn from an error."""

from __future__ import annotations

import pickle
import traceback
from collections.abc import Iterator

import requests


def everything_said_by(error: BaseException) -> Iterator[str]:
    """What a log, a report or another process could learn from an error, its causes included."""
    yield "".join(traceback.format_exception(error))
    yield repr(pickle.dumps(error))
    chain: BaseException | None = error
    while chain is not None:
        yield f"{chain!r} {chain} {vars(chain)}"
        request = getattr(chain, "request", None)
        if isinstance(request, requests.PreparedRequest):
            yield str(request.headers)
        chain = chain.__cause__ or chain.__context__

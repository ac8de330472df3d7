"""The expiry of signed links."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from typing import Final
from urllib.parse import parse_qsl, urlsplit

_FRACTION: Final = re.compile(r"\.(\d+)")


def expiry_of(url: str | None, extra: Mapping[str, object]) -> datetime | None:
    """The expiry time that the server reports as `url_expires_at`, or that the link itself
    contains.

    Links contain it as `X-Amz-Date` and `X-Amz-Expires` (S3), `X-Goog-Date` and `X-Goog-Expires`
    (Google), `Expires` in seconds since 1970, or `se` (Azure), in upper or lower case.
    """
    expires_at = extra.get("url_expires_at")
    if isinstance(expires_at, str):
        return moment(expires_at)
    try:
        fields = parse_qsl(urlsplit(url or "").query)
        query = {name.lower(): value for name, value in fields}
        for vendor in ("x-amz", "x-goog"):
            if f"{vendor}-date" in query and f"{vendor}-expires" in query:
                start = datetime.strptime(query[f"{vendor}-date"], "%Y%m%dT%H%M%SZ")
                seconds = timedelta(seconds=float(query[f"{vendor}-expires"]))
                return start.replace(tzinfo=timezone.utc) + seconds
        if "expires" in query:
            return datetime.fromtimestamp(float(query["expires"]), timezone.utc)
        return moment(query["se"]) if "se" in query else None
    except (ValueError, OverflowError, OSError):
        return None


def moment(text: str) -> datetime | None:
    """A time in RFC 3339 format, as servers write it; None if it isn't valid."""
    try:
        # Python 3.10 accepts only three or six fractional digits of a second, and not "Z".
        whole = _FRACTION.sub(lambda found: f".{found[1][:6]:0<6}", text)
        found = datetime.fromisoformat(whole.replace("Z", "+00:00"))
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=timezone.utc)

"""Shared by the two clients for deployments on ViewComfy's cloud."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Final

from ..errors import MissingSettingsError
from ..http.credentials import Credentials

VARIABLES: Final = (
    "VIEWCOMFY_API_URL",
    "VIEWCOMFY_CLIENT_ID",
    "VIEWCOMFY_CLIENT_SECRET",
)


def settings_in(environ: Mapping[str, str], client: str) -> list[str]:
    """The values of VARIABLES for the client of this name.

    Raises MissingSettingsError naming those that are missing.
    """
    missing = [name for name in VARIABLES if not environ.get(name)]
    if missing:
        raise MissingSettingsError(
            f"no server configured: {', '.join(missing)} not set",
            hint=f"set them, or pass client={client}(url, client_id, client_secret)",
        )
    return [environ[name] for name in VARIABLES]


def credentials_for(client_id: str, client_secret: str) -> Credentials:
    """The headers that authenticate the caller. Raises ConfigurationError if they aren't valid."""
    return Credentials({"client_id": client_id, "client_secret": client_secret})


def form_fields(values: Mapping[str, object]) -> dict[str, str]:
    """The text fields of a form: strings as they are, other values as JSON."""
    return {
        name: value if isinstance(value, str) else json.dumps(value, allow_nan=False)
        for name, value in values.items()
    }

"""Which client the environment describes."""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import lru_cache
from typing import Final, cast

from ..calls.call import Client, JobClient
from ..errors import ConfigurationError


def client_from_environment(environ: Mapping[str, str] = os.environ) -> Client:
    """The client that the environment describes; the first of these that is set:

    | variable | client |
    |---|---|
    | VIEWCOMFY_API_URL and VIEWCOMFY_GATEWAY_URL | ViewComfyGateway, for that deployment |
    | VIEWCOMFY_API_URL | ViewComfy, for that deployment |
    | VIEWCOMFY_APP_URL | ViewComfyApp |
    | COMFYUI_URL | ComfyUI |

    The first two want VIEWCOMFY_CLIENT_ID and VIEWCOMFY_CLIENT_SECRET too. Raises MissingSettingsError naming what is
    missing, and ConfigurationError for what isn't valid.
    """
    if not environ.get("VIEWCOMFY_API_URL"):
        if environ.get("VIEWCOMFY_APP_URL"):
            from .app import ViewComfyApp

            return ViewComfyApp(environ["VIEWCOMFY_APP_URL"])
        if environ.get("COMFYUI_URL"):
            from .comfyui import ComfyUI

            return ComfyUI(environ["COMFYUI_URL"])
    if environ.get("VIEWCOMFY_GATEWAY_URL"):
        from .gateway import ViewComfyGateway

        return ViewComfyGateway.from_environment(environ)
    from .viewcomfy import ViewComfy

    return ViewComfy.from_environment(environ)


_VARIABLES: Final = (
    "VIEWCOMFY_API_URL",
    "VIEWCOMFY_GATEWAY_URL",
    "VIEWCOMFY_CLIENT_ID",
    "VIEWCOMFY_CLIENT_SECRET",
    "VIEWCOMFY_APP_URL",
    "COMFYUI_URL",
)


def shared_client() -> Client:
    """The client that the environment describes, the same one as long as that stays as it is.

    Its connections are kept for later calls of this process. Raises ConfigurationError.
    """
    return _shared(tuple(os.environ.get(name, "") for name in _VARIABLES))


@lru_cache(maxsize=8)
def _shared(values: tuple[str, ...]) -> Client:
    return client_from_environment(dict(zip(_VARIABLES, values, strict=True)))


def client_or_shared(client: Client | None) -> Client:
    """`client`, else the one that the environment describes. Raises TypeError for what isn't a client."""
    if client is None:
        return shared_client()
    if not hasattr(client, "run") or isinstance(client, type):
        raise TypeError(
            f"client must be a client such as ComfyUI(url) or ViewComfy(url, …), not {client!r:.80}"
        )
    return client


def job_client(client: Client | None) -> JobClient:
    """The client, or that of the environment, which has to keep runs.

    Raises ConfigurationError, and TypeError for what isn't a client.
    """
    found = client_or_shared(client)
    if not all(
        hasattr(found, name) for name in ("submit", "status", "result", "cancel")
    ):
        raise ConfigurationError(
            f"{type(found).__name__} doesn't keep runs",
            hint="use ViewComfyGateway or ComfyUI as the client, or run() to wait for the result",
        )
    return cast(JobClient, found)

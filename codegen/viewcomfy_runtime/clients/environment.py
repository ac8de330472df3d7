"""Creates the client that environment variables configure."""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import lru_cache
from typing import Final, cast

from ..calls.call import Client, JobClient
from ..errors import ConfigurationError


def client_from_environment(
    environ: Mapping[str, str] = os.environ,
    *,
    headers: Mapping[str, str] | None = None,
) -> Client:
    """The client for the first of these variables that is set:

    | variable | client |
    |---|---|
    | VIEWCOMFY_API_URL and VIEWCOMFY_GATEWAY_URL | ViewComfyGateway, for that deployment |
    | VIEWCOMFY_API_URL | ViewComfy, for that deployment |
    | VIEWCOMFY_APP_URL | ViewComfyApp |
    | COMFYUI_URL | ComfyUI |
    | COMFY_BASE_URL | ComfyAPI |

    The first two also need VIEWCOMFY_CLIENT_ID and VIEWCOMFY_CLIENT_SECRET. COMFYUI_TOKEN is sent
    to ComfyUI as `Authorization: Bearer`. COMFY_API_KEY is the key of ComfyAPI, and pays for
    partner nodes on ComfyUI; alone it selects no client. `headers` are sent by ComfyUI and
    ComfyAPI. Raises MissingSettingsError naming missing variables, and ConfigurationError if a
    value isn't valid.
    """
    client = _described(environ, headers)
    if client is not None:
        return client
    if headers:
        raise ConfigurationError(
            "headers can be sent to ComfyUI and to Comfy API v2 only",
            hint="use --header with --comfyui or --comfy-api",
        )
    return _viewcomfy(environ)


def _described(
    environ: Mapping[str, str], headers: Mapping[str, str] | None
) -> Client | None:
    """The client for a ComfyUI or a server of Comfy API v2, if the environment configures one."""
    if environ.get("VIEWCOMFY_API_URL") or environ.get("VIEWCOMFY_APP_URL"):
        return None
    key = environ.get("COMFY_API_KEY") or None
    if environ.get("COMFYUI_URL"):
        from .comfyui import ComfyUI

        token = environ.get("COMFYUI_TOKEN")
        gate = {"Authorization": f"Bearer {token}"} if token else {}
        return ComfyUI(
            environ["COMFYUI_URL"],
            headers=_joined(gate, headers or {}),
            api_key_comfy_org=key,
        )
    if environ.get("COMFY_BASE_URL"):
        from .comfy_api import ComfyAPI

        return ComfyAPI(environ["COMFY_BASE_URL"], key, headers=headers)
    return None


def _joined(first: Mapping[str, str], second: Mapping[str, str]) -> dict[str, str]:
    """Headers combined; later ones replace earlier ones of the same name."""
    taken = {name.lower() for name in second}
    kept = {name: first[name] for name in first if name.lower() not in taken}
    return {**kept, **second}


def _viewcomfy(environ: Mapping[str, str]) -> Client:
    if not environ.get("VIEWCOMFY_API_URL"):
        if environ.get("VIEWCOMFY_APP_URL"):
            from .app import ViewComfyApp

            return ViewComfyApp(environ["VIEWCOMFY_APP_URL"])
    if environ.get("VIEWCOMFY_GATEWAY_URL"):
        from .gateway import ViewComfyGateway

        return ViewComfyGateway.from_environment(environ)
    from .viewcomfy import ViewComfy

    return ViewComfy.from_environment(environ)


VARIABLES: Final = (
    "VIEWCOMFY_API_URL",
    "VIEWCOMFY_GATEWAY_URL",
    "VIEWCOMFY_CLIENT_ID",
    "VIEWCOMFY_CLIENT_SECRET",
    "VIEWCOMFY_APP_URL",
    "COMFYUI_URL",
    "COMFYUI_TOKEN",
    "COMFY_BASE_URL",
    "COMFY_API_KEY",
)
"""The variables of the environment that a client is made of."""


def shared_client() -> Client:
    """The client that the environment configures, shared by all calls of this process while the
    environment stays the same. Raises ConfigurationError.
    """
    return _shared(tuple(os.environ.get(name, "") for name in VARIABLES))


@lru_cache(maxsize=8)
def _shared(values: tuple[str, ...]) -> Client:
    return client_from_environment(dict(zip(VARIABLES, values, strict=True)))


def client_or_shared(client: Client | None) -> Client:
    """`client`, or else the one that the environment configures. Raises TypeError if it isn't a
    client.
    """
    if client is None:
        return shared_client()
    if not hasattr(client, "run") or isinstance(client, type):
        raise TypeError(
            "client must be a client such as ComfyUI(url), "
            f"ComfyAPI(url, key) or ViewComfy(url, …), not {client!r:.80}"
        )
    return client


def job_client(client: Client | None) -> JobClient:
    """`client`, or else the one that the environment configures, for jobs.

    Raises ConfigurationError if it doesn't support jobs, and TypeError if it isn't a client.
    """
    found = client_or_shared(client)
    if not all(
        hasattr(found, name) for name in ("submit", "status", "result", "cancel")
    ):
        raise ConfigurationError(
            f"{type(found).__name__} doesn't keep runs",
            hint=(
                "use ViewComfyGateway, ComfyUI or ComfyAPI as "
                "the client, or run() to wait for the result"
            ),
        )
    return cast(JobClient, found)

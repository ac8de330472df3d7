"""Chooses where a command runs, from its options and the environment."""

from __future__ import annotations

import argparse
import os
from typing import TYPE_CHECKING, Final

from ..calls.call import Call, Client
from ..clients.environment import client_from_environment
from ..errors import ConfigurationError, MissingSettingsError
from ..http.urls import checked_url

if TYPE_CHECKING:
    from ..json_types import JsonObject

_SETTINGS: Final = (
    "set these environment variables; ViewComfy's dashboard shows their values."
    " --url can replace VIEWCOMFY_API_URL. To run elsewhere, use --comfyui, --comfy-api or --app"
)


def client_of(own: argparse.Namespace) -> Client:
    """The client that the command line describes, or else the environment.

    Raises ConfigurationError, and MissingSettingsError if neither describes one.
    """
    chosen = {
        "COMFYUI_URL": own.comfyui,
        "COMFY_BASE_URL": own.comfy_api,
        "VIEWCOMFY_APP_URL": own.app,
        "VIEWCOMFY_GATEWAY_URL": own.gateway,
    }
    given = {name: value for name, value in chosen.items() if value is not None}
    elsewhere = own.comfyui or own.comfy_api or own.app
    if len(given) > 1 or (own.url and elsewhere):
        raise ConfigurationError(
            "more than one server given",
            hint="use one of --url, --gateway, --comfyui, --comfy-api and --app;"
            " --gateway goes with --url",
        )
    for flag in ("url", "gateway", "comfyui", "comfy_api", "app"):
        _check_url(f"--{flag.replace('_', '-')}", getattr(own, flag))
    environ = dict(os.environ)
    if given or own.url:
        # Options take precedence over all servers in the environment.
        for name in chosen:
            environ.pop(name, None)
    if elsewhere:
        environ.pop("VIEWCOMFY_API_URL", None)
    if own.url:
        environ["VIEWCOMFY_API_URL"] = own.url
    try:
        headers = dict(own.header or ())
        return client_from_environment({**environ, **given}, headers=headers)
    except MissingSettingsError as error:
        error.hint = _SETTINGS
        raise


def _check_url(flag: str, url: str | None) -> None:
    """Raises ConfigurationError, which names the flag, if its URL isn't valid."""
    try:
        if url:
            checked_url(url)
    except ConfigurationError as error:
        message = f"{flag}: {error.message}"
        raise ConfigurationError(message, hint=error.hint) from None


def request_of(own: argparse.Namespace, call: Call) -> JsonObject:
    """What would be sent and where, if that is known, without secrets."""
    try:
        client = client_of(own)
    except MissingSettingsError:
        files: JsonObject = {key: each.about() for key, each in call.files.items()}
        return {"fields": {"params": dict(call.params)}, "files": files}
    return dict(client.request(call))

"""Workflows as an OpenAPI 3.1 document: the contract of a web service that runs them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from viewcomfy_runtime.json_types import JsonObject

from ..errors import CodegenError, Diagnostic
from ..model import Module
from ..version import __version__
from ..words import camel, slugs, words
from .call_schema import checked_schema
from .checksums import LINE, MARK
from .json_schema import schema_of
from .python.rendering import json_text
from .target import Earlier

_PARAMETERS: Final = "Parameters"


def openapi_document(schemas: Mapping[str, Mapping[str, Any]]) -> str:
    """The document of services that run these workflows: the schemas of their calls, by name.

    A single workflow has its routes at the root, several have theirs below their names. Names are
    ASCII in paths and components; equal ones are numbered.
    """
    paths: JsonObject = {}
    components: JsonObject = {}
    for name, schema in zip(slugs(schemas), schemas.values(), strict=True):
        base = f"/{name}" if len(schemas) > 1 else ""
        kind = camel(words(name))
        own = {key: value for key, value in schema.items() if key != "$schema"}
        components[f"{kind}{_PARAMETERS}"] = own
        components[f"{kind}Form"] = _form(own)
        paths |= _paths(base, kind, str(schema.get("title", name)), own)
    titles = [str(each.get("title", name)) for name, each in schemas.items()]
    document = {
        "openapi": "3.1.0",
        "x-viewcomfy-generated": [f"{MARK} {__version__}", LINE],
        "info": {"title": ", ".join(titles), "version": "1"},
        "security": [{"apiKey": []}],
        "paths": paths,
        "components": {
            "securitySchemes": {
                "apiKey": {"type": "apiKey", "in": "header", "name": "X-API-Key"}
            },
            "schemas": components | _SHARED,
        },
    }
    return json_text(document, indent=2) + "\n"


def read_openapi(text: str, name: str) -> Earlier | None:
    """The calls of the one workflow that a document describes; None for several.

    Raises CodegenError.
    """
    try:
        components = json.loads(text)["components"]["schemas"]
        found = [
            each
            for kind, each in components.items()
            if kind.endswith(_PARAMETERS) and isinstance(each["properties"], dict)
        ]
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        raise CodegenError(
            Diagnostic(
                name,
                "not an OpenAPI document that viewcomfy-codegen generated",
                "generate it again from its workflow",
            )
        ) from None
    if len(found) != 1:
        return None
    return Earlier.of_schema(checked_schema(found[0], name))


def _form(schema: Mapping[str, Any]) -> JsonObject:
    """The same call as a multipart form, with each file as a part."""
    properties = {
        name: (
            {
                key: value
                for key, value in each.items()
                if key not in ("type", "pattern")
            }
            | {"contentMediaType": each["x-viewcomfy-media"]}
            if "x-viewcomfy-media" in each
            else each
        )
        for name, each in schema["properties"].items()
    }
    return {**schema, "properties": properties}


def _paths(base: str, kind: str, title: str, schema: Mapping[str, Any]) -> JsonObject:
    """The routes of one workflow."""
    name = kind[:1].lower() + kind[1:]
    run: JsonObject = {
        "name": "id",
        "in": "path",
        "required": True,
        "schema": {"type": "string"},
    }
    one = f"{base}/runs/{{id}}"
    start = _start(kind, title, schema.get("x-viewcomfy-outputs", {}))
    return {
        f"{base}/runs": {"post": {"operationId": f"{name}Start", **start}},
        one: {
            "parameters": [run],
            "get": {
                "operationId": f"{name}Run",
                "summary": f"Show a run of {title}",
                "responses": {
                    "200": _answer("The run.", _RUN),
                    **_refused("401", "404"),
                },
            },
            "delete": {
                "operationId": f"{name}Cancel",
                "summary": f"Cancel a run of {title}",
                "responses": {
                    "204": {"description": "The run is canceled, or was already over."},
                    **_refused("401", "404"),
                },
            },
        },
        f"{one}/events": {
            "parameters": [run],
            "get": {"operationId": f"{name}Events", **_events(title)},
        },
        f"{one}/outputs/{{index}}": {
            "parameters": [run],
            "get": {"operationId": f"{name}Output", **_output(title)},
        },
    }


def _start(kind: str, title: str, outputs: Mapping[str, Any]) -> JsonObject:
    return {
        "summary": f"Run {title}",
        "description": f"Outputs: {', '.join(outputs) or 'files of the run'}.",
        "requestBody": {
            "required": True,
            "content": {
                "application/json": {"schema": _ref(f"{kind}{_PARAMETERS}")},
                "multipart/form-data": {"schema": _ref(f"{kind}Form")},
            },
        },
        "responses": {
            "202": _answer("The run has started.", _RUN),
            **_refused("400", "401", "413", "415", "422", "429"),
        },
    }


def _events(title: str) -> JsonObject:
    return {
        "summary": f"Follow a run of {title}",
        "responses": {
            "200": {
                "description": "Events: queued, log, progress and, last, run.",
                "content": {"text/event-stream": {"schema": {"type": "string"}}},
            },
            **_refused("401", "404"),
        },
    }


def _output(title: str) -> JsonObject:
    return {
        "summary": f"Download an output of {title}",
        "parameters": [
            {
                "name": "index",
                "in": "path",
                "required": True,
                "description": "The file's position in the run's outputs, from 0.",
                "schema": {"type": "integer", "minimum": 0},
            }
        ],
        "responses": {
            "200": {
                "description": "The file.",
                "content": {"application/octet-stream": {}},
            },
            **_refused("401", "404", "422", "502"),
        },
    }


def _ref(name: str) -> JsonObject:
    return {"$ref": f"#/components/schemas/{name}"}


def _answer(text: str, schema: JsonObject) -> JsonObject:
    return {"description": text, "content": {"application/json": {"schema": schema}}}


def _refused(*statuses: str) -> JsonObject:
    return {each: _answer(_REFUSALS[each], _ref("Problem")) for each in statuses}


_REFUSALS: Final = {
    "400": "The body can't be read.",
    "401": "The API key is missing or wrong.",
    "404": "There is no such run, or it has been dropped.",
    "413": "The body is too large.",
    "415": "The body is neither JSON nor a form.",
    "422": "The request has values that aren't accepted; the faults name them.",
    "429": "Too many runs at a time; try again later.",
    "502": "The workflow's server failed.",
}
_RUN: Final[JsonObject] = {"$ref": "#/components/schemas/Run"}
_TEXT: Final[JsonObject] = {"type": "string"}
_SHARED: Final[JsonObject] = {
    "Run": {
        "title": "Run",
        "type": "object",
        "properties": {
            "id": _TEXT,
            "status": {"enum": ["running", "success", "error", "cancelled"]},
            "seeds": {
                "type": "object",
                "description": "The seeds the run uses, by parameter.",
            },
            "outputs": {
                "type": "array",
                "items": {"$ref": "#/components/schemas/Output"},
            },
            "problem": {"$ref": "#/components/schemas/Problem"},
        },
        "required": ["id", "status", "seeds", "outputs"],
    },
    "Output": {
        "title": "Output",
        "type": "object",
        "properties": {
            "name": {"type": "string", "description": "The output's name."},
            "filename": _TEXT,
            "content_type": _TEXT,
            "size": {"type": ["integer", "null"], "description": "In bytes."},
            "url": {"type": "string", "format": "uri-reference"},
        },
        "required": ["name", "filename", "content_type", "size", "url"],
    },
    "Problem": {
        "title": "Problem",
        "type": "object",
        "properties": {
            "message": _TEXT,
            "retryable": {"type": "boolean"},
            "faults": {
                "type": "array",
                "items": {
                    "type": "object",
                    "properties": {"parameter": _TEXT, "message": _TEXT},
                    "required": ["parameter", "message"],
                },
            },
        },
        "required": ["message", "retryable", "faults"],
    },
}


class _OpenApi:
    name = "OpenAPI"
    suffix = ".openapi.json"
    reserved: frozenset[str] = frozenset()

    def render(self, module: Module) -> str:
        schema = schema_of(module)
        return openapi_document({module.title: schema})

    def read(self, text: str, name: str) -> Earlier | None:
        return read_openapi(text, name)


OPENAPI: Final = _OpenApi()

"""A workflow's parameters as its page shows them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from viewcomfy_runtime.json_types import JsonObject, JsonValue, as_object
from viewcomfy_runtime.parameters.conditions import branch_of, fault
from viewcomfy_runtime.parameters.types import (
    Choice,
    Flag,
    Integer,
    InvalidValueError,
    Json,
    Media,
    Number,
    Text,
)

from ..model import Parameter
from ..targets.calls import LANGUAGES, TITLES, SampleCall
from ..targets.calls.call import required
from .rejection import Rejected
from .served import Served


def page_data(served: Served) -> JsonObject:
    """The page's data. Numbers are sent as text, since JavaScript would lose digits."""
    module = served.module
    return {
        "name": served.name,
        "title": module.title,
        "fields": [_field(each) for each in module.parameters],
        "languages": [{"name": name, "title": TITLES[name]} for name in LANGUAGES],
    }


def call_text(served: Served, asked: Any) -> str:
    """A call as code: `asked` has its language, its values, and the files' names.

    Required parameters are included even if they have no value yet. Raises Rejected.
    """
    parts = as_object(asked)
    language, values, files = map(parts.get, ("language", "values", "files"))
    if (
        not isinstance(language, str)
        or language not in LANGUAGES
        or not isinstance(values, dict)
        or not isinstance(files, dict)
        or not all(isinstance(each, str) for each in files.values())
    ):
        raise Rejected(422, "the body must hold a language, values and files by name")
    module = served.module
    media = {each.name for each in module.parameters if isinstance(each.type, Media)}
    given = {
        **required(module),
        **{name: value for name, value in values.items() if name not in media},
        **{name: value for name, value in files.items() if name in media},
    }
    return LANGUAGES[language](SampleCall(module, given))


def value_faults(served: Served, values: Mapping[str, JsonValue]) -> dict[str, str]:
    """The faults of values, by parameter name. Omitted parameters have their defaults."""
    fields = {str(each.name): each.field for each in served.module.parameters}
    found = {}
    call = {
        name: None if field.required else field.default
        for name, field in fields.items()
    }
    for name, value in values.items():
        field = fields.get(name)
        if field is None:
            found[name] = "there is no such parameter"
        elif not isinstance(field.type, Media):
            try:
                call[name] = field.accept(value)
            except InvalidValueError as error:
                found[name] = str(error)
    for name in values.keys() & fields.keys() - found.keys():
        if fields[name].branches:
            message = fault(fields[name], call, branch_of(fields[name], call, fields))
            if message:
                found[name] = message
    return found


def _field(parameter: Parameter) -> JsonObject:
    about = parameter.about
    label = about.label or parameter.name.replace("_", " ").capitalize()
    return {
        "name": str(parameter.name),
        "keys": [str(each) for each in parameter.inputs],
        "label": label,
        "help": about.sentence,
        "node": f"Node {parameter.inputs[0].node}, {about.title or about.class_type}",
        "group": parameter.group,
        "required": parameter.required,
        "deployed": about.deployed,
        "step": None if about.step is None else json.dumps(about.step),
        "when": [
            {name: list(keys) for name, keys in branch.when.items()}
            for branch in parameter.branches
        ],
        "default": None if parameter.required else json.dumps(parameter.default),
        **_kind(parameter),
    }


def _kind(parameter: Parameter) -> JsonObject:
    """What the parameter accepts, for the page's control."""
    match parameter.type:
        case Text(multiline):
            return {"kind": "text", "multiline": multiline}
        case Integer(lo, hi, random):
            return {"kind": "integer", **_bounds(lo, hi), "seed": random}
        case Number(lo, hi):
            return {"kind": "number", **_bounds(lo, hi)}
        case Flag():
            return {"kind": "flag"}
        case Choice(options, open_):
            shown: list[JsonValue] = [*options]
            places: list[JsonValue] = [*parameter.field.places]
            return {"kind": "choice", "options": shown, "open": open_, "places": places}
        case Media(media, optional):
            masked = parameter.inputs[0].image
            image = None if masked is None else str(masked)
            about: JsonObject = {"media": media, "optional": optional, "image": image}
            return {"kind": "file", **about}
        case Json(shape):
            return {"kind": "json", "shape": shape}


def _bounds(lo: float | None, hi: float | None) -> JsonObject:
    texts = (None if each is None else json.dumps(each) for each in (lo, hi))
    return dict(zip(("minimum", "maximum"), texts, strict=True))

"""What the tests share: workflows in few words, and generated modules that are really imported."""

from __future__ import annotations

import contextlib
import importlib.util
import json
import linecache
import sys
from collections.abc import Iterator, Mapping
from itertools import count
from pathlib import Path
from types import ModuleType
from typing import Any

from jsonschema import Draft202012Validator

from viewcomfy_codegen import Generated, Options, generate

Workflow = dict[str, Any]

_numbers = count()
_imported: list[str] = []


def node(class_type: str, title: str | None = None, **inputs: Any) -> dict[str, Any]:
    """A node in API format; a link is a list of two."""
    meta = {} if title is None else {"_meta": {"title": title}}
    return {"inputs": inputs, "class_type": class_type, **meta}


def text_to_image() -> Workflow:
    """What most people have: a checkpoint, two prompts, a sampler, a picture."""
    return {
        "3": node(
            "KSampler",
            seed=156680208700286,
            steps=20,
            cfg=8,
            sampler_name="euler",
            scheduler="normal",
            denoise=1,
            model=["4", 0],
            positive=["6", 0],
            negative=["7", 0],
            latent_image=["5", 0],
        ),
        "4": node("CheckpointLoaderSimple", ckpt_name="model.safetensors"),
        "5": node("EmptyLatentImage", width=512, height=768, batch_size=1),
        "6": node("CLIPTextEncode", text="a lighthouse", clip=["4", 1]),
        "7": node("CLIPTextEncode", text="blurry", clip=["4", 1]),
        "8": node("VAEDecode", samples=["3", 0], vae=["4", 2]),
        "9": node("SaveImage", filename_prefix="ComfyUI", images=["8", 0]),
    }


def made(workflow: Mapping[str, Any], **options: Any) -> Generated:
    """The files for a workflow; options are those of `Options`."""
    return generate(json.dumps(workflow), name="made", options=Options(**options))


def schema(workflow: Mapping[str, Any], **options: Any) -> dict[str, Any]:
    """The schema file's content."""
    found: dict[str, Any] = json.loads(
        made(workflow, **options).files["made.schema.json"]
    )
    return found


def imported(text: str, folder: Path, name: str = "made") -> ModuleType:
    """The module with this text, imported from a file as a user would."""
    path = folder / f"{name}.py"
    path.write_text(text, encoding="utf-8", newline="\n")
    linecache.checkcache(str(path))
    spec = importlib.util.spec_from_file_location(f"{name}_{next(_numbers)}", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    _imported.append(spec.name)
    spec.loader.exec_module(module)
    return module


@contextlib.contextmanager
def forgetting_imports() -> Iterator[None]:
    """What is imported within goes at the end: the garbage collector's passes over thousands of
    modules would cost more than the tests.
    """
    before = len(_imported)
    yield
    for name in _imported[before:]:
        sys.modules.pop(name, None)
    del _imported[before:]


def module_of(workflow: Mapping[str, Any], folder: Path, **options: Any) -> ModuleType:
    """The imported client of a workflow."""
    return imported(made(workflow, **options).files["made.py"], folder)


def names_of(workflow: Mapping[str, Any], **options: Any) -> dict[str, str]:
    """The parameters' names by wire key, each input with a parameter of its own."""
    properties = schema(workflow, **{"share": False, **options})["properties"]
    return {each["x-viewcomfy-key"]: name for name, each in properties.items()}


def required_values(schema: Mapping[str, Any]) -> dict[str, Any]:
    """A value for each parameter that a call has to set, as its schema takes it."""
    return {name: _valid(schema["properties"][name]) for name in schema["required"]}


def _valid(about: Mapping[str, Any]) -> Any:
    choices = [each.get("enum", ()) for each in (about, *about.get("anyOf", ()))]
    candidates = [
        "data:image/png;base64,iVBORw0KGgo=",
        *(choice for each in choices for choice in each),
        *(about.get("minimum", 1), True, [], {}),
    ]
    takes = Draft202012Validator(about).is_valid
    return next(each for each in candidates if takes(each))


def beside(**nodes: Any) -> dict[str, str]:
    """The names in a workflow from text to image with these nodes more."""
    return names_of({**text_to_image(), **{id[1:]: each for id, each in nodes.items()}})


def properties(workflow: Any, **arguments: Any) -> dict[str, Any]:
    """The parameters in a document's schema; arguments are those of `generate`."""
    text = json.dumps(workflow)
    files = generate(text, name="made", **arguments).files
    found: dict[str, Any] = json.loads(files["made.schema.json"])["properties"]
    return found


def named(workflow: Any, **arguments: Any) -> dict[str, str]:
    """The parameters' names by wire key; arguments are those of `generate`."""
    found = properties(workflow, **arguments)
    return {each["x-viewcomfy-key"]: name for name, each in found.items()}

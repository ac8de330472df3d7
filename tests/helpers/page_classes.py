"""What a server says of the classes from which tests build the pages' workflows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from viewcomfy_codegen.catalog import with_object_info

IMAGE, LATENT, CONDITIONING = ["IMAGE"], ["LATENT"], ["CONDITIONING"]


def _class(
    outputs: str, required: Mapping[str, Any], optional: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    return {
        "input": {"required": dict(required), "optional": dict(optional or {})},
        "output": outputs.split(),
        "output_node": not outputs,
        "display_name": None,
    }


_SIZES: Final = {
    "by size": {
        "width": ["INT", {"default": 512}],
        "height": ["INT", {"default": 512}],
    },
    "by factor": {"factor": ["FLOAT", {"default": 1.0}]},
    "by seed": {"seed": ["INT", {"default": 0}], "noise": ["FLOAT", {"default": 0.5}]},
}

CLASSES: Final[Mapping[str, Any]] = {
    "Load": _class("IMAGE MASK", {"image": [["a.png"], {"image_upload": True}]}),
    "LoadMask": _class(
        "MASK",
        {
            "image": [["a.png"], {"image_upload": True}],
            "channel": [["alpha", "red"]],
        },
    ),
    "Model": _class("MODEL CLIP", {"name": [["sd.safetensors", "xl.safetensors"]]}),
    "Lora": _class(
        "MODEL CLIP",
        {"model": ["MODEL"], "clip": ["CLIP"], "strength": ["FLOAT", {"default": 1.0}]},
    ),
    "Encode": _class(
        "CONDITIONING",
        {
            "clip": ["CLIP"],
            "text": ["STRING", {"multiline": True, "dynamicPrompts": True}],
        },
    ),
    "Control": _class(
        "CONDITIONING CONDITIONING",
        {
            "positive": CONDITIONING,
            "negative": CONDITIONING,
            "strength": ["FLOAT", {"default": 1.0}],
        },
    ),
    "Sample": _class(
        "LATENT",
        {
            "model": ["MODEL"],
            "seed": ["INT", {"default": 0, "control_after_generate": True}],
            "steps": ["INT", {"default": 20}],
            "cfg": ["FLOAT", {"default": 8.0}],
            "sampler": [["euler", "heun"]],
            "positive": CONDITIONING,
        },
    ),
    "Noise": _class(
        "NOISE", {"noise_seed": ["INT", {"default": 0}], "size": ["INT", {}]}
    ),
    "Count": _class(
        "INT",
        {
            "start": ["INT", {"forceInput": True}],
            "seed": ["INT", {"control_after_generate": True}],
        },
    ),
    "Scene": _class(
        "IMAGE",
        {
            "file": [["a.glb"], {"file_upload": True}],
            "view": ["LOAD_3D", {}],
            "width": ["INT", {"default": 512}],
        },
    ),
    "Table": _class(
        "LIST",
        {
            "rows": [
                "COMFY_DYNAMICGROUP_V3",
                {"template": {"required": {"strength": ["FLOAT", {"default": 1.0}]}}},
            ],
            "size": ["INT", {"default": 1}],
        },
    ),
    "Shuffle": _class(
        "LIST",
        {
            "seed": ["INT", {"default": 0, "control_after_generate": False}],
            "count": ["INT", {"default": 1}],
        },
    ),
    "Number": _class(
        "INT",
        {
            "value": ["INT", {"control_after_generate": "fixed"}],
            "unit": ["STRING", {"default": "px"}],
        },
    ),
    "Invert": _class("IMAGE", {"image": IMAGE}),
    "Blend": _class(
        "IMAGE",
        {"first": IMAGE, "second": IMAGE, "factor": ["FLOAT", {"default": 0.5}]},
    ),
    "Grow": _class("IMAGE", {"image": IMAGE, "amount": ["INT", {"default": 1}]}),
    "Join": _class(
        "STRING",
        {
            "before": ["STRING", {"forceInput": True}],
            "after": ["STRING", {"default": ""}],
        },
    ),
    "Describe": _class(
        "STRING",
        {
            "prompt": ["STRING", {"default": ""}],
            "system": ["STRING", {"forceInput": True}],
        },
    ),
    "Switch": _class(
        "*", {"on": ["*", {}], "off": ["*", {}], "which": ["BOOLEAN", {}]}
    ),
    "Resize": _class(
        "IMAGE",
        {
            "image": IMAGE,
            "how": [
                "COMFY_DYNAMICCOMBO_V3",
                {
                    "options": [
                        {"key": key, "inputs": {"required": inputs}}
                        for key, inputs in _SIZES.items()
                    ]
                },
            ],
            "method": [["area", "lanczos"]],
        },
    ),
    "Batch": _class(
        "IMAGE",
        {
            "images": [
                "COMFY_AUTOGROW_V3",
                {
                    "template": {
                        "input": {"required": {"image": ["IMAGE", {}]}},
                        "prefix": "image",
                        "min": 1,
                        "max": 50,
                    }
                },
            ],
            "method": [["stack", "tile"]],
        },
    ),
    "Crop": _class(
        "IMAGE",
        {
            "image": IMAGE,
            "box": ["BOUNDING_BOX", {"socketless": True, "default": {"x": 0}}],
            "feather": ["INT", {"default": 0}],
        },
    ),
    "Compare": _class(
        "", {"compare_view": ["IMAGECOMPARE", {"socketless": True}]}, {"image_a": IMAGE}
    ),
    "Pick": _class(
        "STRING", {"files": ["COMBO", {"multiselect": True, "options": ["a", "b"]}]}
    ),
    "Save": _class("", {"images": IMAGE, "prefix": ["STRING", {"default": "out"}]}),
    "Store": _class("", {"filename_prefix": ["STRING", {"default": "out"}]}),
    "Keep": _class("", {"latent": LATENT}),
}
CATALOG: Final = with_object_info(CLASSES)

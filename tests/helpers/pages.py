"""Workflows as ComfyUI's web page saves them, built node by node, and what a server says of their
classes.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, Final

from viewcomfy_codegen.catalog import with_object_info
from viewcomfy_codegen.sources.page_format.conversion import Converted, convert
from viewcomfy_codegen.sources.page_format.reading import read_document

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

_OUTPUTS: Final = {name: each["output"] for name, each in CLASSES.items()}
_LINK_KEYS: Final = (
    "id",
    "origin_id",
    "origin_slot",
    "target_id",
    "target_slot",
    "type",
)


class Page:
    """A graph as the page saves it: the workflow itself, or the definition of a subgraph."""

    def __init__(self, name: str = "", numbers: Page | None = None) -> None:
        self.name = name
        self.nodes: list[dict[str, Any]] = []
        self.links: list[list[Any]] = []
        self.ports: list[dict[str, Any]] = []
        self.results: list[dict[str, Any]] = []
        self.definitions: list[Page] = []
        self.extra: dict[str, Any] = {}
        self._numbers: list[int] = numbers._numbers if numbers is not None else [0]

    def add(
        self,
        class_type: str,
        *values: Any,
        takes: Mapping[str, Any] | None = None,
        widgets: Mapping[str, Any] | None = None,
        id: Any = None,
        outputs: Iterable[str] | None = None,
        **fields: Any,
    ) -> Any:
        """A node with its widgets' values in their places; gives its id.

        `takes` are inputs with what they are linked to: a node's id, or a node's id and the number
        of its output. `widgets` are the same for widgets that are linked, or None for such that are
        not.
        """
        node_id = id if id is not None else len(self.nodes) + 1
        kinds = list(
            outputs if outputs is not None else _OUTPUTS.get(class_type, ["*"])
        )
        node: dict[str, Any] = {
            "id": node_id,
            "type": class_type,
            "mode": 0,
            "inputs": [],
            "outputs": [{"name": kind, "type": kind, "links": []} for kind in kinds],
            "properties": {},
            "widgets_values": list(values),
            **fields,
        }
        self.nodes.append(node)
        for given, is_widget in ((takes or {}, False), (widgets or {}, True)):
            for name, origin in given.items():
                self._take(node, name, origin, is_widget)
        return node_id

    def _take(
        self, node: dict[str, Any], name: str, origin: Any, is_widget: bool
    ) -> None:
        slot: dict[str, Any] = {
            "name": name,
            "type": self._kind(node, name),
            "link": None,
        }
        if is_widget:
            slot["widget"] = {"name": name}
        node["inputs"].append(slot)
        if origin is not None:
            at, output = origin if isinstance(origin, tuple) else (origin, 0)
            slot["link"] = self.link(at, output, node["id"], len(node["inputs"]) - 1)

    def _kind(self, node: dict[str, Any], name: str) -> str:
        described = CLASSES.get(node["type"], {}).get("input", {})
        for section in described.values():
            if name in section:
                kind = section[name][0]
                return kind if isinstance(kind, str) else "COMBO"
        return "IMAGE" if name.startswith("images.") else "*"

    def link(self, origin: Any, output: int, target: Any, slot: int) -> int:
        """A link; gives its number."""
        self._numbers[0] += 1
        self.links.append([self._numbers[0], origin, output, target, slot, "*"])
        return self._numbers[0]

    def subgraph(self, name: str) -> Page:
        """The definition of a subgraph."""
        inner = Page(name, self)
        self.definitions.append(inner)
        return inner

    def port(
        self, name: str, kind: str = "*", label: str | None = None
    ) -> tuple[int, int]:
        """An input of this subgraph, to be taken by the nodes in it."""
        entry = {"name": name, "type": kind, **({"label": label} if label else {})}
        self.ports.append(entry)
        return -10, len(self.ports) - 1

    def result(self, node: Any, output: int = 0, kind: str = "*") -> None:
        """An output of this subgraph."""
        self.results.append({"name": f"out{len(self.results)}", "type": kind})
        self.link(node, output, -20, len(self.results) - 1)

    @property
    def uuid(self) -> str:
        """What nodes that stand for this subgraph have as their type."""
        return f"{self.name:0>8}-0000-4000-8000-000000000000"

    @property
    def document(self) -> dict[str, Any]:
        """The JSON value that the page saves."""
        found: dict[str, Any] = {
            "nodes": self.nodes,
            "links": self.links,
            "version": 0.4,
        }
        if self.extra:
            found["extra"] = self.extra
        every = list(self._all())
        if every:
            found["definitions"] = {"subgraphs": [each._definition for each in every]}
        return found

    def _all(self) -> Iterable[Page]:
        for each in self.definitions:
            yield each
            yield from each._all()

    @property
    def _definition(self) -> dict[str, Any]:
        return {
            "id": self.uuid,
            "name": self.name,
            "nodes": self.nodes,
            "links": [dict(zip(_LINK_KEYS, each, strict=True)) for each in self.links],
            "inputs": self.ports,
            "outputs": self.results,
            "extra": self.extra,
        }

    @property
    def data(self) -> bytes:
        """The file."""
        return json.dumps(self.document).encode()

    def converted(self) -> Converted:
        """The workflow in API format, and what there is to say."""
        return converted(self.document)


def converted(document: Mapping[str, Any]) -> Converted:
    """The workflow in API format that a page's file becomes, by the classes above."""
    return convert(read_document(document, "page.json"), CATALOG.node)


def inputs(document: Mapping[str, Any] | Page) -> dict[str, dict[str, Any]]:
    """The inputs of every exported node by its id."""
    found = document.converted() if isinstance(document, Page) else converted(document)
    return {id: node["inputs"] for id, node in found.graph.items()}

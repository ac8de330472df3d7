"""Text to image with several nodes of one kind in a row."""

from __future__ import annotations

import copy
from typing import Any

from viewcomfy_codegen.graph.workflow import is_link

from .support import Workflow, node, text_to_image


def with_loras(*files: str) -> Workflow:
    """Text to image with LoRAs in a chain."""
    workflow = text_to_image()
    source = ["4", 0]
    for place, file in enumerate(files):
        id = str(20 + place)
        workflow[id] = node(
            "LoraLoaderModelOnly", lora_name=file, strength_model=1.0, model=source
        )
        source = [id, 0]
    workflow["3"]["inputs"]["model"] = source
    return workflow


def with_controls(*kinds: tuple[str, str]) -> Workflow:
    """Text to image with ControlNets in a chain, by the files of their models and the classes of
    their preprocessors.
    """
    workflow = text_to_image()
    workflow["60"] = node("LoadImage", image="p.png")
    prompt = ["6", 0]
    for place, (file, preprocessor) in enumerate(kinds):
        loader, image, apply = (str(tens + place) for tens in (30, 40, 50))
        workflow[loader] = node("ControlNetLoader", control_net_name=file)
        workflow[image] = node(preprocessor, resolution=512, image=["60", 0])
        workflow[apply] = node(
            "ControlNetApply",
            strength=0.5,
            conditioning=prompt,
            control_net=[loader, 0],
            image=[image, 0],
        )
        prompt = [apply, 0]
    workflow["3"]["inputs"]["positive"] = prompt
    return workflow


def with_a_second_sampler() -> dict[str, Any]:
    """Text to image twice, with two seeds."""
    more = copy.deepcopy(text_to_image())
    more["30"] = {**more["3"], "inputs": {**more["3"]["inputs"], "seed": 9}}
    more["31"] = node("VAEDecode", samples=["30", 0], vae=["4", 2])
    more["32"] = node("SaveImage", images=["31", 0], filename_prefix="second")
    return more


def renumbered(workflow: dict[str, Any], ids: dict[str, str]) -> dict[str, Any]:
    """The workflow with other ids for some nodes, and all links following them."""

    def follow(value: Any) -> Any:
        return [ids.get(id := str(value[0]), id), value[1]] if is_link(value) else value

    return {
        ids.get(id, id): {
            **about,
            "inputs": {name: follow(value) for name, value in about["inputs"].items()},
        }
        for id, about in workflow.items()
    }

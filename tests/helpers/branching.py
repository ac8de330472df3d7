"""A class whose choices bring inputs of their own, as ComfyUI describes one."""

from __future__ import annotations

from typing import Any

from .support import Workflow, node

SEED = ["INT", {"min": 0, "max": 100, "control_after_generate": True}]


def choice(key: str, **inputs: Any) -> dict[str, Any]:
    """One choice, with the inputs that it requires; `optional` holds those that it doesn't."""
    optional = inputs.pop("optional", {})
    return {"key": key, "inputs": {"required": inputs, "optional": optional}}


def selector(*choices: dict[str, Any]) -> list[Any]:
    return ["COMFY_DYNAMICCOMBO_V3", {"options": list(choices)}]


def described() -> dict[str, Any]:
    """A server's answer: `model` brings sizes, seeds and a nested choice of its own."""
    model = selector(
        choice(
            "small",
            prompt=["STRING", {"multiline": True}],
            duration=["INT", {"min": 1, "max": 5}],
            size=["COMBO", {"options": ["480p", "720p"]}],
            images=[
                "COMFY_AUTOGROW_V3",
                {
                    "template": {
                        "input": {"required": {"image": ["IMAGE", {}]}},
                        "prefix": "image",
                        "min": 0,
                        "max": 3,
                    }
                },
            ],
        ),
        choice(
            "large",
            prompt=["STRING", {"multiline": True}],
            duration=["INT", {"min": 3, "max": 15}],
            size=["COMBO", {"options": ["720p", "1080p"]}],
            seed=SEED,
            level=["FLOAT", {"min": 0.0, "max": 1.0}],
        ),
        choice(
            "other",
            prompt=["STRING", {"multiline": True}],
            seed=["INT", {"min": 0, "max": 9}],
            level=["COMBO", {"options": ["low", "high"]}],
            codec=selector(
                choice("auto"), choice("manual", crf=["INT", {"min": 0, "max": 51}])
            ),
            optional={"noise_seed": SEED, "tone": ["STRING", {}]},
        ),
    )
    return {
        "Maker": {"input": {"required": {"model": model}}, "output": ["IMAGE"]},
        "Saver": {
            "input": {"required": {"images": ["IMAGE", {}]}},
            "output": [],
            "output_node": True,
        },
    }


def workflow(model: str = "small", **inputs: Any) -> Workflow:
    """A workflow with this choice deployed, and these inputs of its branch."""
    own = {f"model.{name}": value for name, value in inputs.items()}
    return {
        "1": node("Maker", model=model, **own),
        "2": node("Saver", images=["1", 0]),
    }


def small() -> Workflow:
    return workflow("small", prompt="a cat", duration=5, size="480p")

"""Workflows of our own, one for each thing that a generated module can show."""

from __future__ import annotations

from typing import Any

from .support import Workflow, node, text_to_image


def image_to_image() -> Workflow:
    workflow = text_to_image()
    del workflow["5"]
    workflow["10"] = node(
        "LoadImage", "Load Image", image="example.png", upload="image"
    )
    workflow["12"] = node("VAEEncode", pixels=["10", 0], vae=["4", 2])
    workflow["3"]["inputs"]["latent_image"] = ["12", 0]
    return workflow


def base_and_refiner() -> Workflow:
    """Two samplers in a row, told apart by their stage, and
    a LoRA that needs no more than its name.
    """
    sampler: dict[str, Any] = {
        "steps": 25,
        "cfg": 7.5,
        "sampler_name": "euler",
        "scheduler": "normal",
    }
    return {
        "1": node("CheckpointLoaderSimple", ckpt_name="base.safetensors"),
        "2": node("CheckpointLoaderSimple", ckpt_name="refiner.safetensors"),
        "3": node(
            "LoraLoader",
            lora_name="ink.safetensors",
            strength_model=0.8,
            strength_clip=1,
            model=["1", 0],
            clip=["1", 1],
        ),
        "4": node("CLIPTextEncode", text="a harbour at dawn", clip=["3", 1]),
        "5": node("CLIPTextEncode", text="people", clip=["3", 1]),
        "6": node("EmptyLatentImage", width=1024, height=1024, batch_size=1),
        "7": node(
            "KSamplerAdvanced",
            **sampler,
            noise_seed=2**64 - 1,
            add_noise="enable",
            start_at_step=0,
            end_at_step=20,
            return_with_leftover_noise="enable",
            model=["3", 0],
            positive=["4", 0],
            negative=["5", 0],
            latent_image=["6", 0],
        ),
        "8": node(
            "KSamplerAdvanced",
            **sampler,
            noise_seed=0,
            add_noise="disable",
            start_at_step=20,
            end_at_step=10000,
            return_with_leftover_noise="disable",
            model=["2", 0],
            positive=["4", 0],
            negative=["5", 0],
            latent_image=["7", 0],
        ),
        "9": node("VAEDecode", samples=["8", 0], vae=["2", 2]),
        "10": node("SaveImage", filename_prefix="harbour", images=["9", 0]),
    }


def titled() -> Workflow:
    """What its author calls things, in two scripts, with one pair that only numbers tell apart."""
    return {
        "1": node("PrimitiveInt", "Frame count", value=81),
        "2": node("PrimitiveStringMultiline", "Scene", value="a street\nin the rain"),
        "3": node("LoadImage", "Style", image="style.png"),
        "4": node("LoadImage", "画風", image="second.png"),
        "5": node("ImageBlur", blur_radius=3, sigma=1.0, image=["3", 0]),
        "6": node("ImageBlur", blur_radius=5, sigma=2.0, image=["4", 0]),
        "7": node("PreviewImage", images=["5", 0]),
        "8": node("PreviewImage", images=["6", 0]),
        "9": node("PreviewAny", source=["2", 0]),
        "10": node("PreviewAny", source=["1", 0]),
    }


def marked() -> Workflow:
    """ViewComfy's marks: what shows, and in which group."""
    workflow = text_to_image()
    workflow["6"] = node("CLIPTextEncode", "VC_BASIC Wish", text="a fox", clip=["4", 1])
    workflow["5"] = node(
        "EmptyLatentImage", "VC_ADV Picture", width=512, height=512, batch_size=1
    )
    return workflow


def values_of_all_kinds() -> Workflow:
    """Classes that nobody told us about, and every kind of JSON value."""
    return {
        "57:8": node(
            "SomebodysNode",
            text="She said \"hi\"\\ and 'bye'\n{{ not a template }}",
            cfg=6,
            count=3,
            huge=2**64 - 1,
            tiny=1e-7,
            enabled=True,
            nothing=None,
            items={"__value__": [1, 2, [3]]},
            table={"on": True, "lora": "ink.safetensors", "strength": 0.5},
            **{"➕ Add Lora": "", "spaces and-hyphens": "kept", "class": "reserved"},
        ),
        "57:9": node("SomebodysOutput", value=["57:8", 0]),
    }


def only_files() -> Workflow:
    """Nothing to set but files: a call still sends something."""
    return {
        "1": node("LoadImage", image="in.png", upload="image"),
        "2": node("SaveImage", filename_prefix="out", images=["1", 0]),
    }


def video() -> Workflow:
    """Start and end images, a sound, and a file format for the result."""
    return {
        "1": node("LoadImage", image="first.png"),
        "2": node("LoadImage", image="last.png"),
        "3": node("LoadAudio", audio="voice.mp3"),
        "4": node(
            "CLIPLoader", clip_name="umt5.safetensors", type="wan", device="default"
        ),
        "5": node("CLIPTextEncode", text="she turns around", clip=["4", 0]),
        "6": node("CLIPTextEncode", text="static", clip=["4", 0]),
        "7": node("VAELoader", vae_name="wan.safetensors"),
        "8": node(
            "WanFirstLastFrameToVideo",
            width=832,
            height=480,
            length=81,
            batch_size=1,
            positive=["5", 0],
            negative=["6", 0],
            vae=["7", 0],
            start_image=["1", 0],
            end_image=["2", 0],
        ),
        "9": node("VAEDecode", samples=["8", 2], vae=["7", 0]),
        "10": node("CreateVideo", fps=16, images=["9", 0], audio=["3", 0]),
        "11": node(
            "SaveVideo",
            filename_prefix="video/turn",
            format="mp4",
            codec="h264",
            video=["10", 0],
        ),
    }


def loose_ends() -> Workflow:
    """A node that reaches no output, and a prompt that is zeroed out."""
    workflow = text_to_image()
    workflow["20"] = node("EmptyLatentImage", width=64, height=64, batch_size=2)
    workflow["21"] = node("ConditioningZeroOut", conditioning=["6", 0])
    workflow["3"]["inputs"]["negative"] = ["21", 0]
    del workflow["7"]
    return workflow


def own_choices() -> Workflow:
    """A choice whose options the workflow's author wrote, and whose position counts."""
    workflow = text_to_image()
    options = {f"option{number}": name for number, name in enumerate("SML", 1)}
    workflow["20"] = node("CustomCombo", "Size", choice="M", index=1, **options)
    workflow["21"] = node("PreviewAny", source=["20", 1])
    return workflow


CASES = {
    case.__name__: case
    for case in (
        text_to_image,
        image_to_image,
        base_and_refiner,
        titled,
        marked,
        values_of_all_kinds,
        only_files,
        video,
        loose_ends,
        own_choices,
    )
}

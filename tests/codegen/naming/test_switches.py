"""What switches and values that turn something on are named for: the step that they enable."""

from __future__ import annotations

from ...helpers.support import beside, names_of, node, text_to_image


def test_a_switch_says_what_it_takes_when_it_is_on() -> None:
    names = beside(
        _20=node("ComfySwitchNode", switch=False, on_false=["8", 0], on_true=["21", 0]),
        _21=node("ImageInvert", image=["8", 0]),
        _22=node("SaveImage", filename_prefix="x", images=["20", 0]),
    )
    assert names["20-inputs-switch"] == "enable_image_invert"


def test_a_switch_between_two_things_uses_the_one_that_it_takes_when_it_is_on() -> None:
    names = beside(
        _20=node("ComfySwitchNode", switch=False, on_false=["8", 0], on_true=["21", 0]),
        _21=node("EmptyImage", width=64, height=64),
        _22=node("SaveImage", filename_prefix="x", images=["20", 0]),
    )
    assert names["20-inputs-switch"] == "use_empty_image"


def test_a_value_that_turns_switches_on_says_which_step_it_enables() -> None:
    workflow = text_to_image()
    workflow["3"]["inputs"] |= {"model": ["21", 0], "steps": ["22", 0]}
    workflow["20"] = node("PrimitiveBoolean", value=True)
    workflow["21"] = node(
        "ComfySwitchNode", switch=["20", 0], on_false=["4", 0], on_true=["23", 0]
    )
    workflow["22"] = node(
        "ComfySwitchNode", switch=["20", 0], on_false=["24", 0], on_true=["25", 0]
    )
    workflow["23"] = node(
        "LoraLoaderModelOnly",
        lora_name="turbo-lora.sft",
        strength_model=1.0,
        model=["4", 0],
    )
    workflow["24"] = node("PrimitiveInt", value=20)
    workflow["25"] = node("PrimitiveInt", value=4)
    assert names_of(workflow)["20-inputs-value"] == "enable_turbo_lora"


def test_a_switch_is_seen_through_to_the_step_that_another_takes() -> None:
    names = beside(
        _20=node("ComfySwitchNode", switch=False, on_false=["8", 0], on_true=["21", 0]),
        _21=node(
            "ComfySwitchNode", switch=["23", 0], on_false=["8", 0], on_true=["22", 0]
        ),
        _22=node("ImageInvert", image=["8", 0]),
        _23=node("CompareThings", a=["8", 0]),
        _24=node("SaveImage", filename_prefix="x", images=["20", 0]),
    )
    assert names["20-inputs-switch"] == "enable_image_invert"


def test_a_language_model_that_writes_the_prompt_enhances_it() -> None:
    workflow = text_to_image()
    workflow["6"]["inputs"]["text"] = ["20", 0]
    workflow["20"] = node(
        "ComfySwitchNode", switch=True, on_false="A fox", on_true=["21", 0]
    )
    workflow["21"] = node("TextGenerate", prompt="A fox", seed=1, max_length=256)
    names = names_of(workflow)
    assert names["20-inputs-switch"] == "enable_prompt_enhancer"
    assert names["21-inputs-seed"] == "prompt_enhancer_seed"

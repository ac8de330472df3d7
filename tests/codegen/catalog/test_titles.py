"""Default titles are ignored, in whatever language the page wrote them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from viewcomfy_codegen import Options, generate
from viewcomfy_codegen.catalog import DefaultTitles, shipped

from ...helpers.shared import shared_file, shared_files

LANGUAGES = ("es", "ja", "ru", "zh")


def told(*nodes: tuple[str, str]) -> list[bool]:
    """Of each class and title of a workflow, whether the title is a default."""
    facts = {class_type: shipped().node(class_type) for class_type, _ in nodes}
    defaults = DefaultTitles(nodes, facts)
    return [defaults.knows(*each) for each in nodes]


@pytest.mark.parametrize(
    ("class_type", "title"),
    [
        ("KSampler", "KSampler"),
        ("LoadImage", "Load Image"),
        ("LoadImage", "  load image "),
        ("LoadImage", "加载图像"),
        ("LoadImage", "Загрузить изображение"),
        ("LoadImage", "بارگذاری تصویر"),
        ("LoadImage", "Cargar imagen"),
        ("ControlNetApply", "Apply ControlNet (OLD)"),
        ("RIFE VFI", "RIFE VFI (recommend rife47 and rife49)"),
        ("ExpressionEditor", "Expression Editor (PHM)"),
        ("LayerMask: SAM2VideoUltra", "LayerMask: SAM2 Video Ultra(Advance)"),
        ("LayerMask: SAM2VideoUltra", "LayerMask: anything of the pack"),
        ("KSampler", "🎲"),
    ],
)
def test_a_title_of_comfyui_or_a_pack_is_a_default(class_type: str, title: str) -> None:
    assert told((class_type, title)) == [True]


@pytest.mark.parametrize(
    ("class_type", "title"),
    [
        ("LoadImage", "Face"),
        ("LoadImage", "Load Image (Reference)"),
        ("CLIPTextEncode", "CLIP Text Encode (Positive Prompt)"),
        ("KSampler", "加载图像"),
        ("KSampler", "高清采样"),
        ("LoraLoader", "我的LoRA风格"),
        ("PrimitiveInt", "Steps"),
    ],
)
def test_a_title_of_its_author_is_not(class_type: str, title: str) -> None:
    assert told((class_type, title)) == [False]


def test_remarks_on_several_nodes_of_an_unknown_class_tell_them_apart() -> None:
    nodes = ("Unheard", "Unheard (High)"), ("Unheard", "Unheard (Low)")
    assert told(*nodes) == [False, False]


def test_a_title_that_nodes_of_an_untranslated_class_share_is_its_packs() -> None:
    nodes = ("FaceBoundingBox", "面部BBox"), ("FaceBoundingBox", "面部BBox")
    assert told(*nodes) == [True, True]


def test_a_title_that_nodes_of_a_translated_class_share_is_their_authors() -> None:
    assert told(("PrimitiveInt", "Seed"), ("PrimitiveInt", "Seed")) == [False, False]


def test_among_defaults_of_a_language_an_untranslated_class_has_one_too() -> None:
    nodes = ("LoadImage", "加载图像"), ("FaceDetailer", "面部细化")
    assert told(*nodes) == [True, True]
    assert told(nodes[1]) == [False]


def test_another_translation_of_a_known_title_is_a_default_among_others() -> None:
    nodes = ("LoadImage", "加载图像"), ("CLIPTextEncode", "CLIP文本编码器")
    assert told(*nodes) == [True, True]
    own = ("LoadImage", "加载图像"), ("KSampler", "高清采样")
    assert told(*own) == [True, False]


def test_titles_of_any_length_are_read_in_no_time() -> None:
    nodes = [("Unheard", "(" * 100_000), ("Unheard", "一" * 100_000)]
    assert told(*nodes) == [True, False]


def exports(language: str) -> list[tuple[Path, Path]]:
    return [
        (path, shared_file(f"pairs/titles/en/{path.name}"))
        for path in shared_files(f"pairs/titles/{language}/*.json")
    ]


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_export_in_another_language_gets_the_same_names(language: str) -> None:
    shared_file(f"pairs/titles/{language}")

    def names(path: Path) -> dict[str, str]:
        module = generate(path.read_bytes(), options=Options(all=True)).module
        assert module is not None
        return {str(each.inputs[0]): each.name for each in module.parameters}

    for foreign, english in exports(language):
        assert names(foreign) == names(english), foreign.name


def test_every_listed_title_is_known_for_its_class() -> None:
    listed = shared_file("object_info/display_names.json")
    for class_type, titles in json.loads(listed.read_text(encoding="utf-8")).items():
        if shipped().node(class_type) is not None:
            assert all(told(*((class_type, each) for each in titles))), class_type

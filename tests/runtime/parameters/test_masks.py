"""Masks: what ComfyUI would read as no mask at all is converted, and said."""

from __future__ import annotations

import io
import sys
import warnings
from typing import Any

import pytest
from PIL import Image

from viewcomfy_runtime import (
    Call,
    InvalidParametersError,
    MaskWarning,
    Upload,
    ViewComfy,
)

from ...helpers.servers import Server, result

IMAGE = "1-inputs-image"
MASK = f"{IMAGE}-viewcomfymask"


def encoded(image: Any, kind: str = "PNG", **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def black_and_white(mode: str = "L") -> Any:
    """Black, with its left half white."""
    image = Image.new("L", (8, 4), 0)
    image.paste(255, (0, 0, 4, 4))
    return image.convert(mode)


def sent(mask: bytes) -> bytes:
    files = {
        IMAGE: Upload(b"image", "a.png", "image/png"),
        MASK: Upload(mask, "mask.png", "image/png"),
    }
    with Server(result()) as server:
        ViewComfy(server.url, "id", "the-secret", retries=0).run(Call({"k": 1}, files))
    assert server.requests[0].file(IMAGE).data == b"image"
    return server.requests[0].file(MASK).data


@pytest.mark.parametrize("mode", ["L", "RGB", "P", "1"])
@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_the_white_of_a_mask_without_transparency_is_masked(
    mode: str, kind: str
) -> None:
    if kind == "JPEG" and mode in ("P", "1"):
        mode = "RGB"
    with pytest.warns(MaskWarning, match="white parts were taken as masked"):
        data = sent(encoded(black_and_white(mode), kind))
    alpha = Image.open(io.BytesIO(data)).getchannel("A")
    assert [alpha.getpixel((0, 0)), alpha.getpixel((7, 3))] == pytest.approx(
        [0, 255], abs=3
    )


def test_a_mask_with_transparency_is_sent_as_it_is() -> None:
    whole = encoded(Image.new("RGBA", (8, 4), (0, 0, 0, 0)))
    named = encoded(black_and_white("P"), transparency=0)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert sent(whole) == whole
        assert sent(named) == named
        assert sent(b"of another kind") == b"of another kind"


def test_a_broken_mask_is_refused_before_anything_is_sent() -> None:
    broken = encoded(black_and_white())[:40]
    with pytest.raises(InvalidParametersError, match="the mask can't be read"):
        sent(broken)


def test_without_pillow_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    mask = encoded(black_and_white())
    monkeypatch.setitem(sys.modules, "PIL", None)
    with pytest.raises(InvalidParametersError, match=r"viewcomfy-codegen\[images\]"):
        sent(mask)

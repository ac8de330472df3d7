"""Combines images with their masks, for servers that don't do that themselves."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Mapping
from typing import Final

from ..errors import InvalidParametersError
from ..faults import Fault
from ..http.deadlines import Deadline
from ..http.multipart import Form
from ..parameters.files import Upload
from ..parameters.key import MASK_SUFFIX

_MISSING: Final = 'a mask needs Pillow here: pip install "viewcomfy-codegen[images]"'
_ALONE: Final = "this server takes a mask only together with its image: set that too"


def with_masks(files: Mapping[str, Upload], deadline: Deadline) -> dict[str, Upload]:
    """The files without masks, whose areas are transparent in their images, as ComfyUI reads them.

    Raises InvalidParametersError for a mask without its image, and for files that aren't images.
    """
    masks = [key for key in files if key.endswith(MASK_SUFFIX)]
    if not masks:
        return dict(files)
    unmasked = {key: file for key, file in files.items() if key not in masks}
    pairs = {key: key.removesuffix(MASK_SUFFIX) for key in masks}
    faults = [
        Fault(key, _ALONE) for key, image in pairs.items() if image not in unmasked
    ]
    if faults:
        raise InvalidParametersError(tuple(faults))
    used = {key: files[key] for pair in pairs.items() for key in pair}
    with contextlib.closing(Form({}, used, deadline)) as form:
        contents = dict(form.contents())
    for mask, image in pairs.items():
        try:
            unmasked[image] = _masked(files[image], contents[image], contents[mask])
        except ValueError as error:
            faults.append(Fault(mask, str(error)))
    if faults:
        raise InvalidParametersError(tuple(faults))
    return unmasked


def _masked(image: Upload, content: bytes, mask: bytes) -> Upload:
    try:
        from PIL import Image
    except ImportError:
        raise ValueError(_MISSING) from None
    try:
        with (
            Image.open(io.BytesIO(content)) as original,
            Image.open(io.BytesIO(mask)) as cover,
        ):
            if original.size != cover.size:
                raise ValueError("the mask must have the same size as its image")
            masked = original.convert("RGBA")
            masked.putalpha(cover.convert("RGBA").getchannel("A"))
    except ValueError:
        raise
    except Exception as error:
        # For a broken file, Pillow may raise any exception.
        reason = type(error).__name__
        raise ValueError(f"the image or its mask can't be read: {reason}") from None
    file = io.BytesIO()
    masked.save(file, "PNG")
    stem = (image.filename or "image").rpartition(".")[0] or "image"
    return Upload(file.getvalue(), f"{stem}-masked.png", "image/png")

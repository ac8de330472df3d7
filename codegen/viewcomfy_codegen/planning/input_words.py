"""Words in the names of inputs, by what they say of how people use the inputs."""

from __future__ import annotations

from typing import Final

from ..naming.texts import PROMPT_WORDS

SIZES: Final = frozenset(
    "width height length megapixels resolution resolutions ratio duration seconds minutes"
    " frames fps rate"
    " count aspect octree longer shorter pad".split()
)
SAMPLING: Final = frozenset(
    "steps step cfg guidance sampler scheduler denoise strength weight shift scale".split()
)
STRENGTHS: Final = frozenset("strength weight multiplier amplitude".split())
MAKING: Final = SIZES | SAMPLING | {"seed", "batch", "speed", "motion"}

RARE: Final = frozenset(
    "device dtype precision provider providers cache offload backend attention sageattention"
    " quantization"
    " tiling tile tiles tiled temporal overlap filename prefix format codec crf pix metadata"
    " extension compression lossless quality method interpolation subfolder directory dir path"
    " save output folder debug unload workflow pingpong loop"
    # Noise between two samplers; the range of a control.
    " add leftover percent at begin tolerance threshold confidence eta churn tau eps"
    # Cropping, padding and masking.
    " crop channel spacing feather feathering grow expand tapered erode dilation blur divisible"
    " proportion keep pad padding"
    " alpha invert dsize vx vy parts facedetection orientation"
    # Internals of models, and the windows into which they split a long video.
    " clip interpretation normalization normalize embeds unfold hooks schedule cond uncond area"
    " terminal stretch chunk chunks layer norm dim bit context window stride guarantee"
    " rope riflex template beta version algorithm config model models union index order"
    " detection guide timestep latents"
    " direction mode variance iters equal easing handling"
    # Access to a service.
    " endpoint api role proxies proxy auth service inputcount"
    # The server's resources.
    " gpu gc log print verbose console memory state hidden force token tokens_per vram compile"
    " block blocks blocking fp16 accumulation threads ctx retry cuda dram dynamo recompile"
    # Fine points of methods that have their defaults.
    " epsilon thresh tol teacache aliasing ssaa dilate beams populated exponent phi sched"
    " process postprocess schema stop implementation"
    # Bookkeeping and what the page shows.
    " counter increment decimals widget hashes preview bit autorefresh modelname"
    # How found regions are cut out.
    " bbox drop stick sensitivity sparsity seam downsample quantize label pattern slice swap"
    # How long videos are made of parts.
    " boundary continue".split()
)
"""Words in the names of inputs that few people change."""

WANTED_CHOICES: Final = frozenset(
    "style aspect ratio preset language lang voice function sampler scheduler resolution"
    " duration size gender genre mood"
    " task ethnicity shot camera color theme emotion instrument key timesignature character"
    " dimensions".split()
)
"""Words in the names of choices that people make for each run."""

ASKED: Final = WANTED_CHOICES - {"sampler", "scheduler"}
"""The choices among them that describe the result rather than how it is made."""

SAID: Final = PROMPT_WORDS | WANTED_CHOICES | {"url", "word", "words", "title"}
"""Words in the names of texts that people write for each run, however short."""

BOUNDS: Final = frozenset(
    "at percent dtype type begin interpretation token uncond latent".split()
)
CUTTING: Final = frozenset(
    "crop tile tiles tiled overlap spacing at resolution_steps pad target temporal cache clear"
    " context window chunk guarantee seam".split()
)
PROGRAMS: Final = frozenset("template code script populated labels".split())
"""Words in the names of long texts that an author writes once."""

EXTENTS: Final = frozenset("width height w h".split())
LIMITS: Final = frozenset({"min", "max"})
SWITCHING: Final = frozenset({"enable", "enabled", "use", "switch"})

PLACED: Final = frozenset(
    "image images a b source layer position pos offset location center crop".split()
)
"""What is placed at such a position. For parts of a face, x and y describe its expression."""

WEAK: Final = frozenset(
    [
        *(("start",), ("end",), ("rotate",), ("rotation",), ("version",)),
        *(("base",), ("a",)),
        *(("resolution", "steps"), ("noise",), ("s", "noise")),
        *(("id",), ("node", "title"), ("key", "opt"), ("mask", "offset"), ("repeat",)),
        *(("color", "space"), ("color", "correction"), ("black", "point")),
        *(("white", "point"), ("detail", "range"), ("batch", "offset")),
        *(("max", "shift"), ("base", "shift"), ("noise", "augmentation")),
        *(("fusion",), ("train", "step"), ("use", "gray"), ("join", "with")),
        *(("detect", "gender", "input"), ("detect", "gender", "source")),
        *(("top", "p"), ("top", "k"), ("num", "beams"), ("use", "top", "n")),
        *(("use", "sampling"), ("k",), ("base", "resolution")),
        *(("local", "url"), ("download", "source"), ("similarity", "metric")),
    ]
)
"""Names of inputs that few people change, as words."""

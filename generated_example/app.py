"""A small app built on the generated client: paints a portrait from each photo in a folder.

    python app.py photos/ outputs/

Set VIEWCOMFY_API_URL, VIEWCOMFY_CLIENT_ID and VIEWCOMFY_CLIENT_SECRET first; ViewComfy's dashboard
shows them.
"""

from __future__ import annotations

import sys
from pathlib import Path

from portrait import Parameters, run
from viewcomfy_runtime import ViewComfyError

STYLES = {
    "dutch": "A portrait in the style of a Dutch master, soft window light",
    "manga": "A portrait as a black and white manga panel, clean ink lines",
}


def main(photos: Path, outputs: Path) -> int:
    images = sorted(photos.glob("*.jpg")) + sorted(photos.glob("*.png"))
    if not images:
        print(f"no .jpg or .png file in {photos}", file=sys.stderr)
        return 1
    for image in images:
        for style, prompt in STYLES.items():
            parameters = Parameters(image=image, positive_prompt=prompt, seed=None)
            try:
                saved = run(parameters, timeout=300).save(outputs / style)
            except ViewComfyError as error:
                print(f"{image.name}, {style}: {error}", file=sys.stderr)
                return 1
            print(*saved, sep="\n")
    return 0


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))

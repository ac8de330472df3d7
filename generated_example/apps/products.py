"""A large batch: a portrait of every product image in a folder, however many there are.

python -m apps.products photos/ outputs/

Started again, it goes on with those that are still missing.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from portrait import WORKFLOW, Parameters, Result
from viewcomfy_runtime import Client, ViewComfyError

PROMPT = "Product photography on white, soft light, high detail"


def calls(photos: Path, outputs: Path) -> Iterator[Parameters]:
    """A call for each image without a result, made when its turn comes."""
    for photo in sorted(photos.glob("*.jpg")):
        if not (outputs / f"{photo.stem}.png").exists():
            yield Parameters(image=photo, positive_prompt=PROMPT, seed=None)


def main(photos: Path, outputs: Path, client: Client | None = None) -> int:
    """How many failed."""

    def save(parameters: Parameters, result: Result) -> Path:
        assert isinstance(parameters.image, Path)
        return result.portrait[0].save_as(outputs / f"{parameters.image.stem}.png")

    done = failed = 0
    for parameters, outcome in WORKFLOW.iter_many(
        calls(photos, outputs),
        client=client,
        max_concurrency=8,
        attempts=3,
        save=save,
        timeout=600,
    ):
        done += 1
        if isinstance(outcome, ViewComfyError):
            failed += 1
            print(f"{parameters.image!r}: {outcome.message}", file=sys.stderr)
        elif done % 50 == 0:
            print(f"{done} done, the last in {outcome.wall_seconds:.1f} s")
    print(f"{done - failed} of {done} saved")
    return failed


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])) > 0)

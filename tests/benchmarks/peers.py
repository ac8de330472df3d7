"""A batch with an image of 1 MiB in each call, beside an earlier state of this project and
ViewComfy's example client, interleaved.

    python -m tests.benchmarks.peers [CALLS] [--before CHECKOUT] [--api-py API_PY]

CALLS is 600 by default. CHECKOUT is another checkout of this project: both run the batch against a
server that answers with 1 MiB. API_PY is ViewComfy's own example client (cloud-public,
ViewComfy_API/Python/api.py): both run the batch through the gateway of `serve`.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from PIL import Image

from viewcomfy_codegen import generate

from ..helpers.cases import image_to_image
from .machine import measured
from .running import serving
from .transferring import sink

TURNS = 3
IMAGE = 1 << 20
SECRET = "secret"

MAKE = """
import json, sys
from viewcomfy_codegen import generate
text = generate(json.loads(sys.argv[1]), name="made").files["made.py"]
open(sys.argv[2], "w").write(text)
print(json.dumps({}))
"""
DIRECT = """
import json, os, sys, time, warnings
warnings.simplefilter("ignore")
url, count, path = sys.argv[1], int(sys.argv[2]), sys.argv[3]
made = loaded(path, "made")
from viewcomfy_runtime import ViewComfy
client = ViewComfy(url, "id", "secret")
image = os.urandom(1 << 20)
def run(n):
    calls = [made.Parameters(image=image, seed=i) for i in range(n)]
    for each in made.run_many(calls, client=client, max_concurrency=8):
        each.outputs[0].read()
run(8)
start, before = time.perf_counter(), cpu()
run(count)
print(json.dumps({"cpu": cpu() - before, "wall": time.perf_counter() - start}))
"""
GATEWAY = """
import json, os, sys, time
base, secret, count, path = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4]
made = loaded(path, "made")
from viewcomfy_runtime import PromptResult, ViewComfyGateway
client = ViewComfyGateway(base, "id", secret, base=base)
image = open(sys.argv[5], "rb").read()
def run(n):
    calls = (made.Parameters(image=image, seed=i) for i in range(n))
    for _, outcome in made.WORKFLOW.iter_many(calls, client=client, max_concurrency=8):
        assert isinstance(outcome, PromptResult), outcome
        outcome.outputs[0].read()
run(8)
start, before = time.perf_counter(), cpu()
run(count)
print(json.dumps({"cpu": cpu() - before, "wall": time.perf_counter() - start}))
"""
THEIRS = """
import asyncio, json, sys, time, httpx
base, secret, count, _, image, path = *sys.argv[1:3], int(sys.argv[3]), *sys.argv[4:]
api = loaded(path, "api")
api.API_URL = base
async def one(gate, n):
    async with gate:
        client = api.ComfyAPIClient(infer_url=base, client_id="id", client_secret=secret)
        with open(image, "rb") as file:
            params = {"3-inputs-seed": n, "10-inputs-image": file}
            scheduled = await client.infer(params=params, view_comfy_api_url=base)
        asked = [scheduled.prompt_id]
        while not (found := await client._infer_info(prompt_ids=asked))[0].completed:
            await asyncio.sleep(0.2)
        async with httpx.AsyncClient() as links:
            answer = await links.get(found[0].outputs[0].filepath)
            assert answer.status_code == 200 and answer.content
async def main():
    gate = asyncio.Semaphore(8)
    await asyncio.gather(*(one(gate, n) for n in range(8)))
    start, before = time.perf_counter(), cpu()
    await asyncio.gather(*(one(gate, n) for n in range(count)))
    print(json.dumps({"cpu": cpu() - before, "wall": time.perf_counter() - start}))
asyncio.run(main())
"""


def _tell(
    what: str, count: int, ours: Callable[[], Any], theirs: Callable[[], Any]
) -> None:
    """Print the least CPU and time of each side: what else the machine does only ever adds."""
    pairs = [(ours(), theirs()) for _ in range(TURNS)]
    for name, title in (("cpu", "CPU"), ("wall", "time")):
        own, other = (
            1000 * min(each[name] for each in side) / count
            for side in zip(*pairs, strict=True)
        )
        print(
            f"{count} calls {what}: {own:.2f} ms of {title} a call against"
            f" {other:.2f} ms, ratio {own / other:.2f}"
        )


def _before(count: int, checkout: Path, folder: Path) -> None:
    packages = checkout / "codegen"
    own, other = folder / "made.py", folder / "before.py"
    own.write_text(generate(image_to_image(), name="made").files["made.py"], "utf-8")
    measured(MAKE, json.dumps(image_to_image()), str(other), packages=packages)
    with sink(folder) as base:
        about = f"{base}/result?size={IMAGE}", str(count)
        _tell(
            "with 1 MiB in and out, beside the other checkout",
            count,
            lambda: measured(DIRECT, *about, str(own)),
            lambda: measured(DIRECT, *about, str(other), packages=packages),
        )


def _gateway(count: int, api: Path, folder: Path) -> None:
    workflow, module, image = (
        folder / each for each in ("made.json", "made.py", "a.png")
    )
    workflow.write_text(json.dumps(image_to_image()), "utf-8")
    module.write_text(generate(image_to_image(), name="made").files["made.py"], "utf-8")
    side = 590  # noise of three bytes a pixel, which PNG can't make smaller
    Image.frombytes("RGB", (side, side), os.urandom(3 * side**2)).save(image)
    with serving(workflow, SECRET) as base:
        about = base, SECRET, str(count), str(module), str(image)
        _tell(
            "through the gateway, beside api.py",
            count,
            lambda: measured(GATEWAY, *about),
            lambda: measured(THEIRS, *about, str(api)),
        )


def main() -> None:
    """Run the comparisons that the command line asks for."""
    parser = argparse.ArgumentParser()
    parser.add_argument("calls", nargs="?", type=int, default=600)
    parser.add_argument("--before", type=Path)
    parser.add_argument("--api-py", type=Path)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        if asked.before is not None:
            _before(asked.calls, asked.before, Path(folder))
        if asked.api_py is not None:
            _gateway(asked.calls, asked.api_py, Path(folder))


if __name__ == "__main__":
    main()
